import Audiences
import Foundation
import JSON

/// Checks values against the part of JSON Schema (draft 2020-12) that the document uses; any other
/// keyword is a mistake, for nobody would check it.
struct JSONSchema {
    /// Where `$ref` points into.
    let document: JSONValue
    /// Whether a key that is not described is a problem, as it is in our own answers.
    var isStrict = true
    /// The properties that were met, as `Schema.property`.
    private(set) var met: Set<String> = []

    private static let silent: Set<String> = ["description", "examples", "default"]

    init(_ document: JSONValue, isStrict: Bool = true) {
        self.document = document
        self.isStrict = isStrict
    }

    /// What is wrong with a value; empty if nothing.
    mutating func problems(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
        guard let schema = schema.object else { return ["\(place): the schema is no object"] }
        if let reference = schema["$ref"]?.string {
            guard let target = document.target(of: reference) else {
                return ["\(place): nothing is at \(reference)"]
            }
            return problems(
                value, target, reference.split(separator: "/").last.map(String.init) ?? "")
        }
        return schema.members.flatMap { keyword, argument in
            check(keyword, argument, schema, value, place)
        }
    }

    private mutating func check(
        _ keyword: String, _ argument: JSONValue, _ schema: JSONObject, _ value: JSONValue,
        _ place: String
    ) -> [String] {
        switch keyword {
        case "type":
            let types = argument.array?.compactMap(\.string) ?? [argument.string ?? ""]
            let isOne = types.contains { value.isOf($0) }
            return isOne ? [] : ["\(place): \(value.brief) is none of \(types)"]
        case "anyOf":
            let attempts = (argument.array ?? []).map { schema in
                problems(value, schema, place)
            }
            return attempts.contains(where: \.isEmpty) ? [] : attempts.flatMap { $0 }
        case "enum":
            let isOne = (argument.array ?? []).contains { $0.isSame(as: value) }
            return isOne ? [] : ["\(place): \(value.brief) is not in the enum"]
        case "items":
            return (value.array ?? []).flatMap { problems($0, argument, place + "[]") }
        case "properties", "required", "additionalProperties", "propertyNames":
            return value.object.map { check(keyword, argument, schema, $0, place) } ?? []
        case "pattern", "format", "minLength", "maxLength":
            return value.string.map { Self.text($0, keyword, argument, place) } ?? []
        case "minimum", "maximum", "minItems", "maxItems":
            return Self.bound(value, keyword, argument, place)
        default:
            return Self.silent.contains(keyword) ? [] : ["\(place): who checks \(keyword)?"]
        }
    }

    private mutating func check(
        _ keyword: String, _ argument: JSONValue, _ schema: JSONObject, _ object: JSONObject,
        _ place: String
    ) -> [String] {
        let described = schema["properties"]?.object
        switch keyword {
        case "properties":
            let isOpen = !isStrict || schema["additionalProperties"] != nil
            return object.members.flatMap { key, value in
                guard let schema = described?[key] else {
                    return isOpen ? [] : ["\(place): \(key) is not described"]
                }
                met.insert("\(place).\(key)")
                return problems(value, schema, "\(place).\(key)")
            }
        case "required":
            let missing = (argument.array ?? []).compactMap(\.string).filter { object[$0] == nil }
            return missing.map { "\(place): \($0) is missing" }
        case "additionalProperties":
            let further = object.members.filter { described?[$0.key] == nil }
            if argument.bool == false { return further.map { "\(place): \($0.key) is too much" } }
            return further.flatMap { problems($0.value, argument, place + ".*") }
        default:
            return object.members.flatMap { problems(.string($0.key), argument, place + ".key") }
        }
    }

    private static func text(
        _ text: String, _ keyword: String, _ argument: JSONValue, _ place: String
    ) -> [String] {
        let length = text.unicodeScalars.count
        let isRight: Bool =
            switch keyword {
            case "minLength": length >= argument.int ?? .max
            case "maxLength": length <= argument.int ?? 0
            case "pattern":
                text.range(of: argument.string ?? "$.", options: .regularExpression) != nil
            default: argument.string == "date-time" && Timestamp(rfc3339: text) != nil
            }
        return isRight ? [] : ["\(place): \(text.prefix(80)) breaks \(keyword)"]
    }

    private static func bound(
        _ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ place: String
    ) -> [String] {
        let counted: Double? =
            if keyword.hasSuffix("Items") {
                value.array.map { Double($0.count) }
            } else if case .number(let written) = value {
                Double(written)
            } else {
                nil
            }
        guard let counted, let bound = argument.int.map(Double.init) else { return [] }
        let isRight = keyword.hasPrefix("min") ? counted >= bound : counted <= bound
        return isRight ? [] : ["\(place): \(counted) breaks \(keyword) \(bound)"]
    }

    /// Every property that a schema describes, as in ``met``.
    func described(by schema: JSONValue, _ place: String) -> Set<String> {
        var found: Set<String> = []
        collect(schema, place, into: &found)
        return found
    }

    private func collect(_ schema: JSONValue, _ place: String, into found: inout Set<String>) {
        guard let schema = schema.object else { return }
        if let reference = schema["$ref"]?.string, let target = document.target(of: reference) {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            collect(target, name, into: &found)
        }
        for (key, property) in schema["properties"]?.object?.members ?? [] {
            let isNew = found.insert("\(place).\(key)").inserted
            if isNew { collect(property, "\(place).\(key)", into: &found) }
        }
        if let items = schema["items"] { collect(items, place + "[]", into: &found) }
        for option in schema["anyOf"]?.array ?? [] { collect(option, place, into: &found) }
    }
}

extension JSONValue {
    /// What a `$ref` into this document names.
    func target(of reference: String) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(self as JSONValue?) {
            value, key in
            value?.object?[String(key)]
        }
    }

    /// Whether this is of a type of JSON Schema.
    fileprivate func isOf(_ type: String) -> Bool {
        switch (self, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"),
            (.object, "object"), (.number, "number"):
            true
        case (.number(let written), "integer"): Int(written) != nil
        default: false
        }
    }

    fileprivate func isSame(as other: JSONValue) -> Bool { brief == other.brief }

    fileprivate var brief: String {
        var json = JSONWriter()
        json.value(self)
        return String(decoding: json.bytes.prefix(120), as: UTF8.self)
    }
}

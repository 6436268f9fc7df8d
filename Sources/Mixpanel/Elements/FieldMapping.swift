package import JSON

/// Gives the fields of a record other names: a transformation without scripts.
///
/// A path is the keys from the outside in, joined by dots: `$properties.$email`. The last key may
/// have dots in it, as properties of Mixpanel's do: what is left of the path is looked for as one
/// key first.
package struct FieldMapping: Sendable {
    private let fields: [(path: [String], vendorPath: String)]
    private let isPassThrough: Bool

    /// How deep a path may lead.
    package static let pathKeysMax = 16

    /// - Parameters:
    ///   - fields: `path` is what callers read, `vendorPath` where Mixpanel has it. What a path has
    ///     beyond ``pathKeysMax`` keys is one key.
    ///   - isPassThrough: whether what is not mapped comes along, where it was.
    package init(_ fields: [(path: String, vendorPath: String)], isPassThrough: Bool) {
        self.fields = fields.map { field in
            let keys = field.path.split(
                separator: ".", maxSplits: Self.pathKeysMax - 1, omittingEmptySubsequences: false)
            return (keys.map(String.init), field.vendorPath)
        }
        self.isPassThrough = isPassThrough
    }

    /// A record under its new names; one that is no object stays as it is.
    ///
    /// A field that Mixpanel does not have is not there. Of two fields with one name, the last
    /// counts.
    package func mapped(_ record: JSONValue) -> JSONValue {
        guard case .object(let source) = record else { return record }
        var result = isPassThrough ? source : JSONObject([])
        var found: [(path: [String], value: JSONValue)] = []
        for field in fields {
            guard let value = source.value(at: field.vendorPath[...]) else { continue }
            found.append((field.path, value))
            if isPassThrough { result = result.removing(field.vendorPath[...]) }
        }
        for field in found { result = result.setting(field.path[...], to: field.value) }
        return .object(result)
    }

    /// As ``mapped(_:)-(JSONValue)``, of JSON; what is none, or too deep, stays as it is.
    package func mapped(_ record: [UInt8]) -> [UInt8] {
        guard let value = try? JSONValue(parsing: record) else { return record }
        var json = JSONWriter(reservingCapacity: record.count)
        json.value(mapped(value))
        return json.bytes
    }
}

extension JSONObject {
    fileprivate func value(at path: Substring) -> JSONValue? {
        if let value = self[String(path)] { return value }
        guard let (key, rest) = path.firstKey else { return nil }
        return self[key]?.object?.value(at: rest)
    }

    fileprivate func removing(_ path: Substring) -> JSONObject {
        if self[String(path)] != nil {
            return JSONObject(members.filter { !$0.key.utf8.elementsEqual(path.utf8) })
        }
        guard let (key, rest) = path.firstKey, let inner = self[key]?.object else { return self }
        return replacing(key, by: .object(inner.removing(rest)))
    }

    /// With a value at the end of a path whose other keys are made where they are not.
    fileprivate func setting(_ path: ArraySlice<String>, to value: JSONValue) -> JSONObject {
        guard let key = path.first else { return self }
        guard path.count > 1 else { return replacing(key, by: value) }
        let inner = self[key]?.object ?? JSONObject([])
        return replacing(key, by: .object(inner.setting(path.dropFirst(), to: value)))
    }

    private func replacing(_ key: String, by value: JSONValue) -> JSONObject {
        var members = members
        let index = members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
        if let index {
            members[index].value = value
        } else {
            members.append((key, value))
        }
        return JSONObject(members)
    }
}

extension Substring {
    /// What stands before the first dot, and what behind it.
    fileprivate var firstKey: (key: String, rest: Substring)? {
        guard let dot = utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return (String(self[..<dot]), self[utf8.index(after: dot)...])
    }
}

import Audiences
import JSON

/// A JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) and an example of it.
///
/// Only what this API needs; bounds and words come from the domain, so that they can't drift.
struct Schema: Sendable {
    private var keywords: [(key: String, value: JSONValue)]
    /// An example that is valid; `nil` leaves the schema out of its object's example.
    let example: JSONValue?

    var json: JSONValue { .object(JSONObject(keywords)) }

    private init(
        _ type: String, _ about: String, _ example: JSONValue?,
        _ rest: [(key: String, value: JSONValue)] = []
    ) {
        keywords = [("type", .string(type)), ("description", .string(about))] + rest
        self.example = example
    }

    static func text(
        _ about: String, _ example: String, length: ClosedRange<Int>? = nil,
        pattern: String? = nil
    ) -> Schema {
        var rest: [(key: String, value: JSONValue)] = []
        if let length {
            rest.append(("minLength", .int(length.lowerBound)))
            rest.append(("maxLength", .int(length.upperBound)))
        }
        if let pattern { rest.append(("pattern", .string(pattern))) }
        rest.append(("examples", .array([.string(example)])))
        return Schema("string", about, .string(example), rest)
    }

    /// An id that somebody else chose.
    static func externalID(_ about: String, _ example: String) -> Schema {
        text(
            about, example, length: 1...Limits.externalIDBytesMax, pattern: #"^[^\u0000]*$"#)
    }

    /// The same in a query, where an empty value is as good as none.
    static func externalIDOrEmpty(_ about: String, _ example: String) -> Schema {
        text(
            about, example, length: 0...Limits.externalIDBytesMax, pattern: #"^[^\u0000]*$"#)
    }

    /// An id that Muster made.
    static func id<ID: MadeIdentifier>(_ kind: ID.Type, _ about: String) -> Schema {
        text(about, ID.prefix + "4q0w8m2cz7hd5nkx", pattern: "^\(Self.form(of: kind))$")
    }

    /// The same in a query, where an empty value is as good as none.
    static func idOrEmpty<ID: MadeIdentifier>(_ kind: ID.Type, _ about: String) -> Schema {
        text(about, ID.prefix + "4q0w8m2cz7hd5nkx", pattern: "^(\(Self.form(of: kind)))?$")
    }

    private static func form<ID: MadeIdentifier>(of kind: ID.Type) -> String {
        ID.prefix + "[0-9a-hjkmnp-tv-z]{16}"
    }

    static func time(_ about: String, _ example: String = "2026-11-21T09:57:52.007Z") -> Schema {
        Schema(
            "string", about, .string(example),
            [("format", "date-time"), ("examples", .array([.string(example)]))])
    }

    static func count(
        _ about: String, _ example: Int, in range: ClosedRange<Int>? = nil, default: Int? = nil
    ) -> Schema {
        var rest: [(key: String, value: JSONValue)] = [
            ("minimum", .int(range?.lowerBound ?? 0))
        ]
        if let range { rest.append(("maximum", .int(range.upperBound))) }
        if let `default` { rest.append(("default", .int(`default`))) }
        rest.append(("examples", .array([.int(example)])))
        return Schema("integer", about, .int(example), rest)
    }

    /// A whole number that may be negative.
    static func integer(_ about: String, _ example: Int, in range: ClosedRange<Int>) -> Schema {
        count(about, example, in: range)
    }

    static func number(
        _ about: String, _ example: String, in range: ClosedRange<Int>? = nil
    ) -> Schema {
        var rest: [(key: String, value: JSONValue)] = []
        if let range {
            rest.append(("minimum", .int(range.lowerBound)))
            rest.append(("maximum", .int(range.upperBound)))
        }
        rest.append(("examples", .array([.number(example)])))
        return Schema("number", about, .number(example), rest)
    }

    static func flag(_ about: String, _ example: Bool, default: Bool? = nil) -> Schema {
        var rest: [(key: String, value: JSONValue)] = []
        if let `default` { rest.append(("default", .bool(`default`))) }
        rest.append(("examples", .array([.bool(example)])))
        return Schema("boolean", about, .bool(example), rest)
    }

    /// One of a few words; the first is the example.
    static func word(_ about: String, _ words: [String]) -> Schema {
        Schema(
            "string", about, words.first.map(JSONValue.string),
            [("enum", .array(words.map(JSONValue.string)))])
    }

    static func list(
        _ about: String, of item: Schema, items: ClosedRange<Int>? = nil
    ) -> Schema {
        var rest: [(key: String, value: JSONValue)] = [("items", item.json)]
        if let items {
            if items.lowerBound > 0 { rest.append(("minItems", .int(items.lowerBound))) }
            rest.append(("maxItems", .int(items.upperBound)))
        }
        return Schema("array", about, .array([item.example].compactMap { $0 }), rest)
    }

    /// An object; if it is closed, other keys are refused, as in every request, while answers may
    /// gain some.
    static func object(
        _ about: String, _ properties: [Property], isClosed: Bool = false
    ) -> Schema {
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        var rest: [(key: String, value: JSONValue)] = [
            ("properties", .object(JSONObject(properties.map { ($0.name, $0.schema.json) })))
        ]
        if !required.isEmpty { rest.append(("required", .array(required))) }
        if isClosed { rest.append(("additionalProperties", .bool(false))) }
        let example = properties.compactMap { property in
            property.schema.example.map { (key: property.name, value: $0) }
        }
        return Schema("object", about, .object(JSONObject(example)), rest)
    }

    /// An object whose keys are data.
    static func map(_ about: String, of value: Schema, _ key: String, keys: [String] = []) -> Schema
    {
        var rest: [(key: String, value: JSONValue)] = [("additionalProperties", value.json)]
        if !keys.isEmpty {
            let words = JSONObject([("enum", .array(keys.map(JSONValue.string)))])
            rest.append(("propertyNames", .object(words)))
        }
        let example = value.example.map { [(key: key, value: $0)] } ?? []
        return Schema("object", about, .object(JSONObject(example)), rest)
    }

    static func reference(to component: Component) -> Schema {
        var schema = component.schema
        schema.keywords = [("$ref", .string("#/components/schemas/\(component.name)"))]
        return schema
    }

    static func null(_ about: String) -> Schema {
        Schema("null", about, nil)
    }

    /// Whatever comes.
    static func anything(_ about: String, _ example: String) -> Schema {
        text(about, example).unchecked
    }

    /// The same words, but any value is valid: for what the server takes as it comes.
    var unchecked: Schema {
        var schema = self
        schema.keywords.removeAll { !["description", "examples"].contains($0.key) }
        return schema
    }

    /// A value of any of these kinds.
    static func either(_ about: String, _ schemas: [Schema]) -> Schema {
        var schema = Schema("", about, schemas.first?.example)
        schema.keywords = [
            ("description", .string(about)), ("anyOf", .array(schemas.map(\.json))),
        ]
        return schema
    }

    /// The same, or null; also if it may be null already.
    var orNull: Schema {
        var schema = self
        if keywords.contains(where: { $0.key == "$ref" || $0.key == "anyOf" }) {
            let null = JSONObject([("type", "null")])
            schema.keywords = [("anyOf", .array([json, .object(null)]))]
            return schema
        }
        for index in keywords.indices {
            switch (keywords[index].key, keywords[index].value) {
            case ("type", .string(let type)):
                schema.keywords[index].value = .array([.string(type), "null"])
            case ("enum", .array(let words)) where words.last?.isNull == false:
                schema.keywords[index].value = .array(words + [.null])
            default: break
            }
        }
        return schema
    }
}

/// One key of an object.
struct Property: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool

    init(_ name: String, _ schema: Schema) {
        self.name = name
        self.schema = schema
        isRequired = true
    }

    private init(name: String, schema: Schema, isRequired: Bool) {
        self.name = name
        self.schema = schema
        self.isRequired = isRequired
    }

    static func optional(_ name: String, _ schema: Schema) -> Property {
        Property(name: name, schema: schema, isRequired: false)
    }
}

/// A schema that has a name, and is written once.
struct Component: Sendable {
    let name: String
    let schema: Schema

    init(_ name: String, _ about: String, _ properties: [Property], isClosed: Bool = false) {
        self.name = name
        schema = .object(about, properties, isClosed: isClosed)
    }
}

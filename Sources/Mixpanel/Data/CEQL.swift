/// A `where` of an element's query language, as far as Mixpanel can evaluate it.
///
/// `"$city" = 'Dallas' AND age > 30`; or Mixpanel's own expression, handed through:
/// `query = '(properties["$city"] == "Dallas")'`. What Mixpanel can't evaluate is refused, never
/// left out: a filter that does not filter gives away people.
package indirect enum CEQL: Sendable, Hashable {
    case compare(String, Operator, Value)
    case isIn(String, [Value])
    /// The text stands anywhere in the property: `LIKE '%text%'`.
    case contains(String, String)
    case isNull(String)
    case not(CEQL)
    case all([CEQL])
    case any([CEQL])

    package enum Operator: String, Sendable, Hashable, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    package enum Value: Sendable, Hashable {
        case text(String)
        /// As written.
        case number(String)
        case bool(Bool)
    }

    /// The longest `where`, in bytes; with its escapes it must fit into a request line.
    package static let textBytesMax = 8192
    /// How deep brackets and negations may be nested.
    package static let depthLevelsMax = 32

    /// - Throws: ``CEQLRefusal``, saying what stands where.
    package init(_ text: String) throws(CEQLRefusal) {
        guard text.utf8.count <= Self.textBytesMax else {
            throw CEQLRefusal("A where has \(Self.textBytesMax) bytes at most.")
        }
        var parser = CEQLParser(try CEQLWord.all(in: text))
        self = try parser.whole()
    }

    /// Mixpanel's expression for this
    /// (docs.mixpanel.com/reference/segmentation-expressions).
    ///
    /// - Throws: ``CEQLRefusal`` where `query` stands beside other conditions.
    package func expression() throws(CEQLRefusal) -> String {
        if case .compare(let name, .equal, .text(let raw)) = self, Self.isRaw(name) { return raw }
        return try translated()
    }

    /// The values of a list of `name = value` joined by `AND`, for calls that take parameters.
    ///
    /// - Throws: ``CEQLRefusal`` for anything else, and for a name that is there twice.
    package func parameters() throws(CEQLRefusal) -> [(name: String, value: Value)] {
        let conditions: [CEQL]
        if case .all(let several) = self { conditions = several } else { conditions = [self] }
        var parameters: [(name: String, value: Value)] = []
        for condition in conditions {
            guard case .compare(let name, .equal, let value) = condition,
                !parameters.contains(where: { $0.name.utf8.elementsEqual(name.utf8) })
            else {
                throw CEQLRefusal("Here a where can only be name = value, each name once.")
            }
            parameters.append((name, value))
        }
        return parameters
    }

    private static func isRaw(_ name: String) -> Bool { name.utf8.elementsEqual("query".utf8) }

    private func translated() throws(CEQLRefusal) -> String {
        switch self {
        case .compare(let name, let comparison, let value):
            let sign = comparison == .equal ? "==" : comparison.rawValue
            return "\(try Self.property(name)) \(sign) \(value.expression)"
        case .isIn(let name, let values):
            let list = values.map(\.expression).joined(separator: ", ")
            return "\(try Self.property(name)) in [\(list)]"
        case .contains(let name, let text):
            return "\(Value.text(text).expression) in \(try Self.property(name))"
        case .isNull(let name): return "not defined(\(try Self.property(name)))"
        case .not(let condition): return "not (\(try condition.translated()))"
        case .all(let conditions): return try Self.joined(conditions, by: " and ")
        case .any(let conditions): return try Self.joined(conditions, by: " or ")
        }
    }

    private static func joined(
        _ conditions: [CEQL], by word: String
    ) throws(CEQLRefusal) -> String {
        var parts: [String] = []
        for condition in conditions { parts.append("(\(try condition.translated()))") }
        return parts.joined(separator: word)
    }

    private static func property(_ name: String) throws(CEQLRefusal) -> String {
        guard !isRaw(name) else {
            throw CEQLRefusal(
                "\"query\" holds a whole expression of Mixpanel's: it stands alone, as "
                    + "query = '…'.")
        }
        return "properties[\(Value.text(name).expression)]"
    }
}

extension CEQL.Value {
    /// As Mixpanel's expressions write it.
    fileprivate var expression: String {
        switch self {
        case .number(let written): return written
        case .bool(let flag): return flag ? "true" : "false"
        case .text(let text):
            var bytes = [UInt8(ascii: "\"")]
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    bytes.append(UInt8(ascii: "\\"))
                }
                bytes.append(byte)
            }
            return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
        }
    }
}

/// Why a `where` is refused, in a sentence.
package struct CEQLRefusal: Error, Sendable, Hashable {
    package let message: String

    init(_ message: String) {
        self.message = message
    }
}

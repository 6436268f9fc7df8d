internal import JSON

/// The part of Mixpanel's expression language that tests need: properties, texts, numbers, `true`
/// and `false`, lists, comparisons, `in`, `and`, `or`, `not`, `defined()`, brackets
/// (docs.mixpanel.com/reference/segmentation-expressions).
indirect enum SimulatedExpression: Sendable {
    case property(String)
    case value(JSONValue)
    case list([SimulatedExpression])
    case defined(SimulatedExpression)
    case not(SimulatedExpression)
    case binary(String, SimulatedExpression, SimulatedExpression)

    /// `nil` if the text is none.
    init?(_ text: String) {
        guard let tokens = SimulatedTokens(text) else { return nil }
        var parser = SimulatedExpressionParser(tokens: tokens.all)
        guard let parsed = parser.parse() else { return nil }
        self = parsed
    }

    func matches(_ properties: JSONObject) -> Bool {
        value(in: properties).bool ?? false
    }

    private func value(in properties: JSONObject) -> JSONValue {
        switch self {
        case .property(let name): return properties[name] ?? .null
        case .value(let value): return value
        case .list(let elements): return .array(elements.map { $0.value(in: properties) })
        case .defined(let inner): return .bool(!inner.value(in: properties).isNull)
        case .not(let inner): return .bool(!inner.matches(properties))
        case .binary("and", let left, let right):
            return .bool(left.matches(properties) && right.matches(properties))
        case .binary("or", let left, let right):
            return .bool(left.matches(properties) || right.matches(properties))
        case .binary(let name, let left, let right):
            return .bool(
                Self.compare(name, left.value(in: properties), right.value(in: properties)))
        }
    }

    private static func compare(_ name: String, _ left: JSONValue, _ right: JSONValue) -> Bool {
        switch name {
        case "==": return left.isEqual(to: right)
        case "!=": return !left.isEqual(to: right)
        case "in":
            if let list = right.array { return list.contains { left.isEqual(to: $0) } }
            guard let part = left.string, let whole = right.string else { return false }
            return ASCII.contains(part, in: whole)
        default: break
        }
        let order: (less: Bool, same: Bool)
        if let first = left.double, let second = right.double {
            order = (first < second, first == second)
        } else if let first = left.string, let second = right.string {
            order = (
                first.utf8.lexicographicallyPrecedes(second.utf8),
                first.utf8.elementsEqual(second.utf8)
            )
        } else {
            return false
        }
        return switch name {
        case "<": order.less
        case "<=": order.less || order.same
        case ">": !order.less && !order.same
        default: !order.less
        }
    }
}

extension JSONValue {
    fileprivate var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    fileprivate func isEqual(to other: JSONValue) -> Bool {
        if let left = double, let right = other.double { return left == right }
        return isSame(as: other)
    }
}

extension ASCII {
    fileprivate static func contains(_ part: String, in whole: String) -> Bool {
        let part = Array(part.utf8)
        let whole = Array(whole.utf8)
        guard part.count <= whole.count else { return false }
        return (0...(whole.count - part.count)).contains {
            whole[$0...].prefix(part.count).elementsEqual(part)
        }
    }
}

extension JSONValue {
    /// Whether both are written alike.
    func isSame(as other: JSONValue) -> Bool {
        var left = JSONWriter()
        left.value(self)
        var right = JSONWriter()
        right.value(other)
        return left.bytes == right.bytes
    }
}

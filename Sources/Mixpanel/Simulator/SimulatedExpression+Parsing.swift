internal import JSON

/// The words of an expression.
struct SimulatedTokens {
    enum Token: Equatable {
        case text(String)
        case number(String)
        case word(String)
        case sign(String)
    }

    private(set) var all: [Token] = []

    private static let signs = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", "-"]

    /// `nil` if something in it is no word.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        while let first = rest.first {
            if first == 0x20 {
                rest = rest.dropFirst()
            } else if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                guard let token = Self.text(&rest, until: first) else { return nil }
                all.append(token)
            } else if let sign = Self.signs.first(where: { rest.starts(with: $0.utf8) }) {
                rest = rest.dropFirst(sign.utf8.count)
                all.append(.sign(sign))
            } else {
                let word = rest.prefix {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2E
                        || (0x41...0x5A).contains($0) || $0 == 0x5F
                }
                guard !word.isEmpty else { return nil }
                rest = rest[word.endIndex...]
                let text = String(decoding: word, as: UTF8.self)
                all.append((0x30...0x39).contains(first) ? .number(text) : .word(text))
            }
        }
    }

    private static func text(_ rest: inout ArraySlice<UInt8>, until quote: UInt8) -> Token? {
        var text: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            if byte == quote { return .text(String(decoding: text, as: UTF8.self)) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }
}

/// Reads words as an expression, the loosest operator first.
struct SimulatedExpressionParser {
    let tokens: [SimulatedTokens.Token]
    private var place = 0
    private var depth = 0

    /// Brackets and negations in each other, each of which takes two levels.
    static let depthMax = 100

    init(tokens: [SimulatedTokens.Token]) {
        self.tokens = tokens
    }

    mutating func parse() -> SimulatedExpression? {
        guard let whole = either(), place == tokens.count else { return nil }
        return whole
    }

    private var next: SimulatedTokens.Token? {
        tokens.indices.contains(place) ? tokens[place] : nil
    }

    private mutating func take(_ token: SimulatedTokens.Token) -> Bool {
        guard next == token else { return false }
        place += 1
        return true
    }

    private mutating func either() -> SimulatedExpression? {
        guard var left = both() else { return nil }
        while take(.word("or")) {
            guard let right = both() else { return nil }
            left = .binary("or", left, right)
        }
        return left
    }

    private mutating func both() -> SimulatedExpression? {
        guard var left = comparison() else { return nil }
        while take(.word("and")) {
            guard let right = comparison() else { return nil }
            left = .binary("and", left, right)
        }
        return left
    }

    private mutating func comparison() -> SimulatedExpression? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { return nil }
        if take(.word("not")) { return comparison().map { .not($0) } }
        guard let left = operand() else { return nil }
        let names: [SimulatedTokens.Token] = [
            .sign("=="), .sign("!="), .sign("<="), .sign(">="), .sign("<"), .sign(">"),
            .word("in"),
        ]
        guard let name = names.first(where: { next == $0 }) else { return left }
        place += 1
        guard let right = operand() else { return nil }
        switch name {
        case .sign(let sign): return .binary(sign, left, right)
        default: return .binary("in", left, right)
        }
    }

    private mutating func operand() -> SimulatedExpression? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax, let token = next else { return nil }
        place += 1
        switch token {
        case .text(let text): return .value(.string(text))
        case .number(let text): return .value(.number(text))
        case .sign("-"):
            guard case .number(let text) = next else { return nil }
            place += 1
            return .value(.number("-" + text))
        case .sign("("):
            guard let inner = either(), take(.sign(")")) else { return nil }
            return inner
        case .sign("["): return list()
        case .word("true"): return .value(.bool(true))
        case .word("false"): return .value(.bool(false))
        case .word("properties"), .word("user"):
            guard take(.sign("[")), case .text(let name) = next else { return nil }
            place += 1
            return take(.sign("]")) ? .property(name) : nil
        case .word("defined"):
            guard take(.sign("(")), let inner = either(), take(.sign(")")) else { return nil }
            return .defined(inner)
        default: return nil
        }
    }

    private mutating func list() -> SimulatedExpression? {
        var elements: [SimulatedExpression] = []
        while !take(.sign("]")) {
            if !elements.isEmpty, !take(.sign(",")) { return nil }
            guard let element = operand() else { return nil }
            elements.append(element)
        }
        return .list(elements)
    }
}

/// Reads the words of a CEQL text; `OR` binds loosest, then `AND`, then `NOT`.
struct CEQLParser {
    private let words: [CEQLWord]
    private var place = 0
    private var depth = 0

    init(_ words: [CEQLWord]) {
        self.words = words
    }

    mutating func whole() throws(CEQLRefusal) -> CEQL {
        guard !words.isEmpty else { throw CEQLRefusal("The where is empty.") }
        let whole = try disjunction()
        guard next == nil else { throw expected("AND, OR or the end") }
        return whole
    }

    private mutating func disjunction() throws(CEQLRefusal) -> CEQL {
        var conditions = [try conjunction()]
        while takeKeyword("or") { conditions.append(try conjunction()) }
        return conditions.count == 1 ? conditions[0] : .any(conditions)
    }

    private mutating func conjunction() throws(CEQLRefusal) -> CEQL {
        var conditions = [try condition()]
        while takeKeyword("and") { conditions.append(try condition()) }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    private mutating func condition() throws(CEQLRefusal) -> CEQL {
        depth += 1
        defer { depth -= 1 }
        guard depth <= CEQL.depthLevelsMax else {
            throw CEQLRefusal("A where is nested \(CEQL.depthLevelsMax) levels deep at most.")
        }
        if takeKeyword("not") { return .not(try condition()) }
        guard takeSign("(") else { return try comparison() }
        let inner = try disjunction()
        guard takeSign(")") else { throw expected("\")\"") }
        return inner
    }

    private mutating func comparison() throws(CEQLRefusal) -> CEQL {
        let name = try name()
        if takeKeyword("is") {
            let isNegated = takeKeyword("not")
            guard takeKeyword("null") else { throw expected("NULL") }
            return isNegated ? .not(.isNull(name)) : .isNull(name)
        }
        let isNegated = takeKeyword("not")
        if takeKeyword("in") {
            let condition = CEQL.isIn(name, try list())
            return isNegated ? .not(condition) : condition
        }
        if takeKeyword("like") {
            let condition = try like(name)
            return isNegated ? .not(condition) : condition
        }
        guard !isNegated, case .sign(let sign) = next?.kind,
            let comparison = CEQL.Operator(rawValue: sign)
        else { throw expected("an operator") }
        place += 1
        return .compare(name, comparison, try value())
    }

    /// Mixpanel knows whether a text stands in another, not where.
    private mutating func like(_ name: String) throws(CEQLRefusal) -> CEQL {
        guard case .text(let pattern) = next?.kind else { throw expected("a text in quotes") }
        place += 1
        let bytes = Array(pattern.utf8)
        let percent = UInt8(ascii: "%")
        guard bytes.contains(percent) else { return .compare(name, .equal, .text(pattern)) }
        let inner = bytes.dropFirst().dropLast()
        guard bytes.count > 2, bytes.first == percent, bytes.last == percent,
            !inner.contains(percent)
        else {
            throw CEQLRefusal(
                "Mixpanel can't evaluate LIKE '\(pattern)': only '%text%', and a text without %.")
        }
        return .contains(name, String(decoding: inner, as: UTF8.self))
    }

    private mutating func list() throws(CEQLRefusal) -> [CEQL.Value] {
        guard takeSign("(") else { throw expected("\"(\"") }
        var values = [try value()]
        while takeSign(",") { values.append(try value()) }
        guard takeSign(")") else { throw expected("\")\"") }
        return values
    }

    private mutating func name() throws(CEQLRefusal) -> String {
        switch next?.kind {
        case .name(let name):
            place += 1
            return name
        case .bare(let name) where !Self.keywords.contains(where: { Self.isSame(name, $0) }):
            place += 1
            return name
        default: throw expected("a name")
        }
    }

    private mutating func value() throws(CEQLRefusal) -> CEQL.Value {
        switch next?.kind {
        case .text(let text):
            place += 1
            return .text(text)
        case .number(let number):
            place += 1
            return .number(number)
        default:
            if takeKeyword("true") { return .bool(true) }
            if takeKeyword("false") { return .bool(false) }
            throw expected("a number, TRUE, FALSE or a text in single quotes")
        }
    }

    // MARK: Words

    private static let keywords: [StaticString] = [
        "and", "or", "not", "in", "is", "like", "null", "true", "false",
    ]

    private var next: CEQLWord? { words.indices.contains(place) ? words[place] : nil }

    private static func isSame(_ text: String, _ lower: StaticString) -> Bool {
        ASCII.equals(text.utf8, lower)
    }

    private mutating func takeKeyword(_ lower: StaticString) -> Bool {
        guard case .bare(let text) = next?.kind, Self.isSame(text, lower) else { return false }
        place += 1
        return true
    }

    private mutating func takeSign(_ sign: String) -> Bool {
        guard next?.kind == .sign(sign) else { return false }
        place += 1
        return true
    }

    private func expected(_ what: String) -> CEQLRefusal {
        guard let next else { return CEQLRefusal("The where must go on with \(what).") }
        return CEQLRefusal("Expected \(what) at \(next.place) of the where.")
    }
}

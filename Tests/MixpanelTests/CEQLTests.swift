import Testing

@testable import Mixpanel

/// What a `where` means to Mixpanel.
@Suite struct CEQLTests {
    @Test(arguments: [
        (#""$city"='Dallas'"#, #"properties["$city"] == "Dallas""#),
        ("$city = 'Dallas'", #"properties["$city"] == "Dallas""#),
        ("`a b` != 'x'", #"properties["a b"] != "x""#),
        ("age>30", #"properties["age"] > 30"#), ("age <= -1.5", #"properties["age"] <= -1.5"#),
        ("a <> 1", #"properties["a"] != 1"#), ("a = TRUE", #"properties["a"] == true"#),
        ("a.b-c = false", #"properties["a.b-c"] == false"#),
        ("name = 'it''s'", #"properties["name"] == "it's""#),
        (#"name = 'a"b\c'"#, #"properties["name"] == "a\"b\\c""#),
        (#""a""b" = 1"#, #"properties["a\"b"] == 1"#),
        ("é = '日本'", #"properties["é"] == "日本""#), ("a = ''", #"properties["a"] == """#),
        ("a IN ('x', 2,true)", #"properties["a"] in ["x", 2, true]"#),
        ("a not in ('x')", #"not (properties["a"] in ["x"])"#),
        ("a IS NULL", #"not defined(properties["a"])"#),
        ("a is Not null", #"not (not defined(properties["a"]))"#),
        ("a LIKE '%x y%'", #""x y" in properties["a"]"#),
        ("a NOT LIKE '%x%'", #"not ("x" in properties["a"])"#),
        ("a like 'x'", #"properties["a"] == "x""#),
        ("a = 1 AND b = 2", #"(properties["a"] == 1) and (properties["b"] == 2)"#),
        (
            "a = 1 OR b = 2 AND NOT c = 3",
            #"(properties["a"] == 1) or ((properties["b"] == 2) and "#
                + #"(not (properties["c"] == 3)))"#
        ),
        (
            "(a = 1 or b = 2) and c = 3",
            #"((properties["a"] == 1) or (properties["b"] == 2)) and (properties["c"] == 3)"#
        ),
        (#""and" = 1"#, #"properties["and"] == 1"#),
    ])
    func aConditionIsTranslated(text: String, expression: String) throws {
        #expect(try CEQL(text).expression() == expression)
    }

    @Test(arguments: [
        (#"query = '(properties["$city"] == "Dallas")'"#, #"(properties["$city"] == "Dallas")"#),
        (#""query"='properties["n"] == "it''s"'"#, #"properties["n"] == "it's""#),
    ])
    func anExpressionOfMixpanelsIsHandedThrough(text: String, expression: String) throws {
        #expect(try CEQL(text).expression() == expression)
    }

    @Test(arguments: [
        ("", "empty"), ("  ", "empty"), ("a", "an operator"), ("a =", "a number"),
        ("a = b", "at 5"), ("a = \"b\"", "single quotes"), ("= 1", "a name"),
        ("a = 1 b = 2", "AND"),
        ("a = 1 AND", "a name"), ("(a = 1", "\")\""), ("a = 1)", "at 6"), ("a IN ()", "a number"),
        ("a IN 1", "\"(\""), ("a IN (1", "\")\""), ("a IS 1", "NULL"), ("a NOT = 1", "an operator"),
        ("a = 'x", "at 5 do not end"), ("\"\" = 1", "empty name"), ("a = 1e5", "no number"),
        ("a = 1.", "no number"), ("a = 'x\n'", "control"), ("a = 1 ; b", "at 7"),
        ("a LIKE 'x%'", "LIKE 'x%'"), ("a LIKE '%x'", "%text%"), ("a LIKE '%a%b%'", "%text%"),
        ("a LIKE '%%'", "%text%"), ("a LIKE 1", "a text"), ("and = 1", "a name"),
        ("query = 'x' AND a = 1", "stands alone"), ("query != 'x'", "stands alone"),
        ("query IS NULL", "stands alone"), ("query = 5", "stands alone"),
    ])
    func anythingElseIsRefusedWithItsPlace(text: String, words: String) {
        let refusal = #expect(throws: CEQLRefusal.self) { try CEQL(text).expression() }
        #expect(refusal?.message.contains(words) == true, "\(refusal?.message ?? "")")
    }

    @Test(arguments: [(0, true), (1, false)])
    func aWhereHasALimit(extra: Int, fits: Bool) {
        let text = "a = '" + String(repeating: "x", count: CEQL.textBytesMax - 6 + extra) + "'"
        #expect(((try? CEQL(text)) != nil) == fits)
    }

    @Test(arguments: [("(", ")", 1), ("not ", "", 1), ("(not ", ")", 2)])
    func nestingHasALimit(start: String, end: String, levels: Int) {
        for extra in [0, 1] {
            let count = (CEQL.depthLevelsMax - 1) / levels + extra
            let text =
                String(repeating: start, count: count) + "a = 1"
                + String(repeating: end, count: count)
            #expect(((try? CEQL(text)) != nil) == (extra == 0))
        }
    }

    @Test func manyConditionsAreNoNesting() throws {
        let text = Array(repeating: "a=1", count: 1000).joined(separator: " or ")
        #expect(try CEQL(text).expression().hasSuffix(#"or (properties["a"] == 1)"#))
    }

    @Test func parametersAreEqualities() throws {
        let found = try CEQL("type = 'general' and limit=5").parameters()
        #expect(found.map(\.name) == ["type", "limit"])
        #expect(found.map(\.value) == [.text("general"), .number("5")])
        for text in ["a = 1 or b = 2", "a > 1", "a = 1 and a = 2", "not a = 1", "a in (1)"] {
            #expect(throws: CEQLRefusal.self) { try CEQL(text).parameters() }
        }
    }

    @Test func changedTextsNeverTrap() {
        let start = Array(
            #"("$city"='Dal''las' AND age>-3.5 OR `x y` NOT LIKE '%é%') and b IN (1,'2')"#.utf8)
        var random = SplitMix64(seed: 8)
        var read = 0
        for _ in 0..<3000 {
            var bytes = start
            for _ in 0...random.index(below: 5) {
                let place = random.index(below: bytes.count)
                switch random.index(below: 4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] = start[random.index(below: start.count)]
                case 2: bytes.remove(at: place)
                default: bytes.insert(contentsOf: "'\"`()=, %".utf8, at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let expression = try? CEQL(text).expression() else { continue }
            read += 1
            #expect(SimulatedExpression(expression) != nil, "\(text) became \(expression)")
        }
        #expect(read > 100)
    }
}

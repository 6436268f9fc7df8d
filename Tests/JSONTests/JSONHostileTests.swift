import JSON
import Testing

@Suite struct JSONHostileTests {
    static let sample = #"""
        {"action":"members","parameters":{"mixpanel_project_id":"3012457","n":[0,-1.5e+3,true,
        false,null,{}],"page_info":{"total_pages":10,"page_count":6},"members":[
        {"mixpanel_distinct_id":"ada-\u00e9\ud83d\ude00","e":"é😀","":[[[]]]}]}}
        """#

    @Test func aTextCutOffAnywhereIsRefused() throws {
        let text = Array(Self.sample.utf8)
        try scan(text)
        for count in 0..<text.count {
            #expect(failure(Array(text[..<count])) != nil, "cut at \(count)")
        }
    }

    @Test func anyByteChangedAnywhereGivesAnAnswer() {
        let text = Array(Self.sample.utf8)
        for index in text.indices {
            for byte in [UInt8(0), 0x22, 0x5C, 0x5B, 0x7B, 0x7D, 0x2C, 0x75, 0x80, 0xF4, 0xFF] {
                var changed = text
                changed[index] = byte
                read(changed)
            }
        }
    }

    @Test func randomDamageGivesAnAnswer() {
        var series = Series(state: 8259)
        for _ in 0..<20_000 {
            var text = Array(Self.sample.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &series) {
                let index = Int.random(in: 0..<text.count, using: &series)
                text[index] = UInt8.random(in: 0...255, using: &series)
            }
            read(text)
        }
    }

    @Test func theDeepestAllowedTextIsAcceptedAndOneLevelMoreRefused() throws {
        let levels = JSONScanner.depthLevelsMax
        let arrays = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        let objects = { (count: Int) in
            String(repeating: "{\"a\":", count: count) + "1" + String(repeating: "}", count: count)
        }
        try scan(arrays(levels))
        try scan(objects(levels))
        #expect(
            failure(Array(arrays(levels + 1).utf8))
                == JSONError(.tooDeep(levelsMax: levels), at: levels))
        #expect(
            failure(Array(objects(levels + 1).utf8))
                == JSONError(.tooDeep(levelsMax: levels), at: levels * 5))
    }

    @Test func aTreeIsShallowerThanAText() throws {
        let levels = JSONValue.depthLevelsMax
        let text = { (count: Int) in
            Array(String(repeating: "[", count: count).utf8)
                + Array(String(repeating: "]", count: count).utf8)
        }
        _ = try JSONValue(parsing: text(levels))
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text(levels + 1)) }
        #expect(error == JSONError(.tooDeep(levelsMax: levels), at: levels))
    }

    @Test func levelsAreRememberedByKindAllTheWayDown() throws {
        let pairs = JSONScanner.depthLevelsMax / 2
        let opening = String(repeating: "[{\"a\":", count: pairs)
        try scan(opening + "1" + String(repeating: "}]", count: pairs))
        #expect(failure(Array((opening + "1" + String(repeating: "]}", count: pairs)).utf8)) != nil)
    }

    /// The kinds of the levels outside stay known while others come and go inside, also where one
    /// word of them is full.
    @Test(arguments: 62...66)
    func levelsAreRememberedWhileOthersAreOpenedAndClosed(outside: Int) throws {
        for kinds in [("[", "]"), ("{\"a\":", "}")] {
            let inside = "[[],{},[[]],{\"b\":[{}]}]"
            let text = { (closing: String) in
                String(repeating: kinds.0, count: outside) + inside
                    + String(repeating: closing, count: outside)
            }
            try scan(text(kinds.1))
            #expect(failure(Array(text(kinds.1 == "]" ? "}" : "]").utf8)) != nil)
        }
    }

    @Test func closedLevelsDoNotCount() throws {
        try scan("[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]")
    }

    @Test func tenMillionOpeningBracketsAreRefusedAtOnce() {
        let text = Array(repeating: UInt8(ascii: "["), count: 10_000_000)
        let levels = JSONScanner.depthLevelsMax
        #expect(failure(text) == JSONError(.tooDeep(levelsMax: levels), at: levels))
    }

    /// Reads damaged text in every way there is; what is found does not matter here.
    private func read(_ text: [UInt8]) {
        try? scan(text)
        guard let value = try? JSONValue(parsing: text) else { return }
        var json = JSONWriter()
        json.value(value)
        #expect(failure(json.bytes) == nil)
    }
}

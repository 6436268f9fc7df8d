import JSON
import Testing

@Suite struct JSONTextTests {
    /// The content and the flaws of `literal`, a JSON string with its quotes.
    private func unescape(_ literal: String) throws -> ([UInt8], JSONTextFlaws) {
        try Array(literal.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            guard case .string(let text) = try scanner.value() else { return ([], []) }
            var plain = Array("before ".utf8)
            let flaws = scanner.source.unescape(text, into: &plain)
            return (Array(plain.dropFirst(7)), flaws)
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain""#, "plain"), (#""é😀""#, "é😀"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9""#, "Aéé"),
        (#""\u65e5\uFFFF""#, "日\u{FFFF}"), (#""\ud83d\ude00""#, "😀"),
        (#""\uD800\uDC00\udbff\udfff""#, "\u{10000}\u{10FFFF}"),
        (#""a\u0062c\n\nd""#, "abc\n\nd"), (#""\\u0041""#, "\\u0041"),
    ])
    func escapesAreUndone(literal: String, content: String) throws {
        let (plain, flaws) = try unescape(literal)
        #expect(plain == Array(content.utf8))
        #expect(flaws == [])
    }

    @Test(arguments: [
        (#""\ud83d""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"), (#""a\ud83db""#, "a\u{FFFD}b"),
        (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
        (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
        (#""\ud83d\\ude00""#, "\u{FFFD}\\ude00"),
    ])
    func aLoneSurrogateIsReportedAndReplaced(literal: String, content: String) throws {
        let (plain, flaws) = try unescape(literal)
        #expect(plain == Array(content.utf8))
        #expect(flaws == .loneSurrogate)
    }

    @Test func anEscapedNULIsReportedAndKept() throws {
        let (plain, flaws) = try unescape(#""a\u0000b""#)
        #expect(plain == [0x61, 0, 0x62])
        #expect(flaws == .nul)
        #expect(try unescape(#""\u0000\udc00""#).1 == [.nul, .loneSurrogate])
    }

    @Test func aTextIsTakenAsAStringUnlessASurrogateStandsAlone() throws {
        try Array(#"["a\u00e9","é","\ud83d"]"#.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var found: [String?] = []
            _ = try scanner.value()
            while try scanner.nextElement() {
                guard case .string(let text) = try scanner.value() else { return }
                found.append(scanner.source.unicode(text))
            }
            #expect(found == ["aé", "é", nil])
        }
    }

    @Test(arguments: [
        (#""action""#, true), (#""\u0061ction""#, true), (#""Action""#, false),
        (#""actio""#, false), (#""actions""#, false), (#""actio\u006e""#, true),
        (#""actionx""#, false), (#""""#, false), (#""actio\u0000""#, false),
        (#""\ud83daction""#, false),
    ])
    func keysAreComparedByteForByteOnceEscapesAreUndone(literal: String, same: Bool) throws {
        try Array("{\(literal):1}".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            _ = try scanner.value()
            let key = try #require(try scanner.nextKey())
            #expect(scanner.source.matches(key, "action") == same)
        }
    }

    @Test func aKeyIsNotEqualToAnotherSpellingOfTheSameCharacter() throws {
        // U+212A is the Kelvin sign, which `==` on String takes for a K.
        try Array("{\"\u{212A}\":1}".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            _ = try scanner.value()
            let key = try #require(try scanner.nextKey())
            #expect(!scanner.source.matches(key, "K"))
        }
    }

    @Test func aLoneSurrogateMatchesNothingNotEvenAReplacementCharacter() throws {
        try Array(#"{"\ud800":1}"#.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            _ = try scanner.value()
            let key = try #require(try scanner.nextKey())
            #expect(!scanner.source.matches(key, "\u{FFFD}"))
        }
    }

    @Test func valuesAreSkippedAndTheirPlaceIsReported() throws {
        let text = #"{"a": [1, {"b":"]}"}, "\""] , "c":7}"#
        try Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            #expect(try scanner.value() == .object)
            _ = try scanner.nextKey()
            let range = try scanner.skipValue()
            #expect(Array(scanner.source.slice(range)) == Array(#"[1, {"b":"]}"}, "\""]"#.utf8))
            #expect(scanner.depth == 1)
            let key = try #require(try scanner.nextKey())
            #expect(scanner.source.matches(key, "c"))
            #expect(try scanner.value() == .number(34..<35))
            #expect(try scanner.nextKey() == nil)
            try scanner.finish()
        }
    }

    @Test func aCopyReadsOnIndependently() throws {
        try Array("[1,2]".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            _ = try scanner.value()
            var copy = scanner
            #expect(try copy.nextElement())
            _ = try copy.skipValue()
            #expect(try scanner.nextElement())
            #expect(try scanner.value() == .number(1..<2))
        }
    }

    @Test(
        arguments: [
            ("\"\"", 0), ("\"action\"", 1), (#""\u0061ction""#, 1),
            ("\"a longer name than a word\"", 2),
            ("\"actions\"", nil), ("\"actio\"", nil), ("\"a longer name than a w0rd\"", nil),
            (#""\ud800""#, nil), ("\"é\"", 3), ("\"e\u{301}\"", nil), (#""\u00e9""#, 3),
        ] as [(String, Int?)])
    func aKeyIsLookedUpAmongNames(literal: String, index: Int?) throws {
        let names = JSONNames(["", "action", "a longer name than a word", "é", "action"])
        try Array("{\(literal):1}".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            _ = try scanner.value()
            let key = try #require(try scanner.nextKey())
            #expect(names.index(of: key, in: scanner.source) == index)
        }
    }

    @Test func whatIsLeftOfAValueIsPassedOver() throws {
        try Array(#"[[1,{"a":[2]}],{"b":{}},3]"#.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            #expect(try scanner.value() == .array)
            var kinds: [JSONScanner.Value] = []
            while try scanner.nextElement() {
                let value = try scanner.value()
                try scanner.skipRest(of: value)
                kinds.append(value)
            }
            #expect(kinds == [.array, .object, .number(24..<25)])
            try scanner.finish()
        }
    }
}

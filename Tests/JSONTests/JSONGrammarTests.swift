import JSON
import Testing

@Suite struct JSONGrammarTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " 1 ", "\t\r\n [ ] \n",
        "[1,2]", "[[],{},[[]]]", #"{"a":1,"b":[{"c":null}]}"#, #"{ "a" : 1 , "b" : 2 }"#,
        #"{"":0}"#, #"{"a":1,"a":2}"#, #""\"\\\/\b\f\n\r\t""#, #""\u0041\uABCD\uabcd""#,
        #""\u0000""#, #""\ud83d\ude00""#, #""\ud83d""#, #""\ude00\ud83d""#, "\"\u{7F}\"",
        "\"/\"", "\"é日😀\u{2028}\"", "\"a long text that fills more than one word of eight\"",
        #"["\\"]"#, #"{"\u0061":1}"#, "[true,false,null]",
    ])
    func whatTheGrammarAllowsIsAccepted(text: String) throws {
        try scan(text)
    }

    @Test(arguments: [
        // Nothing, or not a value.
        "", " ", "nul", "nulll", "True", "NULL", "NaN", "Infinity", "-Infinity", "undefined",
        "a", "'a'", "\u{FEFF}1", "\u{A0}1", "\u{0B}1", "\u{0C}[]", "/", "//x\n1", "/**/1", "1 2",
        "[] []", "{}x", "1,", "=", "\\u0031",
        // Arrays.
        "[", "]", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1,,2]", "[1 2]", "[1:2]", "[1}", "[[]",
        "[]]", "[\"a\"", "[\"a\",\n", "[true", "[*]", "[1;2]",
        // Objects.
        "{", "}", "{]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
        "{\"a\" 1}", "{\"a\",1}", "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}", "{a:1}", "{1:1}",
        "{'a':1}", "{null:1}", "{\"a\"::1}", "{\"a\":1]", "{\"a\":}", "{[]:1}", "{\"a\":1}}",
        "{:1}", "{\"a\":1,b}", "{\"a\"=1}",
        // Strings.
        "\"", "\"a", "\"\\", "\"\\\"", "\"\\a\"", "\"\\x41\"", "\"\\u\"", "\"\\u1\"",
        "\"\\u12\"", "\"\\u123\"", "\"\\u12G4\"", "\"\\u123G\"", "\"\\u 123\"", "\"\\u-123\"",
        "\"\\U0041\"",
        "\"\\'\"", "\"\\0\"", "\"\\\n\"", "\"a\"b", "\"\u{00}\"", "\"\u{1F}\"", "\"\n\"",
        "\"\t\"", "\"12345678\n\"", "\"\\ud83d\\\"", "\"\\u００41\"", "\"\\é\"",
    ])
    func whatTheGrammarDoesNotAllowIsRefused(text: String) {
        #expect(throws: JSONError.self) { try scan(text) }
    }

    @Test(arguments: [
        "0", "-0", "7", "-7", "10", "1234567890123456789012345678901234567890", "0.0", "-0.5",
        "1.0000000000000000000000001", "1e5", "1E5", "1e+5", "1e-5", "0e0", "0.5e-07", "1e400",
        "-1E-400", "9007199254740993",
    ])
    func numbersAreReadAsWritten(text: String) throws {
        for padded in [text, "[\(text)]", "{\"a\":\(text)}", "\(text)\n"] {
            try scan(padded)
        }
        let bytes = Array("  \(text)  ".utf8)
        try bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            #expect(try scanner.value() == .number(2..<(2 + text.utf8.count)))
            try scanner.finish()
        }
    }

    @Test(arguments: [
        "+1", "-", "--1", "- 1", "01", "-01", "00", "1.", ".5", "-.5", "1.e5", "1e", "1e+",
        "1e-", "1E", "e5", "1e5.5", "1.2.3", "0x10", "1_000", "1,000", "1a", "1e5e5", "0b1",
        "1 .5", "１", "-Infinity", "-NaN", "1/2", "1+1",
    ])
    func otherNumberFormsAreRefused(text: String) {
        for padded in [text, "[\(text)", "{\"a\":\(text)}x"] {
            #expect(throws: JSONError.self) { try scan(padded) }
        }
    }

    @Test func everyControlCharacterIsRefusedInAStringAtEveryPlaceOfAWord() {
        for control in UInt8(0)..<0x20 {
            for before in 0..<17 {
                let text = [0x22] + Array(repeating: 0x61, count: before) + [control, 0x22]
                #expect(failure(text) == JSONError(.controlCharacter, at: before + 1))
            }
        }
    }

    @Test func aQuoteEndsAStringAtEveryPlaceOfAWord() throws {
        for count in 0..<40 {
            for filler in [UInt8(0x20), 0x21, 0x23, 0x5B, 0x5D, 0x7F] {
                let text = [0x22] + Array(repeating: filler, count: count) + [0x22]
                try scan(text)
                #expect(failure(text + [0x22])?.reason == .expectedEndOfText)
            }
        }
    }

    @Test func aByteOrderMarkIsSkippedOnlyWhereAskedAndOnlyOnceAndOnlyFirst() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let empty = Array("{}".utf8)
        try scan(mark + empty, skippingBOM: true)
        #expect(failure(mark + empty) == JSONError(.expectedValue, at: 0))
        #expect(failure(mark + mark + empty, skippingBOM: true)?.reason == .expectedValue)
        #expect(failure([0x20] + mark + empty, skippingBOM: true)?.reason == .expectedValue)
        #expect(failure(mark, skippingBOM: true) == JSONError(.expectedValue, at: 3))
    }

    @Test func otherEncodingsAreRefused() {
        let text = Array("{}".utf16)
        #expect(failure(text.flatMap { [UInt8($0), 0] }) != nil)
        #expect(failure(text.flatMap { [0, UInt8($0)] }) != nil)
        #expect(failure([0xFF, 0xFE] + text.flatMap { [UInt8($0), 0] }) != nil)
    }

    @Test(arguments: [
        ("", 0, "expected a value at byte 0"),
        ("[1,]", 3, "expected a value at byte 3"),
        ("{x", 1, "expected a key or \"}\" at byte 1"),
        ("{\"a\":1,}", 7, "expected a key at byte 7"),
        ("{\"a\" 1", 5, "expected \":\" after a key at byte 5"),
        ("{\"a\":1 2", 7, "expected \",\" or \"}\" at byte 7"),
        ("[1 2", 3, "expected \",\" or \"]\" at byte 3"),
        ("[1", 2, "expected \",\" or \"]\" at byte 2"),
        ("-x", 1, "expected a digit at byte 1"),
        ("\"\\x\"", 2, "expected a character that may follow a backslash at byte 2"),
        ("\"\\u00g0\"", 5, "expected a hexadecimal digit at byte 5"),
        ("\"secret", 7, "expected the end of a string at byte 7"),
        ("1 secret", 2, "expected nothing more at byte 2"),
        ("\"\n\"", 1, "expected control characters to be escaped at byte 1"),
    ])
    func anErrorSaysWhereAndWhatWasExpectedButNothingOfTheText(
        text: String, offset: Int, words: String
    ) throws {
        let error = try #require(failure(Array(text.utf8)))
        #expect(error.offset == offset)
        #expect(error.description == words)
    }
}

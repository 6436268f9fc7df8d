import JSON
import Testing

@Suite struct JSONWriterTests {
    private func write(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        body(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test func commasStandBetweenValuesAndNowhereElse() {
        let text = write { json in
            json.beginObject()
            json.key("a")
            json.int(-1)
            json.key("b")
            json.beginArray()
            json.bool(true)
            json.beginArray()
            json.endArray()
            json.null()
            json.beginObject()
            json.endObject()
            json.beginObject()
            json.key(utf8: "é\"".utf8)
            json.rawNumber("1.50")
            json.endObject()
            json.endArray()
            json.key("c")
            json.string("x")
            json.key("d")
            json.bool(false)
            json.endObject()
        }
        #expect(text == #"{"a":-1,"b":[true,[],null,{},{"é\"":1.50}],"c":"x","d":false}"#)
    }

    @Test(arguments: [
        ("", ""), ("plain text of more than eight bytes", "plain text of more than eight bytes"),
        ("a\"b\\c/d", #"a\"b\\c/d"#), ("\n\r\t\u{8}\u{C}", #"\n\r\t\u0008\u000c"#),
        ("\u{0}\u{1F}\u{7F}", "\\u0000\\u001f\u{7F}"), ("é日😀", "é日😀"),
        ("</script>&amp;", #"\u003c/script\u003e\u0026amp;"#),
        ("a\u{2028}b\u{2029}c\u{2027}\u{202A}", "a\\u2028b\\u2029c\u{2027}\u{202A}"),
    ])
    func textIsEscapedForJSONAndForPages(text: String, escaped: String) {
        #expect(write { $0.string(text) } == "\"\(escaped)\"")
    }

    @Test func everyASCIICharacterComesBackFromEveryPlaceOfAWord() throws {
        for byte in UInt8(0)..<0x80 {
            for before in 0..<9 {
                let filler = String(repeating: "x", count: before)
                let text = filler + String(Unicode.Scalar(byte)) + "yyyyyyyy"
                let json = write { $0.string(text) }
                #expect(
                    try JSONValue(parsing: Array(json.utf8)).string?.utf8.elementsEqual(text.utf8)
                        == true)
                for raw in ["<", ">", "&"] { #expect(!json.contains(raw)) }
            }
        }
    }

    @Test(
        arguments: [
            ([0xFF], "\u{FFFD}"), ([0x61, 0xC3], "a\u{FFFD}"), ([0xC3, 0x28], "\u{FFFD}("),
            ([0xE2, 0x80], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xC3, 0xA9, 0x80, 0x62], "é\u{FFFD}b"),
        ] as [([UInt8], String)])
    func bytesThatAreNotUTF8AreReplaced(bytes: [UInt8], content: String) {
        #expect(write { $0.string(utf8: bytes) } == "\"\(content)\"")
    }

    @Test func bytesWithoutContiguousStorageAreWritten() {
        #expect(write { $0.string(utf8: [0x61, 0x22, 0x62].reversed()) } == #""b\"a""#)
    }

    @Test func integersOfEveryWidthAreExact() {
        let text = write { json in
            json.beginArray()
            json.int(Int64.min)
            json.int(UInt64.max)
            json.int(UInt8(0))
            json.endArray()
        }
        #expect(text == "[-9223372036854775808,18446744073709551615,0]")
    }

    @Test func aLongAnswerIsTakenInPieces() {
        var json = JSONWriter(reservingCapacity: 64)
        json.beginArray()
        json.int(1)
        #expect(json.take() == Array("[1".utf8))
        json.int(2)
        json.endArray()
        #expect(json.take() == Array(",2]".utf8))
        #expect(json.take() == [])
    }
}

import JSON
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    private func written(_ value: JSONValue) -> String {
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "\"\"", "[]", "{}", "90071992547409931", "1.50", "-0",
        "1e400", #"{"b":1,"a":[{"z":null},"é"]}"#, #"["\n\u0000"]"#,
    ])
    func aTreeIsWrittenAsItWasRead(text: String) throws {
        #expect(written(try parse(text)) == text)
    }

    @Test func membersAreFoundByTheirExactKey() throws {
        let object = try #require(try parse(#"{"name":"Ada","K":1,"\u00e9":2}"#).object)
        #expect(object["name"]?.string == "Ada")
        #expect(object["\u{212A}"] == nil)
        #expect(object["e\u{301}"] == nil)
        #expect(object["é"]?.int == 2)
        #expect(object["Name"] == nil)
        #expect(object.members.map(\.key) == ["name", "K", "é"])
    }

    @Test func eachAccessorReadsItsKindAndNoOther() throws {
        let texts = ["null", "true", "7", "\"7\"", "[]", "{}"]
        let values = try texts.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(values.map(\.isNull) == [true, false, false, false, false, false])
        #expect(values.map(\.bool) == [nil, true, nil, nil, nil, nil])
        #expect(values.map(\.int) == [nil, nil, 7, nil, nil, nil])
        #expect(values.map(\.string) == [nil, nil, nil, "7", nil, nil])
        #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("42", 42), ("-42", -42), ("9223372036854775807", Int.max),
            ("-9223372036854775808", Int.min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("92233720368547758070", nil), ("1.0", nil),
            ("1e3", nil),
            ("-1E0", nil),
        ] as [(String, Int?)])
    func anIntegerIsExactOrAbsent(text: String, value: Int?) throws {
        #expect(try parse(text).int == value)
    }

    @Test(arguments: ["", "-", "+1", "1 ", " 1", "--1", "1-", "１", "0x1"])
    func onlyPlainDecimalsAreIntegers(text: String) {
        #expect(Int(plainDecimal: text.utf8) == nil)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 8), (#"{"a":1,"\u0061":2}"#, 8), (#"[{"x":{"k":1,"l":2,"k":3}}]"#, 20),
        (#"{"":1,"":2}"#, 7),
    ])
    func aRepeatedKeyIsRefused(text: String, offset: Int) {
        #expect(throws: JSONError(.repeatedKey, at: offset)) { try parse(text) }
    }

    @Test func keysThatOnlyLookAlikeAreNotRepeated() throws {
        // Canonically equal, and different bytes.
        #expect(try parse(#"{"\u00e9":1,"e\u0301":2,"K":3,"\u212a":4}"#).object?.members.count == 4)
    }

    @Test(arguments: [15, 16, 17, 18, 300])
    func aRepeatedKeyIsNoticedAmongManyKeys(count: Int) throws {
        let members = (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        #expect(try parse("{\(members)}").object?.members.count == count)
        for key in [0, count / 2, count - 1] {
            #expect(throws: JSONError.self) { try parse("{\(members),\"key\(key)\":0}") }
        }
    }

    @Test(arguments: [#""\ud83d""#, #"{"\ude00":1}"#, #"["a\ud83d\u0041"]"#])
    func aLoneSurrogateIsRefused(text: String) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.reason == .loneSurrogate)
    }

    @Test(arguments: ["1 2", "{} []", "[1]]", ""])
    func exactlyOneValueIsRead(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }
}

import HTTPWire
import Testing

@Suite struct TargetTests {
    static func target(_ text: String) throws -> Target {
        try head("GET \(text) HTTP/1.1", fields: []).target
    }

    @Test(arguments: [
        ("/", [""]), ("/a", ["a"]), ("/a/", ["a", ""]), ("//a", ["", "a"]),
        ("/a/../b/.", ["a", "..", "b", "."]), ("/a%20b/%2F", ["a b", "/"]),
        ("/%c3%A9", ["\u{e9}"]), ("/e%CC%81", ["e\u{301}"]), ("/a+b", ["a+b"]),
        ("/a+%62", ["a+b"]),
        ("/%25zz", ["%zz"]), ("http://h", [""]), ("HTTP://h/a", ["a"]), ("https://h?q", [""]),
    ])
    func pathsAreSplitThenDecodedAndNeverNormalized(_ text: String, _ segments: [String]) throws {
        let read = try Self.target(text).segments
        #expect(read.map { Array($0.utf8) } == segments.map { Array($0.utf8) })
    }

    @Test(arguments: [("/a", nil), ("/a?", ""), ("/a?b=c?/", "b=c?/"), ("http://h?%20", "%20")])
    func aQueryIsKeptAsItWasSent(_ text: String, _ query: String?) throws {
        #expect(try Self.target(text).rawQuery == query)
    }

    @Test func theAsteriskIsForOptionsOnly() throws {
        #expect(try head("OPTIONS * HTTP/1.1", fields: []).target == Target(segments: []))
        #expect(throws: WireError.malformed(rule: "asterisk-form")) { try Self.target("*") }
        #expect(throws: WireError.malformed(rule: "request-target")) {
            try head("OPTIONS */ HTTP/1.1", fields: [])
        }
    }

    @Test(arguments: [
        ("a:443", true), ("[::1]:443", true), ("a", false), ("a1", false), ("a:", false),
        ("[::1]", false), ("[::1]:", false), (":443", false), ("a/b:443", false),
    ])
    func anAuthorityHasAPort(_ authority: String, _ isTaken: Bool) {
        let read = try? head("CONNECT \(authority) HTTP/1.1", fields: []).target.authority
        #expect(read == (isTaken ? authority : nil))
    }

    @Test func queriesAreReadAsFormsAreWritten() throws {
        let target = Target(segments: [], rawQuery: "a=1&&b=x+y%2B%26&c&=d&a=2&e=f=g")
        let items = try target.queryItems()
        #expect(items.map(\.name) == ["a", "b", "c", "", "a", "e"])
        #expect(items.map(\.value) == ["1", "x y+&", "", "d", "2", "f=g"])
        #expect(try target.values("a") == ["1", "2"])
        #expect(try target.value("b") == "x y+&")
        #expect(try target.value("z") == nil)
        #expect(try Target(segments: []).queryItems().isEmpty)
    }

    @Test(arguments: [
        ("id=a", "a"), ("id=", ""), ("id=a+b%2B%26%3D=", "a b+&=="), ("id=%C3%A9", "\u{e9}"),
        ("id", nil), ("id=a&", nil), ("&id=a", nil), ("id=a&id=a", nil), ("id=a&b=c", nil),
        ("i", nil), ("ID=a", nil), ("idx=a", nil), ("i%64=a", nil), ("id=%zz", nil),
        ("id=%ff", nil), ("id=%00", nil), ("", nil), (nil, nil),
    ])
    func theOnlyValueIsThatOfTheOnlyPair(_ query: String?, _ expected: String?) {
        let target = Target(segments: [], rawQuery: query)
        #expect(target.onlyValue("id").map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }

    @Test func aNameGivenTwiceHasNoValue() {
        #expect(throws: WireError.malformed(rule: "query-name-repeated")) {
            try Target(segments: [], rawQuery: "a=1&a=1").value("a")
        }
    }

    @Test func queryNamesAreComparedAsBytes() throws {
        let target = Target(segments: [], rawQuery: "%E2%84%AA=kelvin&K=letter")
        #expect(try target.value("K") == "letter")
        #expect(try target.values("\u{212A}") == ["kelvin"])
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "%g0=1", "a=%+1", "a=%00", "a=%ff", "a=%c0%af"])
    func aBadEscapeIsNotGuessedAt(_ query: String) {
        #expect(throws: WireError.malformed(rule: "query-escape")) {
            try Target(segments: [], rawQuery: query).queryItems()
        }
    }
}

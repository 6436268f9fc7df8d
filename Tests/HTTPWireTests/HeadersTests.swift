import HTTPWire
import Testing

@Suite struct HeadersTests {
    @Test func namesFoldAsciiCaseAndNothingElse() {
        let headers = Headers([
            ("X-Key", "a"), ("x-kEY", "b"), ("x-\u{212A}ey", "c"), ("X-Ke", "d"),
        ])
        #expect(headers.values("x-key").map(\.text) == ["a", "b"])
        #expect(headers.only("x-key") == nil)
        #expect(headers.only("x-ke")?.text == "d")
        #expect(headers.only("x") == nil)
        #expect(headers.count == 4)
    }

    @Test func aCaseBitIsNotFoldedOutsideTheLetters() {
        // `[` and `{`, `@` and the grave accent differ in the bit that tells A from a.
        let headers = Headers([("a@", "1"), ("a[", "2"), ("A^", "3")])
        #expect(headers.values("a`").isEmpty)
        #expect(headers.values("a{").isEmpty)
        #expect(headers.values("a~").isEmpty)
        #expect(headers.values("a^").count == 1)
    }

    @Test func aListRunsOverAllItsFields() {
        let headers = Headers([("Connection", " Close ,\tx,,"), ("connection", "Keep-Alive")])
        #expect(headers.tokens(of: "connection").map(\.text) == ["close", "x", "keep-alive"])
        #expect(headers.contains("connection", token: "close"))
        #expect(headers.contains("connection", token: "x"))
        #expect(headers.contains("connection", token: "keep-alive"))
        #expect(!headers.contains("connection", token: "alive"))
        #expect(!headers.contains("upgrade", token: "close"))
        #expect(headers.tokens(of: "upgrade").isEmpty)
    }

    @Test func aLongNameIsFoundToo() {
        let headers = Headers([("Content-Security-Policy-Report-Only", "a")])
        #expect(headers.only("content-security-policy-report-only")?.text == "a")
        #expect(headers.only("content-security-policy-report-none") == nil)
    }
}

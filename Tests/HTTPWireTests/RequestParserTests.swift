import HTTPWire
import Testing

@Suite struct RequestParserTests {
    @Test func aHeadIsTakenApart() throws {
        let head = try head(
            "POST /webhooks/mixpanel/con_7?try=2 HTTP/1.1\r\nHost: muster.example:8443\r\n"
                + "X-Tag: \t one two \r\nx-tag:three\r\nEmpty:\r\n\r\n")
        #expect(head.method == .post)
        #expect(head.version == .http11)
        #expect(head.target.segments == ["webhooks", "mixpanel", "con_7"])
        #expect(head.target.rawQuery == "try=2")
        #expect(head.headers.count == 4)
        #expect(head.headers.values("x-tag").map(\.text) == ["one two", "three"])
        #expect(head.headers.only("empty")?.isEmpty == true)
        #expect(head.host?.text == "muster.example:8443")
    }

    @Test(arguments: [
        ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch),
        ("DELETE", .delete), ("OPTIONS", .options), ("TRACE", .trace), ("get", .other("get")),
        ("PUR", .other("PUR")), ("GETS", .other("GETS")), ("PURGE", .other("PURGE")),
        ("UPDATE", .other("UPDATE")), ("REPORTS", .other("REPORTS")),
    ])
    func methodsAreCaseSensitive(_ name: String, _ method: Method) throws {
        #expect(try head("\(name) / HTTP/1.1", fields: []).method == method)
    }

    @Test func connectNamesAnAuthority() throws {
        let connect = try head("CONNECT muster.example:443 HTTP/1.1", fields: [])
        #expect(connect.method == .connect)
        #expect(connect.target == Target(segments: [], authority: "muster.example:443"))
        #expect(throws: WireError.malformed(rule: "authority-form")) {
            try head("CONNECT muster.example: HTTP/1.1", fields: [])
        }
    }

    @Test func theHostOfAnAbsoluteTargetWins() throws {
        #expect(
            try head("GET http://other.example:81/ HTTP/1.1", fields: []).host?.text
                == "other.example:81")
        #expect(try head("GET / HTTP/1.0\r\n\r\n").host == nil)
    }

    @Test func requestsFollowEachOtherThroughOneParser() throws {
        var parser = RequestParser()
        var rest = Array(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /3".utf8)
        var seen: [[String]] = []
        while case .head(let head, let consumed) = try rest.withUnsafeBytes({
            try parser.parse($0, limits: WireLimits())
        }) {
            seen.append(head.target.segments)
            rest.removeFirst(consumed)
        }
        #expect(seen == [["1"], ["2"]])
        #expect(parser.hasBegun)
        #expect(rest.text == "GET /3")
    }

    /// What is certain is said at once: the prefix alone is refused, and one byte less is not.
    @Test(
        arguments: [
            ("\u{16}", "method"), ("GET /a#", "request-target"), ("GET / HTTQ", "http-version"),
            ("GET / HTTP/1.1\r\n ", "whitespace-before-first-field"),
            ("GET / HTTP/1.1\r\nA: b\r\n ", "obs-fold"), ("GET / HTTP/1.1\r\nA ", "field-name"),
            ("GET / HTTP/1.1\r\nA: b\n", "bare-lf"), ("GET / HTTP/1.1\r\nA: b\rc", "bare-cr"),
            ("GET / HTTP/1.1\r\nA: \0", "field-value"), ("GET /%00 HTTP/1.1\r\n", "path-escape"),
            ("GET a:1 HTTP/1.1\r\n", "request-target"),
            ("\r\n\r\n\r\n\r\n\r", "too-many-empty-lines"),
            ("GET  ", "request-target"),
        ] as [(String, StaticRule)])
    func aViolationIsReportedWithItsByte(_ text: String, _ rule: StaticRule) {
        #expect(
            Exchange.verdict(on: [Array(text.utf8)]) == .refused(.malformed(rule: rule)))
        #expect(Exchange.verdict(on: [Array(text.utf8.dropLast())]) == .waiting)
    }

    @Test(
        arguments: [
            ("Accept: a", "host-missing"), ("Host: a\r\nhost: a", "host-repeated"),
            ("Host: ", "host"),
        ] as [(String, StaticRule)])
    func theHostRuleNamesWhatItMisses(_ fields: String, _ rule: StaticRule) {
        #expect(throws: WireError.malformed(rule: rule)) {
            try head("GET / HTTP/1.1\r\n\(fields)\r\n\r\n")
        }
    }

    @Test func theLimitsAreTheConfiguredOnes() {
        var limits = WireLimits()
        limits.requestLineBytesMax = 15
        limits.headerBlockBytesMax = 12
        limits.headerFieldsMax = 2
        limits.methodBytesMax = 3
        limits.emptyLinesMax = 1
        func verdict(_ text: String) -> Exchange.Verdict {
            Exchange.verdict(on: [Array(text.utf8)], limits: limits)
        }
        #expect(verdict("GET /a HTTP/1.1\r\n") == .waiting)
        #expect(verdict("GET /ab HTTP/1.1\r\n") == .refused(.targetTooLong))
        #expect(verdict("POST") == .refused(.methodTooLong))
        #expect(verdict("\r\nG") == .waiting)
        #expect(verdict("\r\n\r") == .refused(.malformed(rule: "too-many-empty-lines")))
        let line = "GET /a HTTP/1.1\r\n"
        #expect(verdict(line + "Host: 1.23\r\n") == .waiting)
        #expect(verdict(line + "Host: 1.234\r\n") == .refused(.headersTooLarge))
        #expect(verdict(line + "A:\r\nB:\r\n") == .waiting)
        #expect(verdict(line + "A:\r\nB:\r\nC") == .refused(.headersTooLarge))
    }
}

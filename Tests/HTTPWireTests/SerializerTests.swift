import Foundation
import HTTPWire
import Testing

@Suite struct SerializerTests {
    static let date = HTTPDate.format(secondsSince1970: 784_111_777)

    /// What goes out as the head of `response` to a request with this request line.
    static func answer(
        to line: String, _ response: Response
    ) throws -> (head: String, plan: ResponsePlan) {
        var state = ConnectionState()
        _ = Array("\(line)\r\nHost: a\r\n\r\n".utf8).withUnsafeBytes { state.receive($0) }
        var response = response
        let plan = state.respond(with: &response)
        var bytes: [UInt8] = []
        Serializer.appendHead(of: response, plan: plan, date: date, to: &bytes)
        return (bytes.text, plan)
    }

    @Test func aHeadIsWrittenWhole() throws {
        let response = Response(
            .ok, headers: [("Content-Type", "text/plain"), ("X", "")],
            body: .bytes(Array("hello world".utf8)))
        let expected = """
            HTTP/1.1 200 OK\r
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r
            Content-Type: text/plain\r
            X: \r
            Content-Length: 11\r
            \r

            """
        #expect(try Self.answer(to: "GET / HTTP/1.1", response).head == expected)
        let head = try Self.answer(to: "HEAD / HTTP/1.1", response)
        #expect(head.head == expected)
        #expect(!head.plan.sendsBody)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", "close", ["Connection: close"]),
        ("GET / HTTP/1.1", "keep-alive", []),
        ("GET / HTTP/1.0", "keep-alive", ["Connection: keep-alive"]),
        ("GET / HTTP/1.0", "x", ["Connection: close"]),
    ])
    func theHeadSaysWhatBecomesOfTheConnection(
        line: String, asked: String, told: [String]
    ) throws {
        let head = try Self.answer(to: "\(line)\r\nConnection: \(asked)", Response(.ok)).head
        #expect(
            head.components(separatedBy: "\r\n").filter { $0.hasPrefix("Connection") } == told)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", Status.ok, ["Content-Length: 0"]),
        ("GET / HTTP/1.1", .noContent, []), ("GET / HTTP/1.1", .notModified, []),
        ("GET / HTTP/1.0", .ok, ["Content-Length: 0", "Connection: close"]),
    ])
    func theEndOfABodyIsAlwaysKnown(_ line: String, _ status: Status, _ fields: [String]) throws {
        let lines = try Self.answer(to: line, Response(status)).head.split(separator: "\r\n")
        #expect(lines.first == "HTTP/1.1 \(status.code) \(status.reason)")
        #expect(lines.dropFirst(2).map(String.init) == fields)
    }

    @Test(arguments: [Status.noContent, .notModified])
    func aBodyThatMustNotBeIsNotSent(_ status: Status) throws {
        let answer = try Self.answer(to: "GET / HTTP/1.1", Response(status, body: .bytes([1])))
        #expect(!answer.plan.sendsBody)
        #expect(answer.plan.framing == .none)
    }

    @Test func aStreamIsChunkedOrEndsWithTheConnection() throws {
        let stream = Response(.ok, body: .stream { _ in })
        let new = try Self.answer(to: "GET / HTTP/1.1", stream)
        #expect(new.head.hasSuffix("\r\nTransfer-Encoding: chunked\r\n\r\n"))
        #expect(new.plan.sendsBody)
        let old = try Self.answer(to: "GET / HTTP/1.0", stream)
        #expect(old.plan.framing == .untilClose)
        #expect(old.head.hasSuffix("GMT\r\nConnection: close\r\n\r\n"))
        #expect(try !Self.answer(to: "HEAD / HTTP/1.1", stream).plan.sendsBody)
    }

    @Test func chunksCarryTheirSizeInHex() {
        var bytes: [UInt8] = []
        Serializer.appendChunk([], to: &bytes)
        Serializer.appendChunk(Array("hello, hello, hell".utf8), to: &bytes)
        Serializer.appendChunk(Array(repeating: 0x78, count: 0xAF0), to: &bytes)
        Serializer.appendLastChunk(to: &bytes)
        #expect(bytes.text.hasPrefix("12\r\nhello, hello, hell\r\naf0\r\nxxx"))
        #expect(bytes.text.hasSuffix("xxx\r\n0\r\n\r\n"))
        #expect(bytes.count == 24 + 5 + 0xAF0 + 2 + 5)
    }

    @Test(arguments: [
        ("X\r\nY", "a"), ("X", "a\r\nSet-Cookie: b"), ("X", "a\rb"), ("X", "a\nb"), ("X", "a\0"),
        ("X", "a\u{7F}"), ("", "a"), ("X Y", "a"), ("X:", "a"), ("X\u{e9}", "a"),
        ("content-length", "5"), ("Transfer-Encoding", "chunked"), ("CONNECTION", "close"),
        ("Date", "today"),
    ])
    func aHeaderThatWouldChangeTheMessageBecomesA500(_ name: String, _ value: String) throws {
        let response = Response(.ok, headers: [("A", "b"), (name, value)], body: .bytes([1]))
        #expect(!response.isSendable)
        let answer = try Self.answer(to: "GET / HTTP/1.1", response)
        #expect(answer.head.hasPrefix("HTTP/1.1 500 Internal Server Error\r\nDate"))
        #expect(answer.head.hasSuffix("GMT\r\nContent-Length: 0\r\n\r\n"))
    }

    @Test(arguments: [(99, "x"), (100, "x"), (199, "x"), (600, "x"), (-200, "x"), (200, "O\r\nK")])
    func aStatusThatIsNotFinalBecomesA500(_ code: Int, _ reason: String) throws {
        let answer = try Self.answer(
            to: "GET / HTTP/1.1", Response(Status(code: code, reason: reason)))
        #expect(answer.head.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
    }

    @Test func ordinaryHeadersPass() {
        let headers = [("ETag", "\"caf\u{e9}\""), ("X", "a\tb"), ("X-Date", "1"), ("Dates", "2")]
        #expect(Response(Status(code: 599, reason: ""), headers: headers).isSendable)
    }
}

import HTTPWire
import Testing

@Suite struct PreparedAnswerTests {
    private let date = HTTPDate.format(secondsSince1970: 784_111_777)

    private func text(_ answer: PreparedAnswer?) throws -> String {
        var bytes: [UInt8] = []
        try #require(answer).append(date: date, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String) -> PreparedAnswer.FreshValue {
        { room in room.update(fromContentsOf: text.utf8.prefix(room.count)) }
    }

    @Test(arguments: [
        Response(.ok, headers: [("A", "b"), ("Content-Type", "text/plain")], body: .bytes([0x78])),
        Response(.notFound), Response(.serviceUnavailable, headers: [("Retry-After", "1")]),
    ])
    func itIsWhatTheSerializerWrites(response: Response) throws {
        var whole = response
        whole.headers.append(("X-Request-Id", "t-1"))
        var state = ConnectionState()
        let head = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        _ = head.withUnsafeBytes { state.receive($0) }
        let plan = state.respond(with: &whole)
        var bytes: [UInt8] = []
        Serializer.appendHead(of: whole, plan: plan, date: date, to: &bytes)
        if case .bytes(let body) = whole.body { bytes += body }
        let prepared = PreparedAnswer(
            response, freshField: "X-Request-Id", Self.write("t-1"))
        #expect(try text(prepared) == String(decoding: bytes, as: UTF8.self))
    }

    @Test func whatCantBeSentCantBePrepared() {
        let good = Self.write("1")
        let stream = Response(.ok, body: .stream { _ in })
        #expect(PreparedAnswer(stream, freshField: "N", good) == nil)
        #expect(PreparedAnswer(Response(.noContent), freshField: "N", good) == nil)
        #expect(PreparedAnswer(Response(.notModified), freshField: "N", good) == nil)
        let bad = Response(.ok, headers: [("A", "b\r\nC: d")])
        #expect(PreparedAnswer(bad, freshField: "N", good) == nil)
        #expect(PreparedAnswer(Response(.ok), freshField: "Date", good) == nil)
        #expect(PreparedAnswer(Response(.ok), freshField: "N", Self.write("a\nb")) == nil)
    }

    @Test(arguments: [0, 1])
    func aValueFillsItsRoomAndNoMore(excess: Int) throws {
        let long = String(repeating: "v", count: PreparedAnswer.freshValueBytesMax + excess)
        let prepared = PreparedAnswer(Response(.ok), freshField: "N", Self.write(long))
        let value = long.prefix(PreparedAnswer.freshValueBytesMax)
        #expect(try text(prepared).contains("\r\nN: \(value)\r\nContent-Length: 0\r\n\r\n"))
    }
}

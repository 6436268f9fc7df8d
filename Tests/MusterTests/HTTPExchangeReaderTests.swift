import Testing

@testable import muster

/// What comes back, read whole, byte by byte, and cut anywhere.
@Suite struct HTTPExchangeReaderTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true),
        ("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200, "", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\n", 304, "", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", 200, "x", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: a, CLOSE\r\n\r\nx", 200, "x", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            200, "abcde", true
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", 401, "no", true
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200", 200, "x", false),
    ])
    func anAnswerIsReadHoweverItArrives(
        text: String, status: Int, body: String, keepsAlive: Bool
    ) throws {
        let bytes = Array(text.utf8)
        for size in [1, 2, 7, bytes.count] {
            var reader = ResponseReader(bodyBytesMax: 100)
            #expect(reader.isUntouched)
            try feed(bytes, to: &reader, by: size)
            #expect(reader.isDone && reader.status == status && reader.keepsAlive == keepsAlive)
            #expect(reader.body == Array(body.utf8))
        }
    }

    @Test func anAnswerWithoutALengthEndsWithItsConnection() throws {
        var reader = ResponseReader(bodyBytesMax: 100)
        try feed(Array("HTTP/1.1 200 OK\r\nA: \t b c\t \r\n\r\nhel".utf8), to: &reader, by: 4)
        #expect(!reader.isDone)
        try feed(Array("lo".utf8), to: &reader, by: 1)
        try reader.end()
        #expect(reader.isDone && !reader.keepsAlive && reader.body == Array("hello".utf8))
        #expect(reader.headers.map(\.name) == ["A"] && reader.headers.map(\.value) == ["b c"])
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ])
    func anAnswerThatIsCutOffIsLost(text: String) throws {
        var reader = ResponseReader(bodyBytesMax: 100)
        try feed(Array(text.utf8), to: &reader, by: 3)
        #expect(throws: HTTPExchangeError.lost) { try reader.end() }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n",
        "HTTP/1.1 600 X\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    ])
    func whatIsNoAnswerIsRefused(text: String) {
        for size in [1, text.utf8.count] {
            var reader = ResponseReader(bodyBytesMax: 100)
            #expect(throws: HTTPExchangeError.malformed) {
                try feed(Array(text.utf8), to: &reader, by: size)
            }
        }
    }

    @Test(arguments: [(100, true), (101, false)])
    func aBodyHasALimitHoweverItIsFramed(count: Int, fits: Bool) throws {
        let body = String(repeating: "x", count: count)
        for head in [
            "Content-Length: \(count)\r\n\r\n" + body, "\r\n" + body,
            "Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n",
        ] {
            var reader = ResponseReader(bodyBytesMax: 100)
            let bytes = Array("HTTP/1.1 200 OK\r\n\(head)".utf8)
            if fits {
                try feed(bytes, to: &reader, by: 33)
                #expect(reader.body.count == count)
            } else {
                #expect(throws: HTTPExchangeError.responseTooLarge) {
                    try feed(bytes, to: &reader, by: 33)
                }
            }
        }
    }

    @Test(arguments: [(0, true), (1, false)])
    func aHeadHasALimit(extra: Int, fits: Bool) throws {
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: "
        let count = ResponseReader.headBytesMax - start.utf8.count - 4 + extra
        let bytes = Array((start + String(repeating: "x", count: count) + "\r\n\r\n").utf8)
        var reader = ResponseReader(bodyBytesMax: 100)
        if fits {
            try feed(bytes, to: &reader, by: 1000)
            #expect(reader.isDone)
        } else {
            #expect(throws: HTTPExchangeError.malformed) {
                try feed(bytes, to: &reader, by: 1000)
            }
        }
    }

    @Test(arguments: [(0, true), (1, false)])
    func interimAnswersHaveALimit(extra: Int, fits: Bool) throws {
        let count = ResponseReader.interimMax + extra
        let interim = String(repeating: "HTTP/1.1 100 X\r\n\r\n", count: count)
        let bytes = Array((interim + "HTTP/1.1 204 X\r\n\r\n").utf8)
        var reader = ResponseReader(bodyBytesMax: 100)
        if fits {
            try feed(bytes, to: &reader, by: 9)
            #expect(reader.status == 204)
        } else {
            #expect(throws: HTTPExchangeError.malformed) { try feed(bytes, to: &reader, by: 9) }
        }
    }

    @Test func theAnswerOfATunnelHasNoBody() throws {
        var reader = ResponseReader(bodyBytesMax: 100, isTunnel: true)
        try feed(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".utf8), to: &reader, by: 5)
        #expect(reader.isDone)
    }

    private func feed(
        _ bytes: [UInt8], to reader: inout ResponseReader, by size: Int
    ) throws(HTTPExchangeError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(max(1, size)))
            try part.withUnsafeBufferPointer { bytes throws(HTTPExchangeError) in
                try reader.read(UnsafeRawBufferPointer(bytes))
            }
            rest = rest.dropFirst(part.count)
        }
    }
}

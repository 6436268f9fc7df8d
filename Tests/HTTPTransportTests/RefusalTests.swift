import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

/// Clients that break a rule, are slow, or send what nobody wants.
@Suite(.timeLimit(.minutes(30)))
struct RefusalTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: String
        let code: Int

        init(_ name: String, _ code: Int, _ request: String) {
            (testDescription, self.code, self.request) = (name, code, request)
        }
    }

    @Test(arguments: [
        Broken("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
        Broken("bare LF", 400, "GET /\nHost: x\r\n\r\n"),
        Broken("HTTP/2.0", 505, "GET / HTTP/2.0\r\n\r\n"),
        Broken("long target", 414, "GET /\(long(17_000)) HTTP/1.1\r\nHost: x\r\n\r\n"),
        Broken("long field", 431, "GET / HTTP/1.1\r\nHost: x\r\nA: \(long(33_000))\r\n\r\n"),
        Broken(
            "gzip", 501, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        Broken("huge", 413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"),
        Broken(
            "huge chunk", 413,
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "7fffffffffffffff\r\nhello"),
        Broken(
            "huge chunk without a byte", 413,
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n99999999\r\n"),
        Broken(
            "chunk size with a sign", 400,
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n"),
    ])
    func aBrokenRequestIsAnsweredAndClosed(broken: Broken) async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send(broken.request)
            let answer = try await client.readToEnd()
            #expect(status(answer) == broken.code)
            #expect(answer.contains("Connection: close\r\n"))
            await client.close()
        }
    }

    @Test func theTextOfARefusalIsTheCallers() async throws {
        let fallbacks = FallbackResponses(wireError: { error in
            Response(error.status ?? .badRequest, body: .bytes(Array("\(error)".utf8)))
        })
        try await withServer(fallbacks: fallbacks) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/3.1\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("\r\n\r\nversionNotSupported"))
            await client.close()
        }
    }

    @Test func requestsBeforeABrokenOneAreAnswered() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix(ok("get /a ") + "HTTP/1.1 400 Bad Request\r\n"))
            await client.close()
        }
    }

    // MARK: Slow clients

    @Test func aHeadThatNeverEndsIsAnsweredWith408() async throws {
        var limits = TransportLimits.forTests
        limits.headerTimeout = .milliseconds(100)
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\nHos")
            #expect(status(try await client.readToEnd()) == 408)
            await client.close()
        }
    }

    /// Each byte must not buy more time.
    @Test func aHeadThatDripsIsAnsweredWith408() async throws {
        var limits = TransportLimits.forTests
        limits.headerTimeout = .milliseconds(50)
        // More than can drip in that time.
        var wireLimits = WireLimits()
        wireLimits.headerBlockBytesMax = 128 * 1024
        try await withServer(limits: limits, wireLimits: wireLimits) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\nX: ")
            // Were each byte to buy time, the head would in the end be too large: 431.
            let drip = Task {
                while !Task.isCancelled { try await client.send("a") }
            }
            let answer = try await client.readToEnd()
            drip.cancel()
            #expect(status(answer) == 408)
            await client.close()
        }
    }

    @Test func anIdleConnectionIsClosedInSilence() async throws {
        var limits = TransportLimits.forTests
        limits.idleTimeout = .seconds(1)
        try await withServer(limits: limits) { server in
            let fresh = try await Client(to: server.address)
            #expect(try await fresh.readToEnd() == "")
            await fresh.close()
            let used = try await Client(
                to: server.address, sending: "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await used.readToEnd() == ok("get /a "))
            await used.close()
        }
    }

    @Test func emptyLinesDoNotKeepAConnection() async throws {
        var limits = TransportLimits.forTests
        limits.idleTimeout = .seconds(1)
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address, sending: "\r\n\r\n")
            #expect(try await client.readToEnd() == "")
            await client.close()
        }
    }

    @Test(arguments: ["Content-Length: 100\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"])
    func aBodyThatStallsIsAnsweredWith408(framing: String) async throws {
        var limits = TransportLimits.forTests
        limits.bodyGrace = .milliseconds(100)
        limits.bodySilenceMax = .milliseconds(100)
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            try await client.send("POST / HTTP/1.1\r\nHost: x\r\n" + framing)
            #expect(status(try await client.readToEnd()) == 408)
            await client.close()
        }
    }

    @Test func aBodyCutShortIsNeverTakenAsWhole() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nshort")
            try await client.finish()
            #expect(status(try await client.readToEnd()) == 400)
            await client.close()
        }
    }

    // MARK: Unwanted bodies

    /// RFC 9112 section 9.6: closing at once would reset the connection, and the reset would
    /// take the answer with it.
    @Test func theAnswerToAnUnreadBodyIsNotLost() async throws {
        let handler: Handler = { _, _, _ in
            Response(.unauthorized, body: .bytes(Array("no".utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n")
            // The client sends everything before it reads anything.
            try await client.send([UInt8](repeating: 7, count: 8_000_000))
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
            #expect(answer.hasSuffix("Connection: close\r\n\r\nno"))
            await client.close()
        }
    }

    /// Even when it is twice as long as the longest that would have been taken.
    @Test func theAnswerToABodyFarTooLongIsNotLost() async throws {
        let handler: Handler = { _, _, _ in Response(.contentTooLarge) }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 64000000\r\n\r\n")
            for _ in 0..<64 { try await client.send([UInt8](repeating: 7, count: 1_000_000)) }
            #expect(status(try await client.readToEnd()) == 413)
            await client.close()
        }
    }

    @Test(arguments: [true, false])
    func aRefusedClientThatStaysIsCut(bySilence: Bool) async throws {
        var limits = TransportLimits.forTests
        limits.closingSilenceMax = bySilence ? .milliseconds(100) : .never
        limits.closingTimeout = bySilence ? .never : .milliseconds(100)
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(status(try await client.readToEnd()) == 400)
            if bySilence {
                while server.connectionCount > 0 { await Task.yield() }
            } else {
                // Until it is reset.
                await #expect(throws: PlatformError.self) {
                    while true { try await client.send("x") }
                }
            }
            await client.close()
        }
    }

    /// As long as it does not send too much, it may go on; then it is reset.
    @Test func aRefusedClientThatSendsTooMuchIsCut() async throws {
        var limits = TransportLimits.forTests
        limits.closingBytesMax = 100_000
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(status(try await client.readToEnd()) == 400)
            try await client.send([UInt8](repeating: 7, count: 99_999))
            #expect(server.connectionCount == 1)
            try await client.send("x")
            while server.connectionCount > 0 { await Task.yield() }
            await client.close()
        }
    }

    @Test func aSmallUnreadBodyIsSkippedAndTheConnectionKept() async throws {
        let handler: Handler = { head, _, _ in
            Response(.ok, body: .bytes(Array(head.target.segments[0].utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            let body = String(repeating: "x", count: 40_000)
            try await client.send(
                "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + body
                    + "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\n\r\n" + "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n")
            let answers = ok("1") + ok("2") + ok("3")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    @Test func aReaderKeptBeyondItsAnswerReadsNothing() async throws {
        let kept = AsyncStream<any BodyReader>.makeStream()
        let handler: Handler = { head, body, peer in
            guard head.method == .post else { return await echo(head, body, peer) }
            kept.continuation.yield(body)
            return Response(.ok)
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                    + "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            let answers = ok("") + ok("get /a ")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            let body = try #require(await kept.stream.first { _ in true })
            await #expect(throws: WireError.self) { try await body.next() }
            await client.close()
        }
    }
}

private func long(_ count: Int) -> String {
    String(repeating: "a", count: count)
}

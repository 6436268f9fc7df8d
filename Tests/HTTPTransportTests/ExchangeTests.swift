import HTTPTransport
import HTTPWire
import Platform
import Synchronization
import TestSupport
import Testing

/// One connection and what may happen on it while both sides behave.
@Suite(.timeLimit(.minutes(30)))
struct ExchangeTests {
    private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func aConnectionIsKeptForTheNextRequest() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            for _ in 0..<3 {
                try await client.send(get)
                #expect(try await client.read(through: "get /a ") == ok("get /a "))
            }
            #expect(server.acceptedCount == 1)
            await client.close()
        }
    }

    @Test func aRequestMayComeByteByByte() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            let request = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
            for byte in request.utf8 { try await client.send([byte]) }
            #expect(try await client.read(through: "hello") == ok("post /p hello"))
            await client.close()
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            let requests = (0..<16).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
            try await client.send(requests)
            let answers = (0..<16).map { ok("get /\($0) ") }.joined()
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    @Test(arguments: [1, 100, 4096, 64 * 1024])
    func bodiesAndRequestsMayBePipelinedInAnyMix(receivedAtOnce: Int) async throws {
        var limits = TransportLimits.forTests
        limits.headReceiveBytesMax = receivedAtOnce
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            let big = String(repeating: "b", count: 100_000)
            try await client.send(
                "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none" + get
                    + "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\ntwo\r\n0\r\n\r\n"
                    + "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + big + get)
            let answers =
                ok("post /1 one") + ok("get /a ") + ok("post /2 two") + ok("post /3 " + big)
                + ok("get /a ")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    /// An answer must not wait for the handler of the request behind it.
    @Test func anAnswerIsSentWhileTheNextHandlerIsSuspended() async throws {
        let gate = Gate()
        let handler: Handler = { head, _, _ in
            if head.target.segments == ["slow"] { await gate.wait() }
            return Response(.ok, body: .bytes(Array(head.target.segments[0].utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(get + "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + get)
            #expect(try await client.read(through: "\r\n\r\na") == ok("a"))
            gate.open()
            let answers = ok("slow") + ok("a")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    /// Answers wait for a client that reads nothing up to a limit, and then requests wait.
    @Test(arguments: [64 * 1024, 1 << 30])
    func pendingAnswersAreHeldUpToTheirLimit(bytesMax: Int) async throws {
        var limits = TransportLimits.forTests
        limits.pendingAnswerBytesMax = bytesMax
        limits.headReceiveBytesMax = 16 * 1024
        let handled = Mutex(0)
        let answer = [UInt8](repeating: 7, count: 16 * 1024)
        let handler: Handler = { head, _, _ in
            guard head.method == .get else { return Response(.ok) }
            handled.withLock { $0 += 1 }
            return Response(.ok, body: .bytes(answer))
        }
        try await withServer(limits: limits, handler: handler) { server in
            let client = try await Client(to: server.address)
            // More than the sockets hold; the heads are received at once.
            try await client.send(String(repeating: get, count: 500))
            _ = try await client.readSome(1)
            let other = try await Client(to: server.address)
            try await other.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await other.read(through: "\r\n\r\n")
            #expect((handled.withLock { $0 } == 500) == (bytesMax == 1 << 30))
            for client in [client, other] { await client.close() }
        }
    }

    @Test(arguments: [0, 1, 16_000, 16_384, 65_536, 262_144, 262_145, 3_000_000])
    func aBodyOfAnySizeArrivesWhole(count: Int) async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            let body = String(repeating: "0123456789", count: count / 10 + 1).prefix(count)
            async let sent: Void = client.send(
                "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n" + body)
            let answer = ok("post /b " + body)
            #expect(try await client.read(count: answer.utf8.count) == answer)
            try await sent
            await client.close()
        }
    }

    @Test(arguments: [1, 7, 4096, 100_000])
    func aChunkedBodyArrivesWhole(chunk: Int) async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            let piece = String(repeating: "c", count: chunk)
            let chunks = (0..<9).map { _ in "\(String(chunk, radix: 16))\r\n\(piece)\r\n" }
            async let sent: Void = client.send(
                "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunks.joined() + "0\r\n\r\n" + get)
            let answers = ok("post /c " + String(repeating: "c", count: 9 * chunk)) + ok("get /a ")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            try await sent
            await client.close()
        }
    }

    @Test func aBodyCanBeReadPieceByPiece() async throws {
        let handler: Handler = { _, body, _ in
            var count = 0
            do throws(WireError) {
                while let piece = try await body.next() {
                    guard !piece.isEmpty else { return Response(.internalServerError) }
                    count += piece.count
                }
                guard try await body.next() == nil else { return Response(.internalServerError) }
            } catch {
                return Response(.badRequest)
            }
            return Response(.ok, body: .bytes(Array("\(count)".utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
                    + String(repeating: "x", count: 300_000))
            #expect(try await client.read(through: "300000") == ok("300000"))
            await client.close()
        }
    }

    /// A handler may read from wherever it likes; the reader finds its way to the loop.
    @Test func aBodyCanBeReadFromAnotherExecutor() async throws {
        let handler: Handler = { _, body, _ in
            let task = Task.detached { try await body.collect(upTo: 1_000_000).count }
            let count = (try? await task.value) ?? -1
            return Response(.ok, body: .bytes(Array("\(count)".utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
                    + String(repeating: "x", count: 200_000))
            #expect(try await client.read(through: "200000") == ok("200000"))
            await client.close()
        }
    }

    @Test func theClientIsToldToContinueOnlyWhenTheBodyIsWanted() async throws {
        let handler: Handler = { head, body, _ in
            guard head.target.segments == ["in"] else { return Response(.forbidden) }
            return await echo(head, body, Peer(address: ""))
        }
        try await withServer(handler: handler) { server in
            let request = "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            let welcome = try await Client(to: server.address)
            try await welcome.send("POST /in " + request)
            #expect(
                try await welcome.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await welcome.send("hi")
            #expect(try await welcome.read(through: "hi") == ok("post /in hi"))
            await welcome.close()

            let refused = try await Client(to: server.address)
            try await refused.send("POST /out " + request)
            let answer = try await refused.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
            await refused.close()
        }
    }

    @Test func aHeadRequestHasNoContent() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + get)
            let head = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            let answers = head + "Content-Length: 8\r\n\r\n" + ok("get /a ")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    @Test func anOldClientGetsItsAnswerAndTheEnd() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send("GET /a HTTP/1.0\r\n\r\n")
            #expect(
                try await client.readToEnd() == ok("get /a ", extra: "Connection: close\r\n"))
            await client.close()
        }
    }

    @Test func closeIsAnnouncedAndNothingAfterItIsAnswered() async throws {
        try await withServer { server in
            let client = try await Client(to: server.address)
            try await client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get)
            #expect(
                try await client.readToEnd() == ok("get /a ", extra: "Connection: close\r\n"))
            await client.close()
        }
    }

    @Test func aHalfClosedClientStillGetsItsAnswer() async throws {
        let gate = Gate()
        let handler: Handler = { _, _, _ in
            await gate.wait()
            return Response(.ok, body: .bytes(Array("late".utf8)))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send(get)
            try await client.finish()
            gate.open()
            #expect(try await client.readToEnd() == ok("late"))
            await client.close()
        }
    }

    @Test func aUnixSocketServesOnEveryLoop() async throws {
        let address = try SocketAddress(unixPath: "/tmp/muster-\(UInt32.random(in: 0...(.max)))")
        let server = try Server(
            address: address, loopCount: 2, limits: .forTests, wallClock: { 784_111_777_000 }
        ) { _, _, peer in Response(.ok, body: .bytes(Array(peer.address.utf8))) }
        let run = Task { try await server.run() }
        for _ in 0..<4 {
            let client = try await Client(to: address)
            try await client.send(get)
            #expect(try await client.read(through: "unix") == ok("unix"))
            await client.close()
        }
        await server.drain(within: .patience)
        try await run.value
    }
}

/// Keeps handlers waiting until a test opens it.
final class Gate: Sendable {
    private enum State {
        case closed([UnsafeContinuation<Void, Never>])
        case open
    }

    private let state = Mutex(State.closed([]))

    func wait() async {
        await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
            let isOpen = state.withLock { state in
                guard case .closed(let waiters) = state else { return true }
                state = .closed(waiters + [waiter])
                return false
            }
            if isOpen { waiter.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            guard case .closed(let waiters) = state else { return [] }
            state = .open
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

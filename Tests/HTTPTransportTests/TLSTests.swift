import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

/// The server with TLS; strangers' clients are in the end-to-end tests.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct TLSTests {
    private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    private static let context = Result {
        let made = try MadeUpCertificate()
        return try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
    }

    private func withTLSServer(
        loopCount: Int = 1, limits: TransportLimits = .forTests, handler: @escaping Handler = echo,
        _ body: (Server) async throws -> Void
    ) async throws {
        try await withServer(
            loopCount: loopCount, limits: limits, tls: try Self.context.get(), handler: handler,
            body)
    }

    @Test func requestsInOneRecordAreAnsweredInOrder() async throws {
        try await withTLSServer { server in
            let client = try await Client(to: server.address, tls: true)
            try await client.send(
                (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
            let answers = (0..<50).map { ok("get /\($0) ") }.joined()
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    @Test func aBodyOf8MiBComesAndGoesUnchanged() async throws {
        let mirror: Handler = { _, body, _ in
            do throws(WireError) {
                let bytes = try await body.collect(upTo: 8 << 20)
                return Response(.ok, body: .bytes(bytes.withUnsafeBytes { Array($0) }))
            } catch {
                return Response(error.status ?? .badRequest)
            }
        }
        try await withTLSServer(handler: mirror) { server in
            let client = try await Client(to: server.address, tls: true)
            let body = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 / 7 & 0x7F) }
            try await client.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
            try await client.send(body)
            let head = ok("").replacing("Length: 0", with: "Length: \(body.count)")
            let answer = try await client.read(count: head.utf8.count + body.count)
            #expect(answer.utf8.elementsEqual(Array(head.utf8) + body))
            await client.close()
        }
    }

    @Test func aHalfClosedClientStillGetsItsAnswer() async throws {
        try await withTLSServer { server in
            let client = try await Client(to: server.address, tls: true)
            try await client.send(get)
            try await client.finish()
            #expect(try await client.readToEnd() == ok("get /a "))
            await client.close()
        }
    }

    /// `close_notify` tells the client that this is all; without it reading would throw.
    @Test func theServerSaysThatItCloses() async throws {
        try await withTLSServer { server in
            let client = try await Client(to: server.address, tls: true)
            try await client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(
                try await client.readToEnd() == ok("get /a ", extra: "Connection: close\r\n"))
            await client.close()
        }
    }

    @Test func aBodyThatIsCutIsNoBody() async throws {
        let failures = AsyncStream<WireError>.makeStream()
        let handler: Handler = { _, body, _ in
            do throws(WireError) {
                _ = try await body.collect(upTo: 1000)
            } catch {
                failures.continuation.yield(error)
            }
            return Response(.ok)
        }
        try await withTLSServer(handler: handler) { server in
            for framing in [
                "Content-Length: 5\r\n\r\nabcd", "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
            ] {
                let client = try await Client(to: server.address, tls: true)
                try await client.send("POST / HTTP/1.1\r\nHost: x\r\n" + framing)
                await client.cut()
                #expect(await failures.stream.first { _ in true } == .disconnected)
            }
        }
    }

    // MARK: Handshakes

    @Test func whatIsNoHandshakeIsClosedAndCounted() async throws {
        try await withTLSServer { server in
            let plain = try await Client(to: server.address)
            try await plain.send(get)
            // OpenSSL has no alert for it.
            #expect(try await plain.readToEnd() == "")
            await plain.close()
            let client = try await Client(to: server.address, tls: true)
            try await client.send(get)
            #expect(try await client.read(through: "get /a ") == ok("get /a "))
            await client.close()
            #expect(server.failedHandshakeCount == 1)
        }
    }

    @Test func aHandshakeThatLastsIsClosedAtTheDeadline() async throws {
        try await withLongEnoughDelay { delay in
            var limits = TransportLimits.forTests
            limits.handshakeTimeout = delay
            var isInTime = false
            try await withTLSServer(limits: limits) { server in
                let began = MonotonicTime.now()
                let silent = try await Client(to: server.address)
                // In time, so it is served for as long as it likes.
                let client = try? await Client(to: server.address, tls: true)
                #expect(try await silent.readToEnd() == "")
                #expect(MonotonicTime.now().elapsed(since: began) >= delay)
                await silent.close()
                guard let client else { return }
                isInTime = true
                try await client.send(get)
                #expect(try await client.read(through: "get /a ") == ok("get /a "))
                #expect(server.failedHandshakeCount == 1)
                await client.close()
            }
            return isInTime
        }
    }

    @Test func beyondTheBoundTheOldestHandshakeGivesWay() async throws {
        var limits = TransportLimits.forTests
        limits.handshakesMax = 2
        try await withTLSServer(limits: limits) { server in
            let first = try await Client(to: server.address)
            let second = try await Client(to: server.address)
            while server.connectionCount < 2 { await Task.yield() }
            #expect(server.failedHandshakeCount == 0)
            let third = try await Client(to: server.address, tls: true)
            #expect(try await first.readToEnd() == "")
            // It is cut first, and counted when its task hears of it.
            while server.failedHandshakeCount < 1 { await Task.yield() }
            #expect(server.failedHandshakeCount == 1)
            // Two are under way or done: the second one's place was not needed.
            try await third.send(get)
            #expect(try await third.read(through: "get /a ") == ok("get /a "))
            #expect(server.connectionCount == 2)
            for client in [first, second, third] { await client.close() }
        }
    }

    @Test func atTheCapOfConnectionsAHandshakeIsTheFirstToGo() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 2
        try await withTLSServer(limits: limits) { server in
            let served = try await Client(to: server.address, tls: true)
            try await served.send(get)
            _ = try await served.read(through: "get /a ")
            let hanging = try await Client(to: server.address)
            let welcome = try await Client(to: server.address, tls: true)
            #expect(try await hanging.readToEnd() == "")
            for client in [served, welcome] {
                try await client.send(get)
                #expect(try await client.read(through: "get /a ") == ok("get /a "))
            }
            for client in [served, hanging, welcome] { await client.close() }
        }
    }

    /// A handshake to say 503 is what a server with too much to do must not spend.
    @Test func beyondTheCapWithoutAnIdleConnectionTheNewcomerIsClosed() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 1
        let started = Gate()
        let gate = Gate()
        let handler: Handler = { head, body, peer in
            started.open()
            await gate.wait()
            return await echo(head, body, peer)
        }
        try await withTLSServer(limits: limits, handler: handler) { server in
            let busy = try await Client(to: server.address, tls: true)
            try await busy.send(get)
            await started.wait()
            let refused = try await Client(to: server.address)
            #expect(try await refused.readToEnd() == "")
            #expect(server.refusedCount == 1)
            await refused.close()
            gate.open()
            #expect(try await busy.read(through: "get /a ") == ok("get /a "))
            await busy.close()
        }
    }

    @Test func aHandshakeDoesNotHoldUpTheStop() async throws {
        try await withTLSServer { server in
            let hanging = try await Client(to: server.address)
            while server.connectionCount < 1 { await Task.yield() }
            let began = MonotonicTime.now()
            await server.drain(within: .never)
            #expect(MonotonicTime.now().elapsed(since: began) < .patience)
            #expect(try await hanging.readToEnd() == "")
            await hanging.close()
        }
    }

    // MARK: Crowds

    /// Reproducible noise: whole records, halves, headers that lie.
    @Test func aThousandConnectionsOfNoiseHurtNobody() async throws {
        try await withTLSServer(loopCount: 2) { server in
            let address = server.address
            let loop = try EventLoop(label: "noise")
            try await Task(executorPreference: loop) {
                var seed: UInt64 = 42
                for round in 0..<1000 {
                    let stream = try await TCPStream.connect(
                        to: address, on: loop, by: .now().advanced(by: .patience))
                    var noise: [UInt8] = (0..<(round % 300 + 1)).map { _ in
                        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return UInt8(truncatingIfNeeded: seed >> 33)
                    }
                    let headers: [[UInt8]] = [
                        [], [22, 3, 1], [22, 3, 1, 0, 4, 1, 0, 0], [128, 46, 1], [21, 3, 3, 0, 2],
                    ]
                    noise.insert(contentsOf: headers[round % headers.count], at: 0)
                    try? await stream.write(noise, patience: .patience)
                    stream.close()
                }
            }.value
            await loop.shutDown()
            let client = try await Client(to: address, tls: true)
            try await client.send(get)
            #expect(try await client.read(through: "get /a ") == ok("get /a "))
            await client.close()
            while server.acceptedCount < 1001 || server.connectionCount > 0 { await Task.yield() }
            #expect(server.failedHandshakeCount == 1000)
        }
    }

    @Test func manyClientsAtOnceGetTheirOwnAnswers() async throws {
        try await withTLSServer(loopCount: 2) { server in
            let address = server.address
            try await withThrowingTaskGroup { group in
                for number in 0..<32 {
                    group.addTask {
                        let client = try await Client(to: address, tls: true)
                        for round in 0..<10 {
                            let body = String(repeating: "\(number)-", count: 1 + round * 900)
                            try await client.send(
                                "POST /\(round) HTTP/1.1\r\nHost: x\r\n"
                                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                            let answer = ok("post /\(round) \(body)")
                            #expect(try await client.read(count: answer.utf8.count) == answer)
                        }
                        await client.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.failedHandshakeCount == 0)
        }
    }
}

import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

/// Many connections, too many connections, and connections that die.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct CapacityTests {
    private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func beyondTheCapTheLongestIdleConnectionGoesFirst() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 2
        try await withServer(limits: limits) { server in
            let first = try await Client(to: server.address)
            try await first.send(get)
            _ = try await first.read(through: "get /a ")
            let second = try await Client(to: server.address)
            try await second.send(get)
            _ = try await second.read(through: "get /a ")
            // The first one has been idle for longer until now.
            try await first.send(get)
            _ = try await first.read(through: "get /a ")

            let third = try await Client(to: server.address)
            try await third.send(get)
            #expect(try await third.read(through: "get /a ") == ok("get /a "))
            #expect(try await second.readToEnd() == "")
            try await first.send(get)
            #expect(try await first.read(through: "get /a ") == ok("get /a "))
            #expect(server.connectionCount == 2)
            for client in [first, second, third] { await client.close() }
        }
    }

    @Test func aCrowdThatOnlyConnectsDoesNotPushOutWhoIsServed() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 2
        try await withServer(limits: limits) { server in
            let served = try await Client(to: server.address)
            try await served.send(get)
            _ = try await served.read(through: "get /a ")
            var crowd: [Client] = []
            for _ in 0..<4 { crowd.append(try await Client(to: server.address)) }
            for client in crowd.dropLast() { #expect(try await client.readToEnd() == "") }
            try await served.send(get)
            #expect(try await served.read(through: "get /a ") == ok("get /a "))
            for client in crowd + [served] { await client.close() }
        }
    }

    @Test func beyondTheCapWithoutAnIdleConnectionTheNewcomerHears503() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 1
        let started = Gate()
        let gate = Gate()
        let handler: Handler = { head, body, peer in
            started.open()
            await gate.wait()
            return await echo(head, body, peer)
        }
        try await withServer(limits: limits, handler: handler) { server in
            let busy = try await Client(to: server.address)
            try await busy.send(get)
            await started.wait()
            let refused = try await Client(to: server.address)
            try await refused.send(get)
            let answer = try await refused.readToEnd()
            #expect(status(answer) == 503)
            #expect(answer.contains("Retry-After: 1\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(server.refusedCount == 1)
            gate.open()
            #expect(try await busy.read(through: "get /a ") == ok("get /a "))
            // Now it is idle, and makes room.
            let welcome = try await Client(to: server.address)
            try await welcome.send(get)
            #expect(try await welcome.read(through: "get /a ") == ok("get /a "))
            for client in [busy, refused, welcome] { await client.close() }
        }
    }

    /// The first one is still reading its 503, and there is room for one.
    @Test func beyondTheRefusedTheNewcomerHearsNothing() async throws {
        var limits = TransportLimits.forTests
        limits.connectionsMax = 1
        limits.refusedConnectionsMax = 1
        let started = Gate()
        let gate = Gate()
        let handler: Handler = { head, body, peer in
            started.open()
            await gate.wait()
            return await echo(head, body, peer)
        }
        try await withServer(limits: limits, handler: handler) { server in
            let busy = try await Client(to: server.address)
            try await busy.send(get)
            await started.wait()
            let refused = try await Client(to: server.address)
            #expect(status(try await refused.readToEnd()) == 503)
            let unheard = try await Client(to: server.address)
            #expect(try await unheard.readToEnd() == "")
            #expect(server.refusedCount == 2)
            gate.open()
            for client in [busy, refused, unheard] { await client.close() }
        }
    }

    @Test(arguments: [
        (20_000, 4096, 64), (4256, 4096, 64), (4255, 4095, 64), (1024, 868, 62), (64, 28, 2),
        (33, 1, 0), (0, 1, 0),
    ])
    func connectionsFitTheDescriptors(descriptors: Int, served: Int, refused: Int) {
        var limits = TransportLimits()
        limits.fit(descriptors: descriptors, loopCount: 2)
        #expect(limits.connectionsMax == served)
        #expect(limits.refusedConnectionsMax == refused)
    }

    @Test func aThousandIdleConnectionsDoNotDelayARequest() async throws {
        let loop = try EventLoop(label: "idlers")
        try await withServer(loopCount: 2) { server in
            let address = server.address
            let idlers = try await Task(executorPreference: loop) {
                var streams: [TCPStream] = []
                for _ in 0..<1000 {
                    streams.append(
                        try await TCPStream.connect(
                            to: address, on: loop, by: .now().advanced(by: .patience)))
                }
                return streams
            }.value
            let client = try await Client(to: address)
            let began = MonotonicTime.now()
            try await client.send(get)
            #expect(try await client.read(through: "get /a ") == ok("get /a "))
            // It did not wait for one of them to go.
            #expect(MonotonicTime.now().elapsed(since: began) < .patience)
            // The other loop may still have some of the idlers to accept.
            let deadline = MonotonicTime.now().advanced(by: .patience)
            while server.acceptedCount < 1001, .now() < deadline { await Task.yield() }
            #expect(server.acceptedCount == 1001)
            await client.close()
            await loop.perform { for stream in idlers { stream.close() } }
        }
        await loop.shutDown()
    }

    @Test func manyClientsAtOnceGetTheirOwnAnswers() async throws {
        try await withServer(loopCount: 2) { server in
            let address = server.address
            try await withThrowingTaskGroup { group in
                for number in 0..<64 {
                    group.addTask {
                        let client = try await Client(to: address)
                        for round in 0..<20 {
                            let body = String(repeating: "\(number)-", count: 1 + round * 50)
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
            #expect(server.acceptedCount == 64)
        }
    }

    // MARK: Deaths

    /// The handler of a dead connection finishes, its answer goes nowhere, the others are served.
    @Test(arguments: [true, false])
    func aConnectionMayDieWhileItsHandlerIsSuspended(byReset: Bool) async throws {
        let started = Gate()
        let gate = Gate()
        let finished = Gate()
        let handler: Handler = { head, body, peer in
            if head.target.segments == ["slow"] {
                started.open()
                await gate.wait()
                finished.open()
            }
            return await echo(head, body, peer)
        }
        try await withServer(handler: handler) { server in
            let dying = try await Client(to: server.address)
            try await dying.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + get)
            await started.wait()
            if byReset { await dying.abort() } else { await dying.close() }
            let other = try await Client(to: server.address)
            for _ in 0..<3 {
                try await other.send(get)
                #expect(try await other.read(through: "get /a ") == ok("get /a "))
            }
            gate.open()
            await finished.wait()
            try await other.send(get)
            #expect(try await other.read(through: "get /a ") == ok("get /a "))
            await other.close()
        }
    }

    @Test func aConnectionMayDieInTheMiddleOfItsBody() async throws {
        let failures = AsyncStream<(WireError, isCutShort: Bool)>.makeStream()
        let handler: Handler = { _, body, _ in
            do throws(WireError) {
                _ = try await body.collect(upTo: 1_000_000)
            } catch {
                failures.continuation.yield((error, body.isCutShort))
            }
            return Response(.ok)
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nx")
            await client.abort()
            let failure = await failures.stream.first { _ in true }
            #expect(failure?.0 == .disconnected)
            #expect(failure?.isCutShort == true)
        }
    }
}

import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct DrainTests {
    private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    private func start(
        _ limits: TransportLimits = .forTests, handler: @escaping Handler = echo
    ) throws -> (Server, Task<Void, any Error>) {
        let server = try Server(
            address: SocketAddress(parsing: "127.0.0.1:0"), loopCount: 2, limits: limits,
            wallClock: { 784_111_777_000 }, handler: handler)
        return (server, Task { try await server.run() })
    }

    @Test func anIdleServerStopsAtOnce() async throws {
        let (server, run) = try start()
        let idle = try await Client(to: server.address)
        try await idle.send(get)
        _ = try await idle.read(through: "get /a ")
        await server.drain(within: .never)
        #expect(try await idle.readToEnd() == "")
        #expect(server.connectionCount == 0)
        try await run.value
        await idle.close()
    }

    @Test func aNewcomersFirstRequestIsStillAnswered() async throws {
        var limits = TransportLimits.forTests
        limits.drainClosingTimeout = .never
        let (server, run) = try start(limits)
        let newcomer = try await Client(to: server.address)
        while server.connectionCount < 1 { await Task.yield() }
        async let drained: Void = server.drain(within: .never)
        // Nobody listens any more: the end of the drain has begun.
        while let another = try? await Client(to: server.address) { await another.close() }
        try await newcomer.send(get)
        #expect(
            try await newcomer.readToEnd() == ok("get /a ", extra: "Connection: close\r\n"))
        await drained
        try await run.value
        await newcomer.close()
    }

    @Test func aNewcomerWithoutARequestDoesNotHoldUpTheStop() async throws {
        var limits = TransportLimits.forTests
        limits.drainClosingTimeout = .milliseconds(100)
        let (server, run) = try start(limits)
        let newcomer = try await Client(to: server.address)
        while server.connectionCount < 1 { await Task.yield() }
        let began = MonotonicTime.now()
        await server.drain(within: .never)
        #expect(MonotonicTime.now().elapsed(since: began) < .patience)
        #expect(try await newcomer.readToEnd() == "")
        try await run.value
        await newcomer.close()
    }

    /// Its client may take ten seconds for the rest, and Docker kills after ten.
    @Test func halfAHeadDoesNotHoldUpTheStop() async throws {
        let (server, run) = try start()
        let half = try await Client(to: server.address)
        try await half.send(get + "GET /b HT")
        _ = try await half.read(through: "get /a ")
        let began = MonotonicTime.now()
        await server.drain(within: .never)
        #expect(MonotonicTime.now().elapsed(since: began) < .patience)
        #expect(try await half.readToEnd() == "")
        try await run.value
        await half.close()
    }

    @Test func whatWasAcceptedIsAnswered() async throws {
        let started = Gate()
        let gate = Gate()
        let (server, run) = try start { head, body, peer in
            started.open()
            await gate.wait()
            return await echo(head, body, peer)
        }
        let client = try await Client(to: server.address)
        try await client.send(get)
        await started.wait()
        async let drained: Void = server.drain(within: .never)
        gate.open()
        let answer = try await client.readToEnd()
        // Whether the drain had begun when the answer was made is a race; that it ends is not.
        #expect(
            answer == ok("get /a ") || answer == ok("get /a ", extra: "Connection: close\r\n"))
        await drained
        try await run.value
        await client.close()
    }

    @Test func acceptingGoesOnForAWhileAndAnswersAnnounceTheEnd() async throws {
        try await withLongEnoughDelay { try await answersAnnounceTheEnd(acceptingFor: $0) }
    }

    /// False if the delay was over before all was asked.
    private func answersAnnounceTheEnd(acceptingFor delay: Duration) async throws -> Bool {
        var limits = TransportLimits.forTests
        limits.drainAcceptDelay = delay
        limits.drainClosingTimeout = .never
        let draining = Gate()
        let (server, run) = try start(limits)
        let kept = try await Client(to: server.address)
        try await kept.send(get)
        _ = try await kept.read(through: "get /a ")
        let drain = Task {
            draining.open()
            await server.drain(within: .never)
        }
        await draining.wait()
        var answer = ""
        // Until the drain has reached the loops, connections are still kept.
        while !answer.contains("Connection: close\r\n") {
            guard let late = try? await Client(to: server.address, sending: get) else { break }
            answer = (try? await late.read(through: "get /a ")) ?? ""
            if answer.contains("Connection: close\r\n") {
                #expect(try await late.readToEnd() == "")
            }
            await late.close()
            if answer.isEmpty { break }
        }
        try? await kept.send(get)
        // It is idle, and closed when nothing more is accepted.
        let last = try? await kept.readToEnd()
        await drain.value
        try await run.value
        await kept.close()
        guard !answer.isEmpty, let last, !last.isEmpty else { return false }
        #expect(last == ok("get /a ", extra: "Connection: close\r\n"))
        return true
    }

    /// It has its answer; what it goes on sending is thrown away.
    @Test(arguments: [true, false])
    func aRefusedClientDoesNotHoldUpTheStop(refusedBefore: Bool) async throws {
        var limits = TransportLimits.forTests
        limits.drainClosingTimeout = .milliseconds(100)
        let started = Gate()
        let gate = Gate()
        let (server, run) = try start(limits) { _, _, _ in
            started.open()
            await gate.wait()
            return Response(.unauthorized)
        }
        let client = try await Client(to: server.address)
        try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        await started.wait()
        if refusedBefore { gate.open() }
        let began = MonotonicTime.now()
        async let drained: Void = server.drain(within: .never)
        if refusedBefore { await drained } else { gate.open() }
        #expect(status(try await client.readToEnd()) == 401)
        await drained
        #expect(MonotonicTime.now().elapsed(since: began) < .patience)
        try await run.value
        await client.close()
    }

    @Test func aRefusedClientThatLeavesInTimeIsNotCut() async throws {
        var limits = TransportLimits.forTests
        limits.drainClosingTimeout = .never
        let (server, run) = try start(limits)
        let client = try await Client(to: server.address)
        try await client.send("GET / HTTP/1.1\r\n\r\n")
        #expect(status(try await client.readToEnd()) == 400)
        let drain = Task { await server.drain(within: .never) }
        // Not reset, although the drain has begun.
        for _ in 0..<20 { try await client.send("x") }
        let began = MonotonicTime.now()
        await client.close()
        await drain.value
        #expect(MonotonicTime.now().elapsed(since: began) < .patience)
        try await run.value
    }

    @Test func afterTheBoundTheRestIsCut() async throws {
        let started = Gate()
        let gate = Gate()
        let (server, run) = try start { _, _, _ in
            started.open()
            await gate.wait()
            return Response(.ok)
        }
        let client = try await Client(to: server.address)
        try await client.send(get)
        await started.wait()
        let began = MonotonicTime.now()
        await server.drain(within: .milliseconds(100))
        #expect(MonotonicTime.now().elapsed(since: began) >= .milliseconds(100))
        try await run.value
        #expect((try? await client.readToEnd()) ?? "" == "")
        gate.open()
        await client.close()
    }

    /// On a Unix socket, as a port that has become free is taken by the next test.
    @Test func afterADrainNobodyListens() async throws {
        let address = try SocketAddress(unixPath: "/tmp/muster-\(UInt32.random(in: 0...(.max)))")
        let server = try Server(address: address, limits: .forTests, handler: echo)
        let run = Task { try await server.run() }
        let client = try await Client(to: address)
        await client.close()
        await server.drain(within: .never)
        try await run.value
        await #expect(throws: PlatformError.self) { _ = try await Client(to: address) }
        await server.drain(within: .never)
    }
}

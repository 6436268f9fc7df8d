import HTTPTransport
import HTTPWire
import Platform
import Synchronization
import TestSupport
import Testing

/// Connections that a proxy has to introduce.
@Suite(.timeLimit(.minutes(30)))
struct ProxyTests {
    private let get = Array("GET /a HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    /// A connection from 192.0.2.7, port 4711, to 198.51.100.1, port 443.
    private let tcp4: [UInt8] =
        ProxyHeader.localBytes.prefix(12) + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1]
        + [0x12, 0x67, 0x01, 0xBB]

    private let who: Handler = { _, _, peer in
        Response(.ok, body: .bytes(Array(peer.address.utf8)))
    }

    /// Runs `body`, and returns why connections were closed meanwhile.
    @discardableResult
    private func withProxies(
        trusting block: String = "127.0.0.0/8", limits: TransportLimits = .forTests,
        wireLimits: WireLimits = WireLimits(),
        _ body: (Server) async throws -> Void
    ) async throws -> [ProxyRefusal] {
        let reasons = Reasons()
        var policy = ProxyPolicy()
        policy.protocol = .v2
        policy.trusted = TrustedProxies([try #require(AddressBlock(block))])
        policy.refused = { reason, _ in reasons.list.withLock { $0.append(reason) } }
        try await withServer(
            limits: limits, wireLimits: wireLimits, proxies: policy, handler: who, body)
        return reasons.list.withLock { $0 }
    }

    private final class Reasons: Sendable {
        let list = Mutex<[ProxyRefusal]>([])
    }

    @Test func theClientIsTheOneInTheHeader() async throws {
        let reasons = try await withProxies { server in
            let client = try await Client(to: server.address)
            try await client.send(tcp4 + get + get)
            let answers = ok("192.0.2.7") + ok("192.0.2.7")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            try await client.send(get)
            #expect(try await client.read(through: "192.0.2.7") == ok("192.0.2.7"))
            await client.close()
        }
        #expect(reasons.isEmpty)
    }

    @Test func theHeaderMayComeByteByByte() async throws {
        try await withProxies { server in
            let client = try await Client(to: server.address)
            for byte in tcp4 + get { try await client.send([byte]) }
            #expect(try await client.read(through: "192.0.2.7") == ok("192.0.2.7"))
            await client.close()
        }
    }

    @Test func aProxyThatSpeaksForItselfIsThePeer() async throws {
        try await withProxies { server in
            let client = try await Client(to: server.address)
            try await client.send(ProxyHeader.localBytes + get)
            #expect(try await client.read(through: "127.0.0.1") == ok("127.0.0.1"))
            await client.close()
        }
    }

    @Test func whoDoesNotIntroduceItselfIsClosedInSilence() async throws {
        let reasons = try await withProxies { server in
            let client = try await Client(to: server.address)
            try await client.send(get)
            #expect((try? await client.readToEnd()) ?? "" == "")
            await client.close()
        }
        #expect(reasons == [.badHeader(.noSignature)])
    }

    @Test func aStrangerIsClosedWhateverItSays() async throws {
        let reasons = try await withProxies(trusting: "10.0.0.0/8") { server in
            let client = try await Client(to: server.address)
            try? await client.send(tcp4 + get)
            #expect((try? await client.readToEnd()) ?? "" == "")
            await client.close()
        }
        #expect(reasons == [.untrustedAddress])
    }

    /// Neither silence nor a drip buys more time than a head has.
    @Test(arguments: [true, false])
    func aHeaderThatNeverEndsIsClosed(isDripping: Bool) async throws {
        var limits = TransportLimits.forTests
        limits.headerTimeout = .milliseconds(200)
        // More than can drip in that time.
        var wireLimits = WireLimits()
        wireLimits.proxyHeaderBytesMax = 65_551
        let reasons = try await withProxies(limits: limits, wireLimits: wireLimits) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                Array(tcp4.prefix(14)) + (isDripping ? [0xFF, 0xFF] : []))
            let drip = Task {
                while isDripping, !Task.isCancelled { try await client.send([0]) }
            }
            #expect((try? await client.readToEnd()) ?? "" == "")
            drip.cancel()
            await client.close()
        }
        #expect(reasons == [.timedOut])
    }

    @Test func aConnectionThatEndsInItsHeaderIsClosed() async throws {
        let reasons = try await withProxies { server in
            let client = try await Client(to: server.address)
            try await client.send(Array(tcp4.dropLast()))
            try await client.finish()
            #expect(try await client.readToEnd() == "")
            await client.close()
            while server.connectionCount > 0 { await Task.yield() }
        }
        #expect(reasons == [.disconnected])
    }

    @Test func withoutTheProtocolAHeaderIsABrokenRequest() async throws {
        try await withServer(handler: who) { server in
            let client = try await Client(to: server.address)
            try await client.send(tcp4 + get)
            #expect(status(try await client.readToEnd()) == 400)
            await client.close()
        }
    }

    /// A drain does not wait for those who have not said who they are.
    @Test func aHeaderThatIsUnderWayDoesNotHoldUpTheStop() async throws {
        try await withProxies { server in
            let client = try await Client(to: server.address)
            try await client.send(Array(tcp4.prefix(13)))
            while server.connectionCount == 0 { await Task.yield() }
            let began = MonotonicTime.now()
            await server.drain(within: .never)
            #expect(MonotonicTime.now().elapsed(since: began) < .patience)
            await client.close()
        }
    }
}

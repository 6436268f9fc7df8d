import HTTPWire
import Logging
import MetricsTestKit
import Routing
import Synchronization
import TestSupport
import Testing

@Suite struct RequestMetricsTests {
    private let metrics = TestMetrics()
    private let log = LogCapture()

    private func observe() -> Observe {
        var router = Router { _, _ in Response(.notFound) }
        router.on(.get, "/livez", always: Response(.ok))
        router.on(.get, "/people/:id") { request in
            Response(request.parameters["id"] == "nobody" ? .notFound : .ok)
        }
        router.on(.post, "/people/:id") { request in
            _ = try await request.body.next()
            return Response(.ok)
        }
        return Observe(
            router, ids: RequestID.Generator(prefix: "t-"), logger: log.logger(level: .warning),
            metrics: RequestMetrics(router.routes, by: metrics), nanoseconds: ticks())
    }

    /// A clock that advances by two milliseconds whenever it is asked.
    private func ticks() -> @Sendable () -> UInt64 {
        let time = Atomic<UInt64>(0)
        return { time.add(2_000_000, ordering: .relaxed).newValue }
    }

    private func head(_ method: Method, _ path: String) -> RequestHead {
        RequestHead(
            method: method,
            target: Target(segments: path.split(separator: "/").map(String.init)),
            version: .http11, headers: Headers([]))
    }

    private func count(_ method: String, _ route: String, _ status: String) -> Int64? {
        let labels = [("method", method), ("route", route), ("status", status)]
        return try? metrics.expectCounter(RequestMetrics.requests, labels).totalValue
    }

    @Test func answersAreCountedByPatternAndStatusAndTimed() async throws {
        let observe = observe()
        for path in ["/people/ida", "/people/ben", "/people/nobody", "/elsewhere/ida"] {
            _ = await observe.handler(
                head(.get, path), ArrayBody(), Peer(address: "192.0.2.1"))
        }
        #expect(count("GET", "/people/:id", "200") == 2)
        #expect(count("GET", "/people/:id", "404") == 1)
        #expect(count("other", "none", "404") == 1)
        let labels = [("method", "GET"), ("route", "/people/:id")]
        let timer = try metrics.expectTimer(RequestMetrics.duration, labels)
        #expect(timer.values == [2_000_000, 2_000_000, 2_000_000])
        #expect(
            metrics.recorders.isEmpty && metrics.counters.count == 3 && metrics.timers.count == 2)
    }

    @Test func anAnswerThatIsAlwaysAtHandIsCountedWhicheverWayItTakes() async throws {
        let observe = observe()
        let peer = Peer(address: "192.0.2.1")
        #expect(observe.immediate(head(.get, "/livez"), peer) != nil)
        _ = await observe.handler(head(.get, "/livez"), ArrayBody(), peer)
        #expect(count("GET", "/livez", "200") == 2)
    }

    @Test func aClientThatLeftHasNoStatus() async throws {
        _ = await observe().handler(
            head(.post, "/people/ida"), ArrayBody([], failure: .disconnected),
            Peer(address: "192.0.2.1"))
        #expect(count("POST", "/people/:id", "none") == 1)
    }

    @Test func whatIsNoRequestIsCountedToo() {
        let own = RequestMetrics([], by: metrics)
        own.noteMalformed(.badRequest)
        #expect(count("other", "none", "400") == 1)
    }
}

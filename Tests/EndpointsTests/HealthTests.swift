import Audiences
import Endpoints
import HTTPWire
import Synchronization
import TestSupport
import Testing

@Suite struct HealthTests {
    @Test func aliveNeedsNoStore() async throws {
        let house = House(syncs: FaultyProbe(fails: true))
        let answer = try await house.send(.get, "/livez")
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"alive"}"#)
    }

    @Test(arguments: ["/readyz", "/healthz"])
    func readyProvesThatTheStoreCanWrite(path: String) async throws {
        #expect(try await House().send(.get, path).status == 200)
        let broken = House(syncs: FaultyProbe(fails: true))
        let answer = try await broken.send(.get, path)
        #expect(answer.status == 503)
        #expect(answer.text == #"{"status":"store"}"#)
    }

    @Test func aDrainingServerIsNotReadyButAlive() async throws {
        let house = House()
        house.readiness.draining()
        #expect(try await house.send(.get, "/readyz").text == #"{"status":"draining"}"#)
        #expect(try await house.send(.get, "/readyz").status == 503)
        #expect(try await house.send(.get, "/livez").status == 200)
    }

    @Test func untilItHasStartedItIsNotReady() async {
        let readiness = Readiness(now: { Timestamp(milliseconds: 0) }, check: { _ in })
        #expect(await readiness.state() == .starting)
        readiness.started()
        #expect(await readiness.state() == .ready)
        readiness.draining()
        readiness.started()
        #expect(await readiness.state() == .draining)
    }

    @Test func aProofIsGoodForHalfASecond() async throws {
        let probe = FaultyProbe(fails: false)
        let house = House(syncs: probe)
        for _ in 0..<10 { _ = try await house.send(.get, "/readyz") }
        #expect(probe.count == 1)
        house.clock.advance(milliseconds: 500)
        _ = try await house.send(.get, "/readyz")
        #expect(probe.count == 1)
        house.clock.advance(milliseconds: 1)
        _ = try await house.send(.get, "/readyz")
        #expect(probe.count == 2)
    }

    @Test func aClockThatWentBackMakesANewProof() async throws {
        let probe = FaultyProbe(fails: false)
        let house = House(syncs: probe)
        _ = try await house.send(.get, "/readyz")
        house.clock.advance(milliseconds: -3_600_000)
        _ = try await house.send(.get, "/readyz")
        #expect(probe.count == 2)
    }
}

/// Counts the proofs it is asked for.
private final class FaultyProbe: SyncStore {
    private let fails: Bool
    private let asked = Mutex(0)

    init(fails: Bool) {
        self.fails = fails
    }

    var count: Int { asked.withLock { $0 } }

    func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> SyncOutcome {
        throw Failure(.unavailable, "No.")
    }

    func tidy(at now: Timestamp) async throws(Failure) -> Bool { false }

    func checkWritable(at now: Timestamp) async throws(Failure) {
        asked.withLock { $0 += 1 }
        if fails { throw Failure(.unavailable, "No.") }
    }
}

import Audiences
import Testing

@Suite struct FreshnessTests {
    static let patience = Limits.heartbeatsMissedMax * Limits.heartbeatMilliseconds
    let synced = Timestamp(milliseconds: 1_000_000_000)

    private func at(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: synced.milliseconds + milliseconds)
    }

    @Test func nothingCompleteYetIsFilling() {
        #expect(Freshness(asOf: nil).status(at: synced) == .filling)
    }

    @Test func threeHeartbeatsLongItIsLive() {
        let freshness = Freshness(asOf: synced)
        #expect(freshness.status(at: at(0)) == .live)
        #expect(freshness.status(at: at(Self.patience)) == .live)
        #expect(freshness.status(at: at(Self.patience + 1)) == .stale)
    }

    @Test func aClockThatWentBackMakesNothingStale() {
        #expect(Freshness(asOf: synced).status(at: at(-3_600_000)) == .live)
    }

    @Test func heldBeatsTheRest() {
        #expect(Freshness(asOf: nil, isHeld: true).status(at: synced) == .held)
        #expect(Freshness(asOf: synced, isHeld: true).status(at: synced) == .held)
    }
}

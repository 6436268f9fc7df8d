import Platform
import Testing

@testable import HTTPTransport

/// Slow peers, on a clock that moves when told.
@Suite struct PaceTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func patience(_ pace: Pace) -> Duration {
        pace.deadline(start).elapsed(since: start)
    }

    @Test func silenceEndsWithTheGrace() {
        var pace = Pace(grace: .seconds(5), silenceMax: .seconds(20), bytesPerSecondMin: 500)
        #expect(patience(pace) == .seconds(5))
        pace.moved(0, in: .seconds(4))
        #expect(patience(pace) == .seconds(1))
        pace.moved(0, in: .seconds(2))
        #expect(patience(pace) == .zero)
    }

    /// At the least pace the purse stays as it is; a little below it empties.
    @Test(arguments: [(500, 5.0), (501, 5.2), (499, 4.8), (400, 0)])
    func thePaceIsTheConfiguredOne(bytes: Int, left: Double) {
        var pace = Pace(grace: .seconds(5), silenceMax: .seconds(20), bytesPerSecondMin: 500)
        for _ in 0..<100 { pace.moved(bytes, in: .seconds(1)) }
        #expect(abs(patience(pace) / .seconds(1) - left) < 0.9)
        #expect((patience(pace) > .seconds(5)) == (bytes > 500))
    }

    @Test func speedEarnsNoMoreSilenceThanTheMost() {
        var pace = Pace(grace: .seconds(5), silenceMax: .seconds(20), bytesPerSecondMin: 500)
        pace.moved(7_500, in: .zero)
        #expect(patience(pace) == .seconds(20))
        pace.moved(1, in: .zero)
        pace.moved(.max, in: .zero)
        #expect(patience(pace) == .seconds(20))
    }

    @Test func aGraceBeyondTheMostStands() {
        let pace = Pace(grace: .seconds(30), silenceMax: .seconds(20), bytesPerSecondMin: 0)
        #expect(patience(pace) == .seconds(30))
    }
}

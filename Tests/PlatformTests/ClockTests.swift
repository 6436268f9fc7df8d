import Platform
import Testing

struct ClockTests {
    @Test func monotonicTimeDoesNotGoBack() {
        let first = MonotonicTime.now()
        #expect(MonotonicTime.now() >= first)
    }

    @Test func movingPastTheEndOfTimeIsNever() {
        #expect(MonotonicTime(nanoseconds: .max - 1).advanced(by: .seconds(1)) == .never)
        #expect(MonotonicTime.now().advanced(by: .seconds(Int64.max)) == .never)
    }

    @Test func negativeDurationsMoveNothing() {
        let now = MonotonicTime.now()
        #expect(now.advanced(by: .seconds(-5)) == now)
        #expect(now.elapsed(since: now.advanced(by: .seconds(1))) == .zero)
    }

    @Test func elapsedTimeIsTheDifference() {
        let now = MonotonicTime.now()
        #expect(now.advanced(by: .milliseconds(1500)).elapsed(since: now) == .milliseconds(1500))
    }

    @Test func wallTimeIsMillisecondsOfThisCentury() {
        let milliseconds = WallClock.millisecondsSince1970()
        #expect(milliseconds > 1_700_000_000_000 && milliseconds < 4_000_000_000_000)
    }
}

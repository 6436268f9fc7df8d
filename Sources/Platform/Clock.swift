/// A point on the clock that never jumps (CLOCK_MONOTONIC): what every deadline is measured on.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Later than any time a clock will show: no deadline.
    package static let never = MonotonicTime(nanoseconds: .max)

    package static func now() -> MonotonicTime {
        MonotonicTime(nanoseconds: Syscalls.monotonicNanoseconds())
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// This time moved forward; saturates at ``never`` and ignores a negative duration.
    package func advanced(by duration: Duration) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return overflow ? .never : MonotonicTime(nanoseconds: sum)
    }

    /// How long ago `earlier` was; zero if it has not come yet.
    package func elapsed(since earlier: MonotonicTime) -> Duration {
        guard nanoseconds > earlier.nanoseconds else { return .zero }
        return .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds))
    }
}

extension Duration {
    /// Whole nanoseconds: negative durations are zero, those of centuries the largest number.
    package var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return carry ? .max : sum
    }
}

/// The clock on the wall, which may jump; never used for a deadline.
package enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static func millisecondsSince1970() -> Int64 {
        Syscalls.wallMilliseconds()
    }
}

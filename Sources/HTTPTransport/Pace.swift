import Platform

/// How much longer a slow peer may be waited for.
///
/// A purse of time: it begins with a grace, waiting spends it, every byte puts some back, and it
/// never holds more than the longest silence allowed. So a peer that stalls, one that drips and
/// one that was fast and stops are all cut, and one that keeps the pace never is.
struct Pace {
    private var purse: Duration
    private let silenceMax: Duration
    private let perByte: Duration

    /// - Parameters:
    ///   - grace: what the purse begins with.
    ///   - silenceMax: the most it holds, if that is more than `grace`.
    ///   - bytesPerSecondMin: the pace that puts back what waiting spends.
    init(grace: Duration, silenceMax: Duration, bytesPerSecondMin: Int) {
        purse = grace
        self.silenceMax = max(grace, silenceMax)
        perByte = .seconds(1) / max(1, bytesPerSecondMin)
    }

    /// Until when a wait that begins `now` may last.
    func deadline(_ now: MonotonicTime) -> MonotonicTime {
        now.advanced(by: purse)
    }

    /// A wait of `time` ended with `bytes` moved.
    mutating func moved(_ bytes: Int, in time: Duration) {
        purse = min(silenceMax, max(.zero, purse - time) + perByte * min(bytes, 1 << 30))
    }
}

/// The spread of a list of durations.
struct Latency: Sendable, Hashable {
    let median: Duration
    let percentile99: Duration
    let longest: Duration

    /// Sorts `durations`; `nil` if there are none.
    init?(_ durations: [Duration]) {
        let sorted = durations.sorted()
        guard let longest = sorted.last else { return nil }
        self.longest = longest
        median = sorted.nearestRank(percent: 50)
        percentile99 = sorted.nearestRank(percent: 99)
    }
}

extension [Duration] {
    /// The smallest element that so many percent of all do not exceed; the list is sorted and
    /// not empty.
    fileprivate func nearestRank(percent: Int) -> Duration {
        let rank = (count * percent + 99) / 100
        return self[Swift.min(Swift.max(rank, 1), count) - 1]
    }
}

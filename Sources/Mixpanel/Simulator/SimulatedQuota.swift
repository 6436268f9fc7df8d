internal import Audiences

/// Mixpanel's limit of queries on one project: so many within an hour, and so many at once.
struct SimulatedQuota: Sendable {
    /// When each query of the last hour began and ended.
    private var queries: [(begin: Timestamp, end: Timestamp)] = []

    static let windowMilliseconds: Int64 = 3_600_000

    /// Takes a query that lasts for `delay`.
    ///
    /// - Returns: `nil` if it is allowed; else how long to wait, in whole seconds.
    mutating func take(
        at now: Timestamp, lasting delay: Duration, perHour: Int, atOnce: Int,
        perSecond: Int? = nil
    ) -> Int64? {
        queries.removeAll { now.since($0.begin) >= Self.windowMilliseconds }
        guard queries.count < perHour else {
            let oldest = queries.first?.begin ?? now
            return max(1, (Self.windowMilliseconds - now.since(oldest) + 999) / 1000)
        }
        guard queries.count(where: { now < $0.end }) < atOnce else { return 1 }
        if let perSecond, queries.count(where: { now.since($0.begin) < 1000 }) >= perSecond {
            return 1
        }
        let milliseconds = delay.components.seconds * 1000
        queries.append((now, Timestamp(milliseconds: now.milliseconds + max(0, milliseconds))))
        return nil
    }
}

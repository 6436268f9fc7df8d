package import CoreMetrics

/// How the one writer does.
package struct StoreMetrics: Sendable {
    package static let commit = "muster_store_commit_duration_seconds"
    package static let writes = "muster_store_writes_total"
    package static let failures = "muster_store_commits_failed_total"

    private let commit: CoreMetrics.Timer
    private let writes: Counter
    private let failures: Counter

    package init(_ factory: any MetricsFactory) {
        commit = CoreMetrics.Timer(label: Self.commit, factory: factory)
        writes = Counter(label: Self.writes, factory: factory)
        failures = Counter(label: Self.failures, factory: factory)
    }

    /// Notes a transaction that is on the disk.
    func committed(_ writes: Int, since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        commit.recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        self.writes.increment(by: writes)
    }

    func failed() { failures.increment() }
}

import Audiences
import Logging
import Synchronization

/// What the writer tells the operator, and counts.
final class WriteLog: Sendable {
    /// What the writer has done since the store was opened.
    struct Counts: Sendable, Hashable {
        var transactions = 0
        var writes = 0
    }

    private let logger: Logger
    private let metrics: StoreMetrics
    private let counted = Mutex(Counts())

    init(_ logger: Logger, _ metrics: StoreMetrics) {
        self.logger = logger
        self.metrics = metrics
    }

    var counts: Counts { counted.withLock { $0 } }

    func committed(_ writes: Int, since start: ContinuousClock.Instant) {
        metrics.committed(writes, since: start)
        counted.withLock { counts in
            counts.transactions += 1
            counts.writes += writes
        }
    }

    func failed() { metrics.failed() }

    func stopped(_ failure: Failure) {
        logger.critical(
            "store stopped writing",
            metadata: [
                "error.code": "\(failure.code.rawValue)", "error.detail": "\(failure.detail)",
            ])
    }
}

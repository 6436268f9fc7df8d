import Audiences
import Logging
import Mixpanel
import ServiceLifecycle

/// Works on reconciliations while there are any, one at a time.
///
/// A command beside the server may do the same: the store gives each to one of them.
struct Reconciling: Service {
    let reconciler: Reconciler
    let logger: Logger

    /// How often to look whether one is due: nobody waits for less than a query, which takes
    /// seconds.
    static let period = Duration.seconds(1)
    /// The pause between two steps of comparing or mending, so that pages always get in between.
    static let pause = Duration.milliseconds(5)

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await work() }
    }

    /// Goes on until the task is cancelled.
    func work() async throws {
        while !Task.isCancelled {
            if await !step() { try await Task.sleep(for: Self.period) }
        }
    }

    /// False if nothing was due, or the store is in trouble.
    private func step() async -> Bool {
        do {
            guard let outcome = try await reconciler.work() else { return false }
            log(outcome)
            return true
        } catch {
            guard !Task.isCancelled else { return false }
            logger.warning(
                "reconciling failed",
                metadata: [
                    "error.code": .string(error.code.rawValue),
                    "error.message": .string(error.message),
                    "error.detail": .string(error.detail),
                ])
            return false
        }
    }

    private func log(_ outcome: ReconciliationOutcome) {
        var metadata: Logger.Metadata = ["reconciliation.id": .string(outcome.id.text)]
        metadata["message"] = outcome.message.map { .string($0) }
        switch outcome.status {
        case .failed: logger.warning("reconciliation failed", metadata: metadata)
        case .finished: logger.notice("reconciliation finished", metadata: metadata)
        case nil: logger.info("reconciliation taken away", metadata: metadata)
        case .waiting, .reading, .repairing, .cancelled:
            logger.info("reconciliation waits", metadata: metadata)
        }
    }
}

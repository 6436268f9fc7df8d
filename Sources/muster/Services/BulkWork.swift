import Audiences
import Logging
import Mixpanel
import ServiceLifecycle

/// Works on bulk jobs while there are any, one at a time: all of them wait for the same quota.
struct BulkWork: Service {
    let runner: BulkRunner
    let logger: Logger

    /// How often to look whether one is due.
    static let period = Duration.seconds(1)
    /// How often to look for files that nobody needs any more.
    static let tidyingPeriod = Duration.seconds(3600)

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await work() }
    }

    /// Goes on until the task is cancelled.
    func work() async throws {
        let clock = ContinuousClock()
        var tidyAt = clock.now
        while !Task.isCancelled {
            if clock.now >= tidyAt {
                await tidy()
                tidyAt = clock.now.advanced(by: Self.tidyingPeriod)
            }
            if await !step() { try await Task.sleep(for: Self.period) }
        }
    }

    private func tidy() async {
        do {
            try await runner.tidy()
        } catch {
            warn("removing old bulk files failed", error)
        }
    }

    /// False if nothing was due, or the store is in trouble.
    private func step() async -> Bool {
        do {
            guard let outcome = try await runner.work() else { return false }
            log(outcome)
            return true
        } catch {
            guard !Task.isCancelled else { return false }
            warn("bulk work failed", error)
            return false
        }
    }

    private func warn(_ event: Logger.Message, _ failure: Failure) {
        logger.warning(
            event,
            metadata: [
                "error.code": .string(failure.code.rawValue),
                "error.message": .string(failure.message),
                "error.detail": .string(failure.detail),
            ])
    }

    private func log(_ outcome: BulkOutcome) {
        var metadata: Logger.Metadata = ["bulk.id": .stringConvertible(outcome.id)]
        switch outcome.stop {
        case .completed: logger.notice("bulk job completed", metadata: metadata)
        case .aborted(let message):
            metadata["message"] = .string(message)
            logger.warning("bulk job aborted", metadata: metadata)
        case .waits(let message, _):
            metadata["message"] = message.map { .string($0) }
            logger.info("bulk job waits", metadata: metadata)
        case .lost, .store: logger.info("bulk job taken away", metadata: metadata)
        }
    }
}

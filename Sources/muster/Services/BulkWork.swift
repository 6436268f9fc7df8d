import Audiences
import Logging
import Mixpanel
import ServiceLifecycle

/// Works on bulk jobs while there are any, a few at a time: most of them wait for Mixpanel, and
/// pages come first.
struct BulkWork: Service {
    /// Each works on one job at a time.
    let runners: [BulkRunner]
    let logger: Logger

    /// A large export is no reason for another organization to wait; two leave most of the machine
    /// to everything else.
    static let jobsAtOnceMax = 2
    /// How often to look whether one is due.
    static let period = Duration.seconds(1)
    /// How often to look for files that nobody needs any more.
    static let tidyingPeriod = Duration.seconds(3600)

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await work() }
    }

    /// Goes on until the task is cancelled.
    func work() async throws {
        await withDiscardingTaskGroup { tasks in
            for runner in runners { tasks.addTask { await work(by: runner) } }
            if let runner = runners.first { tasks.addTask { await tidy(by: runner) } }
        }
    }

    private func work(by runner: BulkRunner) async {
        while !Task.isCancelled {
            if await !step(of: runner) { try? await Task.sleep(for: Self.period) }
        }
    }

    private func tidy(by runner: BulkRunner) async {
        while !Task.isCancelled {
            do throws(Failure) {
                try await runner.tidy()
            } catch {
                if !Task.isCancelled { warn("removing old bulk files failed", error) }
            }
            try? await Task.sleep(for: Self.tidyingPeriod)
        }
    }

    /// False if nothing was due, or the store is in trouble.
    private func step(of runner: BulkRunner) async -> Bool {
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

    private func warn(
        _ event: Logger.Message, _ failure: Failure, _ metadata: Logger.Metadata = [:]
    ) {
        let error: Logger.Metadata = [
            "error.code": .string(failure.code.rawValue),
            "error.message": .string(failure.message),
            "error.detail": .string(failure.detail),
        ]
        logger.warning(event, metadata: metadata.merging(error) { old, _ in old })
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
        case .disk(let failure, _): warn("a bulk file can't be written", failure, metadata)
        case .lost, .store: logger.info("bulk job taken away", metadata: metadata)
        }
    }
}

import Audiences
import Logging
import ServiceLifecycle

/// Lets the store tidy up: expire what never came, remove what nobody needs any more.
struct Housekeeping: Service {
    let store: any SyncStore
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// How often to look: a reader of the change feed waits this long for a replacement.
    static let period = Duration.seconds(1)
    /// The pause between two steps, so that pages always get in between.
    static let pause = Duration.milliseconds(5)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await Task.sleep(for: await step() ? Self.pause : Self.period)
            }
        }
    }

    /// True if more is due at once.
    private func step() async -> Bool {
        do {
            return try await store.tidy(at: now())
        } catch {
            logger.warning(
                "housekeeping failed",
                metadata: [
                    "error.code": .string(error.code.rawValue),
                    "error.message": .string(error.message),
                    "error.detail": .string(error.detail),
                ])
            return false
        }
    }
}

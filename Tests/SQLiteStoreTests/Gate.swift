import Foundation
import TestSupport

/// Blocks a queue until it is opened; for the writer's queue only, never for a task.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }

    /// False if it was not opened in that time: for a test that would wait for ever if it fails.
    func waitWithPatience() -> Bool {
        let seconds = Int(Duration.patience.components.seconds)
        return semaphore.wait(timeout: .now() + .seconds(seconds)) == .success
    }

    func open() { semaphore.signal() }
}

func size(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
}

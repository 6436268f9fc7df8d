import Foundation

/// Blocks a queue until it is opened; for the writer's queue only, never for a task.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }

    /// False if it was not opened in that time: for a test that would wait for ever if it fails.
    func wait(secondsMax: Int) -> Bool {
        semaphore.wait(timeout: .now() + .seconds(secondsMax)) == .success
    }

    func open() { semaphore.signal() }
}

func size(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
}

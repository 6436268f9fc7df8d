import Synchronization

/// Wakes those who wait for changes after a commit that wrote some.
///
/// Only commits of this process ring it; who waits has to look by themselves now and then.
final class ChangeBell: Sendable {
    /// How often a waiter looks for what another process wrote.
    static let pollingPeriod = Duration.seconds(1)

    private struct Waiter {
        let sequence: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        /// The latest change this process knows of.
        var latest: Int64 = 0
        var nextID = 0
        var waiters: [Int: Waiter] = [:]
        /// Waiters that were cancelled before they were there.
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Tells that the feed reaches to `sequence`.
    func ring(_ sequence: Int64) {
        let woken = state.withLock { state -> [Waiter] in
            guard sequence > state.latest else { return [] }
            state.latest = sequence
            let woken = state.waiters.filter { $0.value.sequence < sequence }
            for id in woken.keys { state.waiters[id] = nil }
            return Array(woken.values)
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Returns when the bell rings for a change after `sequence`, after `limit`, or when the task
    /// is cancelled.
    func wait(after sequence: Int64, for limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: sequence) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(after sequence: Int64) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.latest > sequence || state.cancelled.remove(id) != nil { return true }
                    state.waiters[id] = Waiter(sequence: sequence, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
            state.withLock { _ = $0.cancelled.remove(id) }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state in
            let waiter = state.waiters.removeValue(forKey: id)
            if waiter == nil { state.cancelled.insert(id) }
            return waiter
        }
        waiter?.continuation.resume()
    }

    /// How many wait.
    var waiterCount: Int { state.withLock { $0.waiters.count } }
}

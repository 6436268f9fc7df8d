import Synchronization

/// Does what takes long one at a time, behind a short queue, and never on an event loop.
final class SlowLane: Sendable {
    /// How many may wait: those at the end for about a second, well within Mixpanel's patience.
    static let waitingMax = 8

    /// There are too many; it was not tried.
    struct Full: Error {}

    private struct State {
        var isBusy = false
        /// In the order they came.
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// - Throws: ``Full``, or what `work` throws.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await enter()
        defer { leave() }
        // A request's task prefers the executor of its loop, which would stand still meanwhile.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await Self.elsewhere(work)
        }
    }

    /// Leaves the caller's executor for the one that is preferred.
    @concurrent private static func elsewhere<Value: Sendable>(
        _ work: @Sendable () throws -> Value
    ) async throws -> Value {
        try work()
    }

    /// Waits for its turn, or throws ``Full``; whoever has returned from here must ``leave()``.
    func enter() async throws {
        let isAdmitted = await withCheckedContinuation { turn in
            let answer: Bool? = state.withLock { state in
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                guard state.waiting.count < Self.waitingMax else { return false }
                state.waiting.append(turn)
                return nil
            }
            if let answer { turn.resume(returning: answer) }
        }
        guard isAdmitted else { throw Full() }
    }

    /// Hands the lane to the next, without a moment in which it is free.
    func leave() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return CheckedContinuation<Bool, Never>?.none
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: true)
    }
}

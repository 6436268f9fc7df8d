package import Audiences
import Synchronization

/// Whether traffic should be sent here, and the one word why not.
package final class Readiness: Sendable {
    package enum State: String, Sendable, Hashable {
        case ready
        /// Not listening in earnest yet.
        case starting
        /// Told to stop; what is in flight is being finished.
        case draining
        /// The store can't take a write.
        case store
    }

    /// How long one proof that the store can write is good for.
    ///
    /// Anybody may ask, so asking must not cost an fsync each time; a full disk must still show
    /// within a second.
    static let proofMillisecondsMax: Int64 = 500

    private struct Facts {
        var phase = State.starting
        var provedAt: Timestamp?
        var canWrite = false
    }

    private let facts = Mutex(Facts())
    private let check: @Sendable (Timestamp) async throws -> Void
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - now: the clock.
    ///   - check: throws if the store can't write.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        check: @escaping @Sendable (Timestamp) async throws -> Void
    ) {
        self.now = now
        self.check = check
    }

    package func started() {
        facts.withLock { if $0.phase == .starting { $0.phase = .ready } }
    }

    /// From now on not ready, whatever the store can do.
    package func draining() {
        facts.withLock { $0.phase = .draining }
    }

    /// Whether the server was told to stop: answers that wait for something must come now.
    package var isDraining: Bool {
        facts.withLock { $0.phase == .draining }
    }

    package func state() async -> State {
        let asked = now()
        let known: State? = facts.withLock { facts in
            guard facts.phase == .ready else { return facts.phase }
            guard let provedAt = facts.provedAt,
                (0...Self.proofMillisecondsMax).contains(asked.since(provedAt))
            else { return nil }
            return facts.canWrite ? .ready : .store
        }
        if let known { return known }
        var canWrite = true
        do {
            try await check(asked)
        } catch {
            canWrite = false
        }
        return facts.withLock { facts in
            facts.provedAt = asked
            facts.canWrite = canWrite
            guard facts.phase == .ready else { return facts.phase }
            return canWrite ? .ready : .store
        }
    }
}

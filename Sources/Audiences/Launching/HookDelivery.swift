/// One event on its way to a hook.
package struct HookDelivery: Sendable, Hashable {
    /// `webhook-id`; the same in every attempt.
    package var id: HookDeliveryID
    package var connectionID: ConnectionID
    package var kind: HookEvent.Kind
    package var createdAt: Timestamp
    /// Since when it is being tried: since it was created, or last asked for again.
    package var queuedAt: Timestamp
    package var status: Status
    /// Since ``queuedAt``.
    package var attempts: Int
    /// When it is tried (again); `nil` if it is not.
    package var nextAttemptAt: Timestamp?
    package var lastAttemptAt: Timestamp?
    /// The status of the last answer; `nil` if there was none.
    package var lastAnswer: Int?
    /// One sentence, if the last attempt failed.
    package var lastProblem: String?

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case waiting
        case delivered
        /// Given up after ``Limits/hookPatienceMilliseconds``, or because the hook answered 410.
        case failed
    }

    /// A new one, due at once.
    package init(
        id: HookDeliveryID, connectionID: ConnectionID, kind: HookEvent.Kind,
        createdAt: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.kind = kind
        self.createdAt = createdAt
        queuedAt = createdAt
        status = .waiting
        attempts = 0
        nextAttemptAt = createdAt
    }

    // MARK: Attempts

    /// Takes over how an attempt ended.
    ///
    /// - Parameters:
    ///   - attempt: what came of it.
    ///   - now: when it ended.
    ///   - jitter: 0...1, at random: what failed together is not to be tried again together.
    package mutating func note(_ attempt: HookAttempt, at now: Timestamp, jitter: Double) {
        attempts += 1
        lastAttemptAt = now
        lastAnswer = attempt.answer
        lastProblem = attempt.problem
        nextAttemptAt = nil
        if attempt.isTaken { return status = .delivered }
        let pause = max(
            Self.pause(afterAttempts: attempts, jitter: jitter),
            min(attempt.retryAfterMilliseconds ?? 0, Limits.hookRetryAfterMillisecondsMax))
        let next = Timestamp(milliseconds: now.milliseconds + pause)
        if isGone || next.since(queuedAt) > Limits.hookPatienceMilliseconds {
            return status = .failed
        }
        status = .waiting
        nextAttemptAt = next
    }

    /// Whether the last answer was "410 Gone".
    package var isGone: Bool { lastAnswer == 410 }

    /// Is to be tried again from the beginning, as if it had never been.
    package mutating func replay(at now: Timestamp) {
        self = HookDelivery(
            id: id, connectionID: connectionID, kind: kind, createdAt: createdAt)
        queuedAt = now
        nextAttemptAt = now
    }

    /// Is never tried again, for there is nothing left to be told.
    package mutating func giveUp(_ problem: String) {
        status = .failed
        nextAttemptAt = nil
        lastProblem = problem
    }

    /// How long to wait after so many failed attempts: 5 s, then doubling to 6 hours, so that three
    /// days hold about 20 attempts; and by the jitter up to a quarter more.
    package static func pause(afterAttempts attempts: Int, jitter: Double) -> Int64 {
        let doublings = min(max(attempts - 1, 0), 13)
        let pause = min(Int64(5000) << Int64(doublings), 6 * 3_600_000)
        return pause + Int64(Double(pause / 4) * min(max(jitter, 0), 1))
    }

    /// Why nothing can be told: the person was erased, or the change is older than the feed.
    package static let nothingToTell = "What it was about has been removed meanwhile."
}

/// How an attempt ended.
package struct HookAttempt: Sendable, Hashable {
    /// The status of the answer; `nil` if there was none.
    package var answer: Int?
    /// One sentence; `nil` if it was taken.
    package var problem: String?
    /// How long the receiver asked to be left alone.
    package var retryAfterMilliseconds: Int64?

    package init(
        answer: Int? = nil, problem: String? = nil, retryAfterMilliseconds: Int64? = nil
    ) {
        self.answer = answer
        self.problem = problem
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    package var isTaken: Bool { answer.map { (200..<300).contains($0) } ?? false }
}

/// What is to be sent: a delivery, and what it tells.
package struct HookMessage: Sendable, Hashable {
    package var delivery: HookDelivery
    package var event: HookEvent

    package init(delivery: HookDelivery, event: HookEvent) {
        self.delivery = delivery
        self.event = event
    }
}

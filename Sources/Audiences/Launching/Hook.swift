/// Where a connection's events are posted to: an outgoing webhook (standardwebhooks.com).
package struct Hook: Sendable, Hashable {
    package var connectionID: ConnectionID
    /// HTTPS, or HTTP to this machine itself.
    package var url: String
    package var events: Set<HookEvent.Kind>
    /// Signing secrets, sealed, the newest first; a delivery is signed with all that are valid.
    package var secrets: [HookSecret]
    package var isOn: Bool
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        connectionID: ConnectionID, url: String, events: Set<HookEvent.Kind>,
        secrets: [HookSecret], isOn: Bool = true, createdAt: Timestamp
    ) {
        self.connectionID = connectionID
        self.url = url
        self.events = events
        self.secrets = secrets
        self.isOn = isOn
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

package struct HookSecret: Sendable, Hashable {
    package var sealed: SealedSecret
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?

    package init(sealed: SealedSecret, createdAt: Timestamp, expiresAt: Timestamp? = nil) {
        self.sealed = sealed
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// What happened, as it is told to the outside.
package struct HookEvent: Sendable, Hashable {
    package var kind: Kind
    package var at: Timestamp
    package var subject: Subject

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case inviteStarted = "invite.started"
        case inviteCompleted = "invite.completed"
        case inviteDismissed = "invite.dismissed"
        /// Sent only where it was asked for: a first sync is as many as there are members.
        case audienceEntered = "audience.entered"
        case audienceLeft = "audience.left"
    }

    package enum Subject: Sendable, Hashable {
        case invite(Invite)
        case change(Change)
    }

    package init(kind: Kind, at: Timestamp, subject: Subject) {
        self.kind = kind
        self.at = at
        self.subject = subject
    }
}

/// One event on its way to a hook.
package struct HookDelivery: Sendable, Hashable {
    /// `webhook-id`; the same in every attempt.
    package var id: HookDeliveryID
    package var connectionID: ConnectionID
    package var kind: HookEvent.Kind
    package var createdAt: Timestamp
    package var status: Status
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

    package init(
        id: HookDeliveryID, connectionID: ConnectionID, kind: HookEvent.Kind,
        createdAt: Timestamp, status: Status = .waiting, attempts: Int = 0,
        nextAttemptAt: Timestamp? = nil, lastAttemptAt: Timestamp? = nil,
        lastAnswer: Int? = nil, lastProblem: String? = nil
    ) {
        self.id = id
        self.connectionID = connectionID
        self.kind = kind
        self.createdAt = createdAt
        self.status = status
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastAttemptAt = lastAttemptAt
        self.lastAnswer = lastAnswer
        self.lastProblem = lastProblem
    }

    /// How long to wait after so many failed attempts: 5 s, then doubling to 6 hours, so that three
    /// days hold about 22 attempts.
    package static func pause(afterAttempts attempts: Int) -> Int64 {
        let doublings = min(max(attempts - 1, 0), 13)
        return min(Int64(5000) << Int64(doublings), 6 * 3_600_000)
    }
}

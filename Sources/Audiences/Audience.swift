/// A cohort as received; unique by connection, Mixpanel project and cohort id.
package struct Audience: Sendable, Hashable {
    package var id: AudienceID
    package var connectionID: ConnectionID
    package var cohort: Cohort
    /// How many members the current snapshot has.
    package var memberCount: Int
    /// When the last sync was complete; `nil` before the first.
    package var asOf: Timestamp?
    /// The complete replacement that waits for a person to accept or reject it.
    package var held: SyncSession?
    /// Why the audience may differ from the cohort at Mixpanel; `nil` if nothing says so.
    package var needsReconcile: ReconcileReason?
    /// The session that was active last.
    package var lastSync: SyncSession?
    package var createdAt: Timestamp
    /// When its latest page arrived.
    package var updatedAt: Timestamp

    package init(
        id: AudienceID, connectionID: ConnectionID, cohort: Cohort, memberCount: Int = 0,
        asOf: Timestamp? = nil, held: SyncSession? = nil, needsReconcile: ReconcileReason? = nil,
        lastSync: SyncSession? = nil, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.cohort = cohort
        self.memberCount = memberCount
        self.asOf = asOf
        self.held = held
        self.needsReconcile = needsReconcile
        self.lastSync = lastSync
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    package var freshness: Freshness {
        Freshness(asOf: asOf, isHeld: held != nil)
    }
}

/// How far an audience can be relied on.
///
/// It goes with every membership answer.
package struct Freshness: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// A sync was completed within ``Limits/heartbeatsMissedMax`` heartbeats.
        case live
        /// No sync has been complete yet.
        case filling
        /// Nothing complete has come for longer; the last known membership is answered.
        case stale
        /// The latest replacement waits for a person; the one before it is answered.
        case held
    }

    /// When the last sync was complete.
    package var asOf: Timestamp?
    package var isHeld: Bool

    package init(asOf: Timestamp?, isHeld: Bool = false) {
        self.asOf = asOf
        self.isHeld = isHeld
    }

    package func status(at now: Timestamp) -> Status {
        if isHeld { return .held }
        guard let asOf else { return .filling }
        let patience = Limits.heartbeatsMissedMax * Limits.heartbeatMilliseconds
        return now.since(asOf) <= patience ? .live : .stale
    }
}

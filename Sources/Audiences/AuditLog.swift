/// One administrative change that happened.
///
/// It never holds a secret, a trait, or an id of a person.
package struct AuditEntry: Sendable, Hashable {
    /// Counts up without gaps.
    package var sequence: Int64
    package var at: Timestamp
    package var actor: Operation.Actor
    package var requestID: String?
    package var action: Action
    /// The id of what was changed; `nil` where that would name a person.
    package var target: String?
    /// Which settings were changed, by their names in the API; or counts; or ids of secrets.
    ///
    /// Never values.
    package var details: [String]

    package init(
        sequence: Int64, at: Timestamp, actor: Operation.Actor, requestID: String? = nil,
        action: Action, target: String? = nil, details: [String] = []
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.requestID = requestID
        self.action = action
        self.target = target
        self.details = details
    }

    package enum Action: String, Sendable, Hashable, CaseIterable {
        case connectionCreated = "connection.created"
        case connectionChanged = "connection.changed"
        case connectionDeleted = "connection.deleted"
        case connectionDeclared = "connection.declared"
        case serviceAccountChanged = "service_account.changed"
        case serviceAccountRekeyed = "service_account.rekeyed"
        case cohortSyncSetUp = "cohort_sync.set_up"
        case cohortSyncSwitchedOff = "cohort_sync.switched_off"
        case cohortSyncSwitchedOn = "cohort_sync.switched_on"
        case secretRegenerated = "secret.regenerated"
        case secretRevoked = "secret.revoked"
        case keyCreated = "key.created"
        case keyRevoked = "key.revoked"
        case replacementAccepted = "replacement.accepted"
        case replacementRejected = "replacement.rejected"
        case audienceRestored = "audience.restored"
        case personErased = "person.erased"
        case reconciliationStarted = "reconciliation.started"
        case reconciliationCancelled = "reconciliation.cancelled"
        case reconciliationRepaired = "reconciliation.repaired"
        case studyCreated = "study.created"
        case studyChanged = "study.changed"
        case ruleCreated = "launch_rule.created"
        case ruleChanged = "launch_rule.changed"
        case sdkChanged = "sdk.changed"
        case hookChanged = "hook.changed"
        case hookRemoved = "hook.removed"
        case hookTested = "hook.tested"
        case deliveryReplayed = "delivery.replayed"
        case elementUserCreated = "element_user.created"
        case elementUserRemoved = "element_user.removed"
        case instanceCreated = "instance.created"
        case instanceChanged = "instance.changed"
        case instanceDeleted = "instance.deleted"
    }
}

/// What a change says of itself in the audit log.
package struct AuditNote: Sendable, Hashable {
    package var action: AuditEntry.Action
    package var details: [String]

    package init(_ action: AuditEntry.Action, _ details: [String] = []) {
        self.action = action
        self.details = details
    }
}

/// Reads the audit log; it is written by the stores that change something.
package protocol AuditStore: Sendable {
    /// Entries, newest first.
    func auditLog(
        matching filter: AuditFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<AuditEntry>
}

package struct AuditFilter: Sendable, Hashable {
    package var action: AuditEntry.Action?
    /// The id of what was changed.
    package var target: String?

    package init(action: AuditEntry.Action? = nil, target: String? = nil) {
        self.action = action
        self.target = target
    }
}

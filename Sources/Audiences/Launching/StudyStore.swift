/// Keeps studies and launch rules.
///
/// Changes are durable when they return, and in the audit log; see ``Operation``. Every method
/// that takes an id throws `notFound` if there is nothing of that id.
package protocol StudyStore: Sendable {
    /// Throws `notFound` if there is no such connection.
    func create(_ study: Study, for operation: Operation) async throws(Failure)

    /// In the order they were created; all connections' if `connection` is `nil`.
    func studies(
        of connection: ConnectionID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Study>

    func study(_ id: StudyID) async throws(Failure) -> Study?

    /// Replaces what an operator may choose: name, status, address, surface, capacity.
    ///
    /// `change` is given the study as it is; what it throws is thrown.
    func update(
        _ id: StudyID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Study) throws(Failure) -> Void
    ) async throws(Failure) -> Study

    /// Throws `notFound` also if the study or an audience is not there, `conflict` if they are of
    /// another connection.
    func create(_ rule: LaunchRule, for operation: Operation) async throws(Failure)

    /// In the order they were created.
    func rules(
        matching filter: LaunchRuleFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<LaunchRule>

    func rule(_ id: LaunchRuleID) async throws(Failure) -> LaunchRule?

    /// As ``update(_:at:for:_:)`` of a study. Archiving kills the rule's open invites.
    func update(
        _ id: LaunchRuleID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout LaunchRule) throws(Failure) -> Void
    ) async throws(Failure) -> LaunchRule

    /// How much of a study's capacity is used up. Throws `notFound` if there is no such study.
    func starts(of id: StudyID, at now: Timestamp) async throws(Failure) -> StudyStarts

    /// What became of a rule's invites, in people and in invites.
    func funnel(of id: LaunchRuleID) async throws(Failure) -> LaunchFunnel
}

package struct LaunchRuleFilter: Sendable, Hashable {
    package var connection: ConnectionID?
    package var study: StudyID?
    package var status: LaunchRule.Status?

    package init(
        connection: ConnectionID? = nil, study: StudyID? = nil,
        status: LaunchRule.Status? = nil
    ) {
        self.connection = connection
        self.study = study
        self.status = status
    }
}

/// From being in the audience to having completed.
package struct LaunchFunnel: Sendable, Hashable {
    /// Members of the rule's audience; `nil` for an event rule.
    package var audienceMembers: Int?
    /// Invites that were made, and of those: shown, dismissed, started, completed at least once.
    package var invited: Int
    package var shown: Int
    package var dismissed: Int
    package var started: Int
    package var completed: Int

    package init(
        audienceMembers: Int? = nil, invited: Int = 0, shown: Int = 0, dismissed: Int = 0,
        started: Int = 0, completed: Int = 0
    ) {
        self.audienceMembers = audienceMembers
        self.invited = invited
        self.shown = shown
        self.dismissed = dismissed
        self.started = started
        self.completed = completed
    }
}

/// Keeps reconciliations, and what they have read so far.
///
/// Several processes may share the store: the server and commands beside it. One of them at a time
/// works on a reconciliation, under a lease that it renews with every step; if it dies, another
/// goes on when the lease is over.
package protocol ReconciliationStore: Sendable {
    /// Begins a reconciliation; nothing is asked of Mixpanel yet.
    ///
    /// - Throws: `notFound` if there is no such audience; `conflict` if one of it is not finished.
    func start(
        _ reconciliation: Reconciliation, for operation: Operation
    ) async throws(Failure)

    /// Newest first; all audiences' if `audience` is `nil`.
    func reconciliations(
        of audience: AudienceID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Reconciliation>

    /// `nil` if there is none of this id.
    func reconciliation(_ id: ReconciliationID) async throws(Failure) -> Reconciliation?

    /// The differences that were found, missing people first.
    ///
    /// - Throws: `notFound` if there is no such reconciliation; `conflict` while it reads.
    func differences(
        of id: ReconciliationID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Difference>

    /// Ends a reconciliation that is not finished; what it mended stays.
    ///
    /// - Throws: `notFound` if there is none of this id; `conflict` if it is finished.
    func cancel(
        _ id: ReconciliationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Reconciliation

    /// Takes the oldest one that is due and that nobody holds, and holds it until `leaseEnd`.
    ///
    /// The reading begins with the first claim: from then on the store notes whom pages name.
    func claim(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> Reconciliation?

    /// Keeps one page of Mixpanel's list, and the progress with it; renews the lease.
    ///
    /// A person who comes twice counts once, so ``Reconciliation/Progress/peopleRead`` is counted
    /// here, and what is given of it ignored.
    ///
    /// - Returns: the reconciliation as it is now.
    /// - Throws: `conflict` if the worker does not hold it any more, or it was cancelled; `gone` if
    ///   the membership was replaced since the reading began, or is being replaced: what was read
    ///   says nothing any more.
    func keep(
        _ people: [MemberRecord], progress: Reconciliation.Progress,
        of id: ReconciliationID, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation

    /// Forgets what was read: Mixpanel does not know the query any more, so it begins again now.
    func restart(
        _ id: ReconciliationID, by worker: String, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> Reconciliation

    /// Compares what was read with the current membership, in bounded steps.
    ///
    /// Whoever a page has named since the reading began is left out if they differ, and counted:
    /// Mixpanel's list may be older than the page. A page that named somebody and changed nothing
    /// counts as well, for it says where they are.
    ///
    /// - Returns: `nil` while there is more to compare.
    /// - Throws: as ``keep(_:progress:of:by:until:)``.
    func compare(
        _ id: ReconciliationID, notExported: Int?, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation.Differences?

    /// Mends some of the differences: adds missing people, then removes extra ones.
    ///
    /// All in one transaction, with what a page of Mixpanel's does: the change feed, and the sync
    /// log, under a session `reconcile-<id>`. It says nothing about when Mixpanel was heard of, so
    /// ``Audience/asOf`` and ``Audience/updatedAt`` stay. Whoever a page has named since the
    /// reading began is passed over.
    ///
    /// - Parameters:
    ///   - id: compared already.
    ///   - limit: how many people at most.
    ///   - worker: who holds it.
    ///   - leaseEnd: until when that is so.
    ///   - now: when people enter and leave.
    /// - Returns: true if more is to be mended.
    /// - Throws: as ``keep(_:progress:of:by:until:)``.
    func repair(
        _ id: ReconciliationID, limit: Int, by worker: String, until leaseEnd: Timestamp,
        at now: Timestamp
    ) async throws(Failure) -> Bool

    /// Lets it wait, or ends it, and gives up the lease.
    ///
    /// A finished one that repaired everything, or found nothing to repair, clears the audience's
    /// reason to reconcile if that is older than the reading.
    func conclude(
        _ id: ReconciliationID, as status: Reconciliation.Status, message: String?,
        resumesAt: Timestamp?, by worker: String, at now: Timestamp
    ) async throws(Failure)
}

/// Counts the queries to Mixpanel, so that all processes together stay within its quota.
package protocol QueryQuota: Sendable {
    /// Asks for leave to send one query now.
    ///
    /// - Returns: a permit to give back with ``finish(_:at:)``; or when to ask again, if
    ///   ``Limits/queriesPerHourMax`` were sent within the last hour or
    ///   ``Limits/queriesAtOnceMax`` are on their way.
    func permit(
        for project: MixpanelProject, at now: Timestamp
    ) async throws(Failure) -> QueryPermit

    /// The query has been answered, or has failed.
    func finish(_ query: Int64, at now: Timestamp) async throws(Failure)

    /// Mixpanel said 429: nothing is to be sent for this project before `moment`.
    func pause(
        _ project: MixpanelProject, until moment: Timestamp
    ) async throws(Failure)
}

package enum QueryPermit: Sendable, Hashable {
    case granted(query: Int64)
    case notBefore(Timestamp)
}

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
    func claim(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> Reconciliation?

    /// Keeps one page of Mixpanel's list, and the progress with it; renews the lease.
    ///
    /// A person who comes twice counts once.
    ///
    /// - Returns: the reconciliation as it is now.
    /// - Throws: `conflict` if the worker does not hold it any more, or it was cancelled.
    func keep(
        _ people: [MemberRecord], progress: Reconciliation.Progress,
        of id: ReconciliationID, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation

    /// Forgets what was read: Mixpanel does not know the query any more, so it begins again.
    func restart(
        _ id: ReconciliationID, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure)

    /// Compares what was read with the current membership, in bounded steps.
    ///
    /// Whoever entered or left since the reading began is left out and counted.
    ///
    /// - Returns: `nil` while there is more to compare.
    func compare(
        _ id: ReconciliationID, notExported: Int?, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation.Differences?

    /// The differences that are still to be mended, at most `limit` of one kind.
    func unrepaired(
        _ id: ReconciliationID, limit: Int
    ) async throws(Failure) -> [Difference]

    /// Notes that these were mended.
    func repaired(
        _ differences: [Difference], of id: ReconciliationID, by worker: String,
        until leaseEnd: Timestamp
    ) async throws(Failure)

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

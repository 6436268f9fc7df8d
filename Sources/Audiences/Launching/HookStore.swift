/// Keeps hooks and what is on its way to them; the rules of ``ConnectionStore`` hold.
///
/// Events of invites become deliveries in the transaction that changes the invite; those of
/// audiences follow the change feed.
package protocol HookStore: Sendable {
    func hook(of id: ConnectionID) async throws(Failure) -> Hook?

    /// Makes or replaces a connection's hook.
    func set(
        _ hook: Hook, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Takes the hook away with everything that waits for it.
    func removeHook(
        of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Turns changes of audiences into deliveries, a bounded step of it.
    ///
    /// - Returns: true if more is due at once.
    func followChanges(at now: Timestamp) async throws(Failure) -> Bool

    /// Takes deliveries that are due, oldest first, and holds them until `leaseEnd`.
    func claimDeliveries(
        limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> [(delivery: HookDelivery, event: HookEvent)]

    /// Notes how an attempt ended.
    func conclude(_ delivery: HookDelivery) async throws(Failure)

    /// Newest first; removed after ``Retention/syncLogMilliseconds``.
    func deliveries(
        of id: ConnectionID, status: HookDelivery.Status?, _ range: ListRange
    ) async throws(Failure) -> ListPage<HookDelivery>

    /// Sends one again, whatever became of it. Throws `notFound` if there is none of this id.
    func replay(
        _ delivery: HookDeliveryID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> HookDelivery
}

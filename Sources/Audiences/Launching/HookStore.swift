/// Keeps hooks and what is on its way to them; the rules of ``ConnectionStore`` hold.
///
/// Events of invites become deliveries in the transaction that changes the invite; those of
/// audiences follow the change feed. What happens while a hook is off, or does not want it, is
/// never told. Deliveries name what they tell of and hold nothing of a person; if that was erased
/// or removed meanwhile, they fail.
package protocol HookStore: Sendable {
    /// `nil` also if there is no such connection.
    func hook(of id: ConnectionID) async throws(Failure) -> Hook?

    /// Makes, changes or takes away a connection's hook, with everything that waits for it.
    ///
    /// `change` is given the hook as it is and leaves it as it is to be, `nil` for none; what it
    /// throws is thrown.
    ///
    /// - Returns: the hook as it is now.
    /// - Throws: `notFound` if there is no such connection.
    @discardableResult
    func changeHook(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Hook?) throws(Failure) -> Void
    ) async throws(Failure) -> Hook?

    /// Turns changes of audiences into deliveries, a bounded step of it.
    ///
    /// A hook that has ``Limits/hookBacklogMax`` waiting is told later, not less.
    ///
    /// - Returns: true if more is due at once.
    func followChanges(at now: Timestamp) async throws(Failure) -> Bool

    /// Whose hooks are on and have deliveries due.
    func dueHooks(at now: Timestamp) async throws(Failure) -> [ConnectionID]

    /// What waits for all hooks that are on.
    func hookBacklog() async throws(Failure) -> HookBacklog

    /// Takes deliveries of a hook that are due, those first that are due for longest, and holds
    /// them until `leaseEnd`: if nobody says by then how they ended, they are due again.
    func claimDeliveries(
        of id: ConnectionID, limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> [HookMessage]

    /// Notes how an attempt ended, and what follows for the hook; see ``Hook/hear(of:from:at:)``.
    ///
    /// Does nothing if the delivery is gone.
    func conclude(
        _ delivery: HookDelivery, sentTo url: HookURL, at now: Timestamp
    ) async throws(Failure)

    /// Newest first; the newest ``Limits/hookLogItemsMax``, and none that is older than
    /// ``Retention/hookLogMilliseconds``. Throws `notFound` if there is no hook.
    func deliveries(
        of id: ConnectionID, status: HookDelivery.Status?, _ range: ListRange
    ) async throws(Failure) -> ListPage<HookDelivery>

    /// Sends one again, whatever became of it.
    ///
    /// - Throws: `notFound` if the connection's hook has none of this id, `conflict` if the hook is
    ///   off.
    func replay(
        _ delivery: HookDeliveryID, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> HookDelivery

    /// Has a test event sent.
    ///
    /// - Throws: `notFound` if there is no hook, `conflict` if it is off.
    func sendTest(
        _ delivery: HookDelivery, for operation: Operation
    ) async throws(Failure)
}

/// What is to be sent, and is not yet.
package struct HookBacklog: Sendable, Hashable {
    package var waiting: Int
    /// Since when the oldest of them is being tried; `nil` if nothing waits.
    package var oldest: Timestamp?

    package init(waiting: Int = 0, oldest: Timestamp? = nil) {
        self.waiting = waiting
        self.oldest = oldest
    }
}

extension Failure {
    package static let noHook = Failure(.notFound, "This connection has no hook yet.")
    package static let hookIsOff = Failure(
        .conflict, "The hook is switched off; switch it on first.")
    package static let noDelivery = Failure(
        .notFound, "The connection's hook has no delivery of this id.")
}

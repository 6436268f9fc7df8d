import Audiences

extension MemoryState {
    /// Where what happens to invites becomes deliveries of the connection's hook.
    mutating func noteForHook(_ kind: HookEvent.Kind, of invite: Invite, at now: Timestamp) {
        let id = invite.connectionID
        guard hooks[id]?.hook.wants(kind) == true else { return }
        let delivery = HookDelivery(
            id: nextDeliveryID(), connectionID: id, kind: kind, createdAt: now)
        hooks[id]?.deliveries.append(
            StoredDelivery(delivery: delivery, told: .invite(invite.code), at: now))
    }
}

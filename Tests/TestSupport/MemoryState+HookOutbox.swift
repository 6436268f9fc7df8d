import Audiences

extension MemoryState {
    /// Where what happens to invites becomes deliveries of the connection's hook.
    mutating func noteForHook(_ kind: HookEvent.Kind, of invite: Invite, at now: Timestamp) {
    }
}

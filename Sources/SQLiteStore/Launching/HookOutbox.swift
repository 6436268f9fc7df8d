import Audiences
import GRDB

/// Where what happens to invites becomes deliveries of the connection's hook, in the transaction
/// that changes the invite.
enum HookOutbox {
    static func note(
        _ kind: HookEvent.Kind, of invite: Invite, at now: Timestamp, connection: Int64,
        in db: Database
    ) throws {
        // Most connections have none: then this is one look into an index.
        let hook = try db.prepared("SELECT id FROM hook WHERE connection = ?")
            .first(connection) { row in row.integer(0) }
        guard let hook,
            let stored = try db.storedHook(of: invite.connectionID), stored.hook.wants(kind)
        else { return }
        let delivery = HookDelivery(
            id: .random(), connectionID: invite.connectionID, kind: kind, createdAt: now)
        try db.insert(
            delivery, telling: HookEvent(kind: kind, at: now, subject: .invite(invite)), to: hook)
    }
}

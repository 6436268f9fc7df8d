import Audiences
import GRDB

/// Where what happens to invites becomes deliveries of the connection's hook, in the transaction
/// that changes the invite.
enum HookOutbox {
    static func note(
        _ kind: HookEvent.Kind, of invite: Invite, at now: Timestamp, connection: Int64,
        in db: Database
    ) throws {
    }
}

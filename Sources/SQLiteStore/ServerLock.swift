import Audiences
import GRDB

/// Keeps a second server off a directory for as long as it lives.
///
/// A tiny database of its own, in exclusive locking mode: SQLite holds the lock of the operating
/// system from the first write until the connection closes, and the system gives it back when the
/// process dies, however it dies. The store's own file can't serve, for tools may open it too.
final class ServerLock: Sendable {
    private let queue: DatabaseQueue

    init(path: String) throws(Failure) {
        var configuration = GRDB.Configuration()
        configuration.label = "muster.lock"
        // Not for a moment: whoever holds it holds it for days.
        configuration.busyMode = .immediateError
        // A failing disk can leave the transaction open. GRDB would trap; here it is refused.
        configuration.allowsUnsafeTransactions = true
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { db in
                try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
                try db.execute(sql: "BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT")
            }
        } catch  where SQLiteFailure.isBusy(error) {
            throw Failure(
                .conflict, "Another server uses this data directory; stop it first.",
                detail: path)
        } catch {
            throw SQLiteFailure.failure(error)
        }
    }

    func release() {
        try? queue.close()
    }
}

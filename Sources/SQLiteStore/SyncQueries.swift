package import Audiences
import GRDB

extension SQLiteStore: SyncStore {
    package func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> SyncOutcome {
        try await writeChanges(members: page.members.count, touching: .noted) {
            [hashing, recent, known] db in
            guard let row = try db.connectionRow(connection) else {
                throw noConnection(connection)
            }
            let transaction = SyncTransaction(
                db: db, hashing: hashing, recent: recent, known: known, connection: row, now: now)
            return try transaction.record(page)
        }
    }

    package func tidy(at now: Timestamp) async throws(Failure) -> Bool {
        try await writeChanges(touching: .noted) { [retention, hashing, recent, known] db in
            let housekeeping = Housekeeping(
                db: db, hashing: hashing, recent: recent, known: known, retention: retention,
                now: now)
            guard let chore = try housekeeping.next() else { return false }
            try housekeeping.step(chore)
            return try housekeeping.next() != nil
        }
    }

    package func checkWritable(at now: Timestamp) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            try db.prepared(
                """
                INSERT INTO meta (name, value) VALUES ('checked_at', ?)
                ON CONFLICT DO UPDATE SET value = excluded.value
                """
            ).run(now)
        }
    }
}

package import Audiences
import GRDB

/// What can be seen of a store without changing it, for whoever asks why it does not work.
package struct Examination: Sendable {
    /// The newest step of the schema that was taken.
    package var schema: String
    /// Steps of this program that the next start will take.
    package var pendingSteps: Int
    /// What SQLite found wrong; empty for a sound file.
    package var damage: [String]
    package var bytes: Int
    /// The newest time that anything in it bears; `nil` for an empty store.
    package var newest: Timestamp?

    /// Looks at the store of a directory beside a running server.
    ///
    /// - Parameter directory: the data directory.
    /// - Returns: what it is like; `nil` if there is none yet.
    /// - Throws: `conflict` if it is not ours or is newer than this program; `unavailable` if it
    ///   can't be read; `internal` if nothing of it can.
    package static func examine(_ directory: String) throws(Failure) -> Examination? {
        let path = "\(directory)/\(SQLiteStore.databaseName)"
        do {
            var configuration = GRDB.Configuration()
            configuration.label = "muster.examination"
            configuration.readonly = true
            configuration.busyMode = .timeout(Pragmas.busyTimeoutSeconds)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { db in
                guard try !Migrations.isEmpty(db) else { return nil }
                try Migrations.refuseForeign(db, "The data directory", path: path)
                return try Examination(db)
            }
        } catch {
            throw SQLiteFailure.failure(error)
        }
    }

    private init(_ db: Database) throws {
        let taken = try Migrations.migrator.appliedIdentifiers(db)
        let steps = Migrations.migrator.migrations
        schema = steps.last { taken.contains($0) } ?? "-"
        pendingSteps = steps.filter { !taken.contains($0) }.count
        damage = try db.prepared("PRAGMA quick_check(5)").all { row in row.text(0) }
            .filter { $0 != "ok" }
        let sizes = try ["page_count", "page_size"].map { name in
            try db.prepared("PRAGMA \(name)").first { row in row.count(0) } ?? 0
        }
        bytes = sizes[0] * sizes[1]
        let times = try ["connection.created_at", "sync_session.started_at"].map { column in
            let parts = column.split(separator: ".")
            return try db.prepared("SELECT max(\(parts[1])) FROM \(parts[0])").first { row in
                row.optionalTime(0)
            } ?? nil
        }
        newest = times.compactMap(\.self).max()
    }

    /// Whether this process may write to the store now, which takes the lock for a moment.
    ///
    /// - Throws: `unavailable`, with what to mend.
    package static func checkWritable(_ directory: String) throws(Failure) {
        do {
            var configuration = GRDB.Configuration()
            configuration.label = "muster.examination"
            configuration.busyMode = .timeout(Pragmas.busyTimeoutSeconds)
            let queue = try DatabaseQueue(
                path: "\(directory)/\(SQLiteStore.databaseName)", configuration: configuration)
            defer { try? queue.close() }
            try queue.inTransaction(.immediate) { _ in .rollback }
        } catch {
            throw SQLiteFailure.failure(error)
        }
    }
}

import Audiences
import GRDB

/// The schema as numbered steps.
///
/// Append only: a step that was released is never edited. docs/schema.md explains the tables.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 people and audiences") { db in
            try db.execute(sql: "PRAGMA application_id = \(Pragmas.applicationID)")
            try db.execute(sql: first)
            try db.prepared("INSERT INTO meta (name, value) VALUES ('siphash_key', ?)").run(
                newKey())
        }
        migrator.registerMigration("0002 changes and control") { db in
            try db.execute(sql: second)
            try db.prepared("INSERT INTO meta (name, value) VALUES ('erased_key', ?)").run(newKey())
        }
        migrator.registerMigration("0003 the life of a connection", migrate: addConnectionLife)
        migrator.registerMigration("0004 reconciliations and queries") { db in
            try db.execute(sql: fourth)
        }
        migrator.registerMigration("0005 the layout that writes least") { db in
            try db.execute(sql: layout)
        }
        migrator.registerMigration("0006 studies, launch rules and invites") { db in
            try db.execute(sql: launching)
        }
        migrator.registerMigration("0007 hooks") { db in
            try db.execute(sql: seventh)
        }
        migrator.registerMigration("0008 element instances") { db in
            try db.execute(sql: elements)
        }
        return migrator
    }

    static func newKey() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<SipHash.keyBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Throws `conflict` for a file that is not ours or that a newer version made.
    ///
    /// Looks at it with a read-only connection, for opening the pool writes already.
    static func refuseForeign(path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Pragmas.busyTimeoutSeconds)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.inDatabase { db in
            guard try !isEmpty(db) else { return }
            try refuseForeign(db, "The data directory", path: path)
        }
    }

    static func isEmpty(_ db: Database) throws -> Bool {
        try db.prepared("SELECT count(*) FROM sqlite_master").first { row in row.count(0) } == 0
    }

    /// As above, for a database that is open and not empty; `place` is what holds it.
    static func refuseForeign(_ db: Database, _ place: String, path: String) throws {
        let id = try db.prepared("PRAGMA application_id").first { row in row.count(0) }
        guard id == Pragmas.applicationID else {
            throw Failure(.conflict, "\(place) holds another program's database.", detail: path)
        }
        guard try !migrator.hasBeenSuperseded(db) else {
            throw Failure(
                .conflict, "A newer version of Muster made this store; start that version.",
                detail: path)
        }
    }

    /// The keys that the ids of this store are hashed with.
    static func hashing(_ db: Database) throws -> Hashing {
        let select = try db.prepared("SELECT value FROM meta WHERE name = ?")
        let people = try select.first("siphash_key") { row in SipHash(key: row.bytes(0)) }
        let erased = try select.first("erased_key") { row in SipHash(key: row.bytes(0)) }
        guard let people = people ?? nil, let erased = erased ?? nil else {
            throw damage("a key of the indexes is missing")
        }
        return Hashing(people: people, erased: erased)
    }
}

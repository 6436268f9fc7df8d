import Audiences
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// Copies of a store, and stores out of copies.
struct BackupTests {
    private let directory = TemporaryDirectory()
    private let other = TemporaryDirectory()

    /// An empty file in a directory that is there.
    private func file(_ name: String = "backup") throws -> String {
        let path = "\(other.path)/\(name)"
        try StoreFiles.foundation.createMissing(other.path, [path])
        return path
    }

    private func restore(_ path: String) throws(Failure) -> String? {
        try Self.restore(path, to: directory)
    }

    private static func restore(
        _ path: String, to directory: TemporaryDirectory
    ) throws(Failure) -> String? {
        try Backup.restore(
            path, to: directory.path, files: .foundation,
            exchange: { damaged, new in
                try FileManager.default.moveItem(atPath: damaged, toPath: damaged + ".kept")
                try FileManager.default.moveItem(atPath: new, toPath: damaged)
                return damaged + ".kept"
            }, progress: { _, _ in })
    }

    private func members(_ id: String) async throws -> Int {
        try await directory.withStore { store in
            try await store.memberships(matching: .make(id), in: nil).count
        }
    }

    /// A store with `id` in an audience, and a backup of that.
    private func backup(holding id: String = "ada") async throws -> String {
        let path = try file()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, [id]), from: .make(), at: .start)
            try Backup.make(of: directory.path, at: path) { _, _ in }
        }
        return path
    }

    private func add(_ id: String) async throws {
        try await directory.withStore { store in
            _ = try await store.record(
                .make(.addMembers, [id], session: "S2"), from: .make(), at: .start)
        }
    }

    @Test func aBackupIsOfOneMomentWhileTheServerWritesOn() async throws {
        let path = try file()
        try await directory.withStore { server in
            try await server.create(Connection.make())
            _ = try await server.record(.make(.members, ["ada"]), from: .make(), at: .start)
            var told: (Int, Int)?
            try Backup.make(of: directory.path, at: path) { told = ($0, $1) }
            let (done, total) = try #require(told)
            #expect(done == total && total > 10)
            _ = try await server.record(
                .make(.addMembers, ["bo"], session: "S2"), from: .make(), at: .start)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path) == ["backup"])
        #expect(try await members("bo") == 1)
        #expect(try restore(path) == nil)
        #expect(try await members("ada") == 1)
        #expect(try await members("bo") == 0)
        // The store is what it was before: with a log, and writable.
        try await add("cy")
        #expect(try await members("cy") == 1)
    }

    @Test func aBackupBecomesAStoreWhereThereIsNone() async throws {
        let path = try await backup()
        try FileManager.default.removeItem(atPath: directory.path)
        #expect(try restore(path) == nil)
        #expect(try await members("ada") == 1)
    }

    @Test func withoutAStoreThereIsNoBackup() throws {
        let path = try file()
        let failure = #expect(throws: Failure.self) {
            try Backup.make(of: directory.path, at: path) { _, _ in }
        }
        #expect(failure?.code == .notFound)
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func ofAnotherProgramsDatabaseThereIsNoBackup() async throws {
        let path = try await backup()
        let queue = try DatabaseQueue(path: directory.database)
        try await queue.write { try $0.execute(sql: "PRAGMA application_id = 7") }
        try queue.close()
        let failure = #expect(throws: Failure.self) {
            try Backup.make(of: directory.path, at: path) { _, _ in }
        }
        #expect(failure?.message == "The data directory holds another program's database.")
    }

    @Test func nobodyElseMayUseTheDirectory() async throws {
        let path = try await backup()
        for role in [SQLiteStore.Role.server, .tool] {
            try await directory.withStore(as: role) { _ in
                let failure = #expect(throws: Failure.self) { try restore(path) }
                #expect(failure?.code == .conflict)
                #expect(failure?.message.hasPrefix("Another ") == true)
            }
        }
        #expect(try await members("ada") == 1)
    }

    @Test(arguments: [
        ("PRAGMA application_id = 7", "The file holds another program's database."),
        (
            "INSERT INTO grdb_migrations VALUES ('9999 from the future')",
            "A newer version of Muster made this store; start that version."
        ),
        (
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_master",
            "The file holds no store of Muster."
        ),
    ])
    func whatIsNoBackupIsRefused(sql: String, message: String) async throws {
        let path = try await backup()
        try await add("bo")
        try await DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
        let failure = #expect(throws: Failure.self) { try restore(path) }
        #expect(failure?.message == message)
        #expect(failure?.code == .conflict)
        #expect(try await members("bo") == 1, "the store stays as it is")
    }

    @Test func aTextIsNoBackup() async throws {
        let path = try await backup()
        try Data(String(repeating: "Dear diary, ", count: 500).utf8).write(to: URL(filePath: path))
        let failure = #expect(throws: Failure.self) { try restore(path) }
        #expect(failure?.message == "The file is no backup of Muster.")
        let missing = #expect(throws: Failure.self) { try restore(path + ".not") }
        #expect(missing?.code == .notFound)
        #expect(try await members("ada") == 1)
    }

    /// Spoils the page of one table, which nothing but reading everything finds.
    private func damage(_ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        let page = try queue.read { db in
            try UInt64.fetchOne(
                db, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'person_by_distinct'")
        }
        try queue.close()
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.seek(toOffset: (try #require(page) - 1) * 4096)
        try handle.write(contentsOf: Data(repeating: 0xAB, count: 64))
        try handle.close()
    }

    @Test func aDamagedBackupIsRefused() async throws {
        let path = try await backup()
        try await add("bo")
        try damage(path)
        let failure = #expect(throws: Failure.self) { try restore(path) }
        #expect(failure?.code == .internal)
        #expect(try await members("bo") == 1)
    }

    @Test func ofADamagedStoreThereIsNoBackup() async throws {
        let path = try await backup()
        try damage(directory.database)
        let failure = #expect(throws: Failure.self) {
            try Backup.make(of: directory.path, at: path) { _, _ in }
        }
        #expect(failure?.code == .internal)
    }

    @Test func aStoreThatIsNoneAnyMoreIsKeptAside() async throws {
        let path = try await backup()
        let rubbish = Data(String(repeating: "not a page ", count: 1000).utf8)
        try rubbish.write(to: URL(filePath: directory.database))
        let kept = try #require(try restore(path))
        #expect(try Data(contentsOf: URL(filePath: kept)) == rubbish)
        #expect(try await members("ada") == 1)
    }

    @Test func aStoreWithDamagedPagesIsReplaced() async throws {
        let path = try await backup()
        try damage(directory.database)
        _ = try restore(path)
        #expect(try await members("ada") == 1)
    }

    // MARK: - Cut off

    /// A kill and a power failure, at calls of the disk spread over the whole restore.
    @Test func aRestoreThatIsCutOffAnywhereLeavesTheOldStoreOrTheBackup() async throws {
        let path = try file()
        let model = TemporaryDirectory()
        try await model.withStore { store in
            try await store.create(Connection.make())
            try await fill(store, "S1", with: "ada")
            try Backup.make(of: model.path, at: path) { _, _ in }
            try await fill(store, "S2", with: "bo")
        }
        let sound = try model.copy()
        let disk = try FaultDisk(sound)
        disk.strike(.power, at: .max)
        #expect(try Self.restore(path, to: sound) == nil)
        let calls = disk.calls
        #expect(calls > 100)
        for number in stride(from: 1, through: calls, by: max(1, calls / 24)) {
            let directory = try model.copy()
            let disk = try FaultDisk(directory)
            disk.strike(.power, at: number)
            _ = try? Self.restore(path, to: directory)
            for left in try [directory.copy(), disk.salvage(seed: UInt64(number % 4))] {
                let newcomers = try await Self.newcomers(in: left)
                // The last calls come after the commit, when nobody has been told of it yet.
                let allowed = number > calls - 10 ? [0, 1] : [1]
                #expect(allowed.contains(newcomers), "\(number)")
            }
        }
        let afterwards = try disk.salvage(seed: 0)
        #expect(try await Self.newcomers(in: afterwards) == 0)
    }

    /// More than SQLite keeps in memory, so that pages are written before the commit.
    private func fill(_ store: SQLiteStore, _ session: String, with id: String) async throws {
        for number in 0..<8 {
            let ids = (0..<1000).map { "\(session)-\(number)-\($0)" } + [id]
            _ = try await store.record(
                .make(.addMembers, ids, session: session), from: .make(), at: .start)
        }
    }

    /// How often `bo`, who is not in the backup, is found in a store that must be whole.
    private static func newcomers(in directory: TemporaryDirectory) async throws -> Int {
        try await directory.withStore { store in
            let integrity = try await store.pool.read { db in
                try String.fetchAll(db, sql: "PRAGMA integrity_check")
            }
            #expect(integrity == ["ok"])
            #expect(try await store.memberships(matching: .make("ada"), in: nil).count == 1)
            return try await store.memberships(matching: .make("bo"), in: nil).count
        }
    }
}

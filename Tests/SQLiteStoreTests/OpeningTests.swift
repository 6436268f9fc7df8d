import Audiences
import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import SQLiteStore

/// Opening, refusing, closing, and what the files look like.
struct OpeningTests {
    @Test func anEmptyDirectoryBecomesAStoreThatRemembers() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, ["ada"]), from: .make(), at: .start)
        }
        try await directory.withStore { store in
            let found = try await store.memberships(matching: .make("ada"), in: nil)
            #expect(found.count == 1)
        }
    }

    @Test func everyFileIsPrivate() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.checkWritable(at: .start)
            #expect(try mode(directory.path) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(
                files.sorted().prefix(3) == [
                    "muster.sqlite", "muster.sqlite-shm", "muster.sqlite-wal",
                ])
            for file in files {
                #expect(try mode("\(directory.path)/\(file)") == 0o600, "\(file)")
            }
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aSecondServerIsRefusedUntilTheFirstHasClosed() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { _ in
            let failure = #expect(throws: Failure.self) { try directory.open() }
            #expect(failure?.code == .conflict)
            #expect(failure?.message == "Another server uses this data directory; stop it first.")
        }
        try await directory.withStore { try await $0.checkWritable(at: .start) }
    }

    @Test func aToolWorksBesideTheServerAndBothSeeEachOther() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { server in
            try await directory.withStore(as: .tool) { tool in
                try await tool.create(Connection.make())
                #expect(try await server.connection(.make()) == .make())
                _ = try await server.record(.make(.members, ["ada"]), from: .make(), at: .start)
                #expect(try await tool.memberships(matching: .make("ada"), in: nil).count == 1)
            }
            // The tool's closing took nothing away from the server.
            _ = try await server.record(
                .make(.addMembers, ["bo"], session: "S2"), from: .make(), at: .start)
        }
    }

    @Test func aToolAloneMakesTheStoreAndKeepsNoLock() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(as: .tool) { tool in
            try await tool.create(Connection.make())
            try await directory.withStore { server in
                let connection = try await server.connection(.make())
                #expect(connection == .make())
            }
        }
    }

    @Test func aToolDoesNotMigrateUnderARunningServer() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { server in
            // As if the tool knew one step more than the server.
            try await server.pool.write { try $0.execute(sql: "DELETE FROM grdb_migrations") }
            let failure = #expect(throws: Failure.self) { try directory.open(as: .tool) }
            #expect(failure?.code == .conflict)
        }
    }

    @Test func aStoreOfANewerVersionIsRefusedAndLeftAsItIs() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.pool.write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999 from the future')")
            }
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        for role in [SQLiteStore.Role.server, .tool] {
            let failure = #expect(throws: Failure.self) { try directory.open(as: role) }
            #expect(failure?.code == .conflict)
            #expect(
                failure?.message
                    == "A newer version of Muster made this store; start that version.")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
    }

    @Test func anotherProgramsDatabaseIsRefusedAndLeftAsItIs() async throws {
        let directory = TemporaryDirectory()
        try StoreFiles.foundation.createMissing(directory.path, [directory.database])
        let other = try DatabaseQueue(path: directory.database)
        try await other.write { try $0.execute(sql: "CREATE TABLE recipe (name TEXT)") }
        try other.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        let failure = #expect(throws: Failure.self) { try directory.open() }
        #expect(failure?.code == .conflict)
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
    }

    @Test func aFileThatIsNoDatabaseIsDamage() throws {
        let directory = TemporaryDirectory()
        try StoreFiles.foundation.createMissing(directory.path, [])
        let text = Data(repeating: UInt8(ascii: "x"), count: 8192)
        try text.write(to: URL(fileURLWithPath: directory.database))
        let failure = #expect(throws: Failure.self) { try directory.open() }
        #expect(failure?.code == .internal)
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == text)
    }

    @Test func aDirectoryThatCannotBeMadeIsToldInOneLine() {
        let files = StoreFiles { _, _ in throw CocoaError(.fileWriteNoPermission) }
        let failure = #expect(throws: Failure.self) {
            try SQLiteStore.open(
                directory: "/nowhere", as: .server, files: files, logger: .init(label: "test"))
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.detail == "/nowhere")
    }

    /// GRDB sets NORMAL when it switches to WAL, which may lose commits that were answered.
    @Test(arguments: [SQLiteStore.Role.server, .tool])
    func everyCommitReachesTheDisk(_ role: SQLiteStore.Role) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(as: role) { store in
            let pragmas = try await store.pool.writeWithoutTransaction { db in
                try ["synchronous", "foreign_keys", "wal_autocheckpoint", "mmap_size"].map {
                    try Int.fetchOne(db, sql: "PRAGMA \($0)") ?? 0
                }
            }
            let pages = role == .server ? 0 : GroupCommit.checkpointPages
            #expect(pragmas == [2, 1, pages, 0])
            let mode = try await store.pool.read { db in
                try String.fetchOne(db, sql: "PRAGMA journal_mode")
            }
            #expect(mode == "wal")
        }
    }

    /// What a process leaves behind that was killed: the files as they are.
    @Test func aKilledStoreHasEverythingThatWasAnswered() async throws {
        let directory = TemporaryDirectory()
        let copy = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, crowd(100)), from: .make(), at: .start)
            try FileManager.default.copyItem(atPath: directory.path, toPath: copy.path)
        }
        try await copy.withStore { store in
            let found = try await store.memberships(matching: .make("p99"), in: nil)
            #expect(found.count == 1)
        }
    }

    @Test func aClosedStoreRefusesInsteadOfTrapping() async throws {
        let directory = TemporaryDirectory()
        let store = try directory.open()
        try await store.close()
        let write = await #expect(throws: Failure.self) {
            try await store.checkWritable(at: .start)
        }
        let read = await #expect(throws: Failure.self) { try await store.connection(.make()) }
        #expect([write?.code, read?.code] == [.unavailable, .unavailable])
        await #expect(throws: Never.self) { try await store.close() }
    }

    @Test func closingEmptiesTheLog() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { try await $0.checkWritable(at: .start) }
        let log = "\(directory.database)-wal"
        #expect(try !FileManager.default.fileExists(atPath: log) || size(log) == 0)
    }

    @Test func eachStoreHashesWithAKeyOfItsOwn() async throws {
        var hashes: Set<SipHash> = []
        for _ in 0..<2 {
            let directory = TemporaryDirectory()
            for _ in 0..<2 {
                try await directory.withStore { store in _ = hashes.insert(store.hashing.people) }
            }
        }
        #expect(hashes.count == 2)
    }
}

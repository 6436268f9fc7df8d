import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

struct ExaminationTests {
    private let directory = TemporaryDirectory()

    @Test func besideAServerItSeesWhatThereIs() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make(), for: .commandLine)
            _ = try await store.record(.make(.members, ["ada"]), from: .make(), at: .start)
            let found = try #require(try Examination.examine(directory.path))
            #expect(found.pendingSteps == 0)
            #expect(found.schema == Migrations.migrator.migrations.last)
            #expect(found.damage == [])
            #expect(found.bytes > 40_000)
            #expect(found.newest == .start)
            try Examination.checkWritable(directory.path)
        }
    }

    @Test func anEarlierSchemaIsLeftAsItIs() async throws {
        try await directory.withStore { store in
            let last = try #require(Migrations.migrator.migrations.last)
            try await store.pool.write { db in
                try db.execute(
                    sql: "DELETE FROM grdb_migrations WHERE identifier = ?", arguments: [last])
            }
            #expect(try Examination.examine(directory.path)?.pendingSteps == 1)
            #expect(try Examination.examine(directory.path)?.pendingSteps == 1)
        }
    }

    @Test func anotherProgramsDatabaseIsRefused() async throws {
        try await directory.withStore { _ in }
        let queue = try DatabaseQueue(path: directory.database)
        try await queue.write { try $0.execute(sql: "PRAGMA application_id = 7") }
        try queue.close()
        let failure = #expect(throws: Failure.self) { try Examination.examine(directory.path) }
        #expect(failure?.code == .conflict)
    }
}

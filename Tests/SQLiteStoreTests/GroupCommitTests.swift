import Audiences
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

/// Many writes, one commit, and who pays when something fails.
struct GroupCommitTests {
    private let directory = TemporaryDirectory()

    /// Holds the writer's queue until so many writes of `body` wait.
    private func withWriterHeld<Result: Sendable>(
        _ store: SQLiteStore, until waiting: Int,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let gate = Gate()
        store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        async let result = body()
        while store.writer.waitingCount < waiting { await Task.yield() }
        gate.open()
        return try await result
    }

    @Test func pagesThatWaitShareATransaction() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let before = store.writeLog.counts
            try await withWriterHeld(store, until: 40) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...40 {
                        group.addTask {
                            _ = try await store.record(
                                .make(.addMembers, ["p\(number)"], page: number, of: 40),
                                from: .make(), at: .start)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let after = store.writeLog.counts
            #expect(after.writes - before.writes == 40)
            #expect(after.transactions - before.transactions == 1)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.map(\.memberCount) == [40])
        }
    }

    @Test(arguments: [
        // As many writes as may be, and one more.
        ([Int](repeating: 0, count: 64), 64), ([Int](repeating: 0, count: 65), 64),
        // As many members as may be, and one more.
        ([31_000, 1000], 2), ([31_000, 1001], 1),
        // One write always goes, whatever it weighs.
        ([90_000, 1], 1), ([], 0),
    ])
    func aBatchIsBounded(_ members: [Int], _ count: Int) {
        #expect(GroupCommit.batchLength(members) == count)
    }

    @Test func soManyWritesMayWaitAndNoMore() async throws {
        try await directory.withStore { store in
            let most = GroupCommit.waitingWritesMax
            let gate = Gate()
            store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
            let refusal = try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<most {
                    group.addTask { try await store.writer.write { _ in } }
                }
                while store.writer.waitingCount < most { await Task.yield() }
                let isAnswered = Atomic(false)
                async let refusal = outcome {
                    defer { isAnswered.store(true, ordering: .relaxed) }
                    try await store.writer.write { _ in }
                }
                while !isAnswered.load(ordering: .relaxed), store.writer.waitingCount == most {
                    await Task.yield()
                }
                gate.open()
                try await group.waitForAll()
                return await refusal
            }
            #expect(refusal == .unavailable)
            #expect(store.writeLog.counts.writes == most)
        }
    }

    @Test func aWriteThatFailsFailsAloneAndLeavesNothing() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let results = try await withWriterHeld(store, until: 3) {
                async let first = outcome { try await addMember("a", "S1", to: store) }
                async let second = outcome {
                    try await store.writer.write { db in
                        try db.execute(sql: "DELETE FROM connection_trait; DELETE FROM meta")
                        _ = try db.prepared("INSERT INTO person VALUES (NULL, 1, 'b', NULL, NULL)")
                            .run()
                        try store.recent.add(
                            db.lastInsertedRowID, distinct: 1, reference: 2, in: db)
                        throw DatabaseError(resultCode: .SQLITE_CONSTRAINT)
                    }
                }
                async let third = outcome { try await addMember("c", "S3", to: store) }
                return await [first, second, third]
            }
            #expect(results == [nil, .internal, nil])
            let counts = try await store.pool.read { db in
                try ["meta", "membership"].map { table in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
                }
            }
            #expect(counts == [3, 2])
            #expect(store.recent.count == 2)
        }
    }

    @Test func aFullDiskRefusesThePageWholeAndRecoversByItself() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let page = SyncPage.make(.members, crowd(5000))
            try await setLargestSize(of: store, addingPages: 3)
            let failure = await outcome {
                try await store.record(page, from: .make(), at: .start)
            }
            #expect(failure == .unavailable)
            let none = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(none.items.isEmpty)
            try await setLargestSize(of: store, addingPages: 100_000)
            #expect(try await store.record(page, from: .make(), at: .start) == .switched)
        }
    }

    private func setLargestSize(of store: SQLiteStore, addingPages more: Int) async throws {
        try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + more)")
        }
    }

    @Test func aLockedStoreIsUnavailableAndThenWorks() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await store.pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA busy_timeout = 0")
            }
            let other = try DatabaseQueue(path: directory.database)
            try await other.writeWithoutTransaction { db in
                try db.beginTransaction(.immediate)
                try db.execute(sql: "UPDATE meta SET value = value")
                try db.commit()
            }
            let gate = Gate()
            let locked = Gate()
            other.asyncWriteWithoutTransaction { db in
                try? db.beginTransaction(.immediate)
                locked.open()
                gate.wait()
                try? db.rollback()
            }
            locked.wait()
            let failure = await outcome { try await addMember("a", "S1", to: store) }
            #expect(failure == .unavailable)
            gate.open()
            try await other.writeWithoutTransaction { _ in }
            try await addMember("a", "S1", to: store)
            try other.close()
        }
    }

    /// Errors after which nothing must be written any more, and one after which all goes on.
    @Test(arguments: [
        (ResultCode.SQLITE_IOERR_FSYNC, Failure.Code.unavailable, true),
        (.SQLITE_CORRUPT, .internal, true),
        (.SQLITE_IOERR_WRITE, .unavailable, false),
    ])
    func aFaultOfTheDiskStopsAllWrites(
        _ code: ResultCode, _ expected: Failure.Code, _ stops: Bool
    ) async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let results = try await withWriterHeld(store, until: 2) {
                async let first = outcome { try await addMember("a", "S1", to: store) }
                async let second = outcome {
                    try await store.writer.write { _ in throw DatabaseError(resultCode: code) }
                }
                return await [first, second]
            }
            #expect(results == [stops ? expected : nil, expected])
            let next = await outcome { try await addMember("b", "S2", to: store) }
            #expect(next == (stops ? expected : nil))
            let found = try await store.memberships(matching: .make("a"), in: nil)
            #expect(found.isEmpty == stops)
        }
    }

    @Test func aCommitThatFailsFailsEveryPageOfIt() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let results = try await withWriterHeld(store, until: 2) {
                async let first = outcome { try await addMember("a", "S1", to: store) }
                async let second = outcome {
                    try await store.writer.write { db in
                        // A deferred key is only looked at by the commit.
                        try db.execute(
                            sql: """
                                PRAGMA defer_foreign_keys = ON;
                                INSERT INTO connection_trait VALUES (99, 0, 'plan')
                                """)
                    }
                }
                return await [first, second]
            }
            #expect(results == [.internal, .internal])
            #expect(try await store.memberships(matching: .make("a"), in: nil).isEmpty)
            try await addMember("a", "S1", to: store)
        }
    }

    @Test func whatWaitsIsDoneBeforeTheStoreCloses() async throws {
        let store = try directory.open()
        try await store.create(Connection.make())
        async let written: Void = addMember("a", "S1", to: store)
        while store.writer.waitingCount == 0, store.writeLog.counts.writes < 2 {
            await Task.yield()
        }
        try await store.close()
        try await written
        try await directory.withStore { store in
            let found = try await store.memberships(matching: .make("a"), in: nil)
            #expect(found.count == 1)
        }
    }

    /// With the limit of one page every commit is followed by a checkpoint, else none.
    @Test(arguments: [1, 1_000_000])
    func theLogIsCopiedIntoTheDatabaseWhenItIsLong(_ pages: Int) async throws {
        try await directory.withStore { store in
            let writer = GroupCommit(
                store.pool, store.recent, store.known, log: store.writeLog,
                checkpointPages: pages)
            let before = try size(directory.database)
            try await writer.write { db in
                try db.execute(sql: "INSERT INTO meta VALUES ('test', zeroblob(100000))")
            }
            // One more turn of the queue: the checkpoint comes after the answer.
            try await writer.write { _ in }
            let isCopied = try size(directory.database) > before
            #expect(isCopied == (pages == 1))
        }
    }
}

private func addMember(_ name: String, _ session: String, to store: SQLiteStore) async throws {
    let page = SyncPage.make(.addMembers, [name], session: session)
    _ = try await store.record(page, from: .make(), at: .start)
}

/// The code a call failed with; `nil` if it did not.
private func outcome<Result>(_ body: () async throws -> Result) async -> Failure.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? Failure)?.code
    }
}

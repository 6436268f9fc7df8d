import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// The numbers of the feed, its end and its beginning, and who waits for it.
struct ChangeFeedTests {
    private let directory = TemporaryDirectory()

    private func add(
        _ people: [String], _ session: String, to store: SQLiteStore,
        at time: Timestamp = .start
    ) async throws {
        _ = try await store.record(
            .make(.addMembers, people, session: session), from: .make(), at: time)
    }

    private func numbers(in store: SQLiteStore) async throws -> [Int64] {
        try await store.pool.read { db in
            try Int64.fetchAll(db, sql: "SELECT seq FROM change ORDER BY seq")
        }
    }

    @Test func aPageThatFailsLeavesNoGap() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await add(["ada"], "S1", to: store)
            // The page's savepoint is rolled back after its changes were written.
            try await setTrigger("BEFORE INSERT ON sync_page", on: store)
            await #expect(throws: Failure.self) { try await add(["bo", "cy"], "S2", to: store) }
            try await removeTrigger(from: store)
            try await add(["dee"], "S3", to: store)
            #expect(try await numbers(in: store) == [1, 2])
        }
    }

    private func setTrigger(_ event: String, on store: SQLiteStore) async throws {
        try await store.pool.write { db in
            try db.execute(
                sql: "CREATE TRIGGER fail \(event) BEGIN SELECT raise(ABORT, 'fault'); END")
        }
    }

    private func removeTrigger(from store: SQLiteStore) async throws {
        try await store.pool.write { try $0.execute(sql: "DROP TRIGGER fail") }
    }

    /// A full disk makes SQLite roll the whole batch back.
    @Test func aBatchThatFailsLeavesNoGap() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await add(["ada"], "S1", to: store)
            let pages = try await store.pool.writeWithoutTransaction { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages + 3)")
                return pages
            }
            await #expect(throws: Failure.self) { try await add(crowd(5000), "S2", to: store) }
            #expect(try await numbers(in: store) == [1])
            try await store.pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA max_page_count = \(pages + 100_000)")
            }
            try await add(["dee"], "S3", to: store)
            #expect(try await numbers(in: store) == [1, 2])
        }
    }

    @Test func theBeginningGoesInSmallStepsAndNoNumberIsUsedAgain() async throws {
        var retention = Retention()
        retention.changesMilliseconds = 1000
        try await directory.withStore(retention: retention) { store in
            try await store.create(Connection.make())
            try await add(crowd(1200), "S1", to: store)
            let limit = Timestamp.start.after(1000)
            #expect(try await !store.tidy(at: limit))
            #expect(try await numbers(in: store).count == 1200)
            _ = try await store.tidy(at: limit.after(1))
            #expect(try await numbers(in: store).first == 501)
            while try await store.tidy(at: limit.after(1)) {}
            #expect(try await numbers(in: store) == [1200])
            try await add(["ada"], "S2", to: store, at: limit)
            #expect(try await numbers(in: store) == [1200, 1201])
        }
    }

    @Test func aReaderWhoseRowsAreGoneIsTold() async throws {
        var retention = Retention()
        retention.changesMilliseconds = 1000
        try await directory.withStore(retention: retention) { store in
            try await store.create(Connection.make())
            try await add(["ada", "bo"], "S1", to: store)
            while try await store.tidy(at: .start.after(hours: 1)) {}
            let last = try await store.changes(after: 1, in: nil, limit: 10)
            #expect(last.changes.map(\.sequence) == [2])
            for (after, code) in [(0, Failure.Code.gone), (3, .invalid), (-1, .invalid)] {
                let failure = await #expect(throws: Failure.self) {
                    try await store.changes(after: Int64(after), in: nil, limit: 10)
                }
                #expect(failure?.code == code)
            }
            let moment = Timestamp.start
            let asked = try await store.memberships(matching: .make("bo"), in: nil, at: moment)
            #expect(asked.map(\.enteredAt) == [moment])
            let failure = await #expect(throws: Failure.self) {
                try await store.memberships(matching: .make("bo"), in: nil, at: moment.after(-1))
            }
            #expect(failure?.code == .gone)
        }
    }

    /// One audience among many rows: what was looked at counts, not what was found.
    @Test func aPageOfOneAudienceLooksAtABoundedNumberOfRows() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let others = Int(SQLiteStore.changesLookedAtMax)
            try await add(crowd(others), "S1", to: store)
            _ = try await store.record(
                .make(.addMembers, ["ada"], cohort: "7"), from: .make(), at: .start)
            let filter = AudienceFilter(cohort: .make("7"))
            let found = try await store.audiences(matching: filter, ListRange()).items.first
            let audience = try #require(found).id
            let first = try await store.changes(after: 0, in: audience, limit: 10)
            #expect(first == ChangePage(changes: [], next: Int64(others), hasMore: true))
            let rest = try await store.changes(after: first.next, in: audience, limit: 10)
            #expect(rest.changes.map(\.person?.distinctID.text) == ["ada"])
            #expect(rest.next == first.next + 1)
            #expect(!rest.hasMore)
        }
    }

    // MARK: Waiting

    @Test func aCommitWakesWhoWaits() async throws {
        let bell = ChangeBell()
        async let woken: Void = bell.wait(after: 3, for: .never)
        while bell.waiterCount == 0 { await Task.yield() }
        bell.ring(3)
        #expect(bell.waiterCount == 1)
        bell.ring(4)
        await woken
        // Whoever comes late does not wait at all.
        await bell.wait(after: 3, for: .never)
        #expect(bell.waiterCount == 0)
    }

    @Test func aCancelledWaiterGoes() async throws {
        let bell = ChangeBell()
        let waiting = Task { await bell.wait(after: 3, for: .never) }
        while bell.waiterCount == 0 { await Task.yield() }
        waiting.cancel()
        await waiting.value
        #expect(bell.waiterCount == 0)
    }

    @Test func aPageWakesTheReadersOfTheFeed() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            async let woken: Void = store.awaitChange(after: 0, for: .never)
            while store.bell.waiterCount == 0 { await Task.yield() }
            try await add(["ada"], "S1", to: store)
            try await woken
            #expect(try await store.latestChange() == 1)
        }
    }

    /// A command beside the server rings no bell there; the server looks by itself.
    @Test func whatAnotherProcessWritesIsSeenSoon() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            async let woken: Void = server.awaitChange(after: 0, for: .never)
            while server.bell.waiterCount == 0 { await Task.yield() }
            try await directory.withStore(as: .tool) { tool in
                try await add(["ada"], "S1", to: tool)
            }
            try await woken
            #expect(try await server.latestChange() == 1)
        }
    }

    @Test func waitingEndsInTime() async throws {
        try await directory.withStore { store in
            try await store.awaitChange(after: 0, for: .milliseconds(10))
            #expect(store.bell.waiterCount == 0)
        }
    }
}

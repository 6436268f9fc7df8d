import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// What the store does about hooks beyond the contract: in how small steps, and how many rows.
struct HookStoreTests {
    private let directory = TemporaryDirectory()

    private func count(_ table: String, in store: SQLiteStore) async throws -> Int {
        try await store.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
    }

    private func addHook(
        to store: SQLiteStore, _ events: Set<HookEvent.Kind> = [.audienceEntered]
    ) async throws {
        try await store.create(Connection.make())
        let url = try #require(HookURL("https://hooks.lumen.example/"))
        try await store.changeHook(of: .make(), at: .start, for: .test) { hook in
            hook = Hook(
                connectionID: .make(), url: url, events: events, secrets: [], createdAt: .start)
        }
    }

    /// Adds deliveries of the hook, numbered from the next one on.
    private func fill(
        _ store: SQLiteStore, _ count: Int, as status: HookDelivery.Status
    ) async throws {
        let next = status == .waiting ? "\(Timestamp.start.milliseconds)" : "NULL"
        try await store.pool.write { db in
            let last =
                try Int.fetchOne(db, sql: "SELECT coalesce(max(number), 0) FROM hook_delivery") ?? 0
            try db.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                    INSERT INTO hook_delivery (hook, number, public_id, kind, happened_at,
                        created_at, queued_at, status, attempts, next_attempt_at)
                    SELECT 1, ?2 + i, 'made ' || (?2 + i), 'hook.test', ?3, ?3, ?3, ?4, 0, \(next)
                    FROM n
                    """,
                arguments: [count, last, Timestamp.start.milliseconds, status.rawValue])
        }
    }

    @Test func theFeedIsFollowedInSmallSteps() async throws {
        try await directory.withStore { store in
            try await addHook(to: store)
            _ = try await store.record(
                .make(.addMembers, crowd(1200)), from: .make(), at: .start)
            var told: [Int] = []
            while try await store.followChanges(at: .start) {
                told.append(try await count("hook_delivery", in: store))
            }
            #expect(told == [500, 1000])
            #expect(try await count("hook_delivery", in: store) == 1200)
            #expect(try await store.followChanges(at: .start) == false)
        }
    }

    @Test func aHookWithABacklogIsToldLaterAndNotLess() async throws {
        try await directory.withStore { store in
            try await addHook(to: store)
            try await fill(store, Limits.hookBacklogMax, as: .waiting)
            _ = try await store.record(
                .make(.addMembers, ["ada"]), from: .make(), at: .start)
            #expect(try await store.followChanges(at: .start) == false)
            #expect(try await count("hook_delivery", in: store) == Limits.hookBacklogMax)
            let url = try #require(try await store.hook(of: .make())?.url)
            let message = try #require(
                try await store.claimDeliveries(
                    of: .make(), limit: 1, until: .start, at: .start
                ).first)
            var delivery = message.delivery
            delivery.note(HookAttempt(answer: 200), at: .start, jitter: 0)
            try await store.conclude(delivery, sentTo: url, at: .start)
            #expect(try await store.followChanges(at: .start) == false)
            #expect(try await count("hook_delivery", in: store) == Limits.hookBacklogMax + 1)
        }
    }

    @Test func theLogIsAsLongAsItsLimitAndWhatWaitsStays() async throws {
        try await directory.withStore { store in
            try await addHook(to: store)
            try await fill(store, 3, as: .waiting)
            try await fill(store, 700, as: .delivered)
            try await fill(store, Limits.hookLogItemsMax - 100, as: .failed)
            while try await store.tidy(at: .start) {}
            #expect(try await count("hook_delivery", in: store) == Limits.hookLogItemsMax + 3)
            let waiting = "hook_delivery WHERE status = 'waiting'"
            #expect(try await count(waiting, in: store) == 3)
            let delivered = "hook_delivery WHERE status = 'delivered'"
            #expect(try await count(delivered, in: store) == 100)
        }
    }

    @Test func aHookThatWasTakenAwayGoesInSmallSteps() async throws {
        try await directory.withStore { store in
            try await addHook(to: store)
            try await fill(store, 1200, as: .waiting)
            try await store.changeHook(of: .make(), at: .start, for: .test) { $0 = nil }
            #expect(try await store.dueHooks(at: .start) == [])
            var left: [Int] = []
            while try await store.tidy(at: .start) {
                left.append(try await count("hook_delivery", in: store))
            }
            #expect(left == [700, 200])
            #expect(try await count("hook_delivery", in: store) == 0)
            #expect(try await count("hook", in: store) == 0)
            #expect(try await count("hook_secret", in: store) == 0)
        }
    }

    @Test func aDeletedConnectionLeavesNothingOfItsHook() async throws {
        try await directory.withStore { store in
            try await addHook(to: store)
            try await fill(store, 600, as: .delivered)
            try await store.delete(.make(), at: .start, for: .test)
            while try await store.tidy(at: .start) {}
            #expect(try await count("hook_delivery", in: store) == 0)
            #expect(try await count("hook", in: store) == 0)
        }
    }

    @Test(arguments: [
        (SQLiteStore.selectDueDeliveries, "SEARCH hook_delivery USING INDEX hook_delivery_due"),
        (
            SQLiteStore.selectDeliveries(nil),
            "SEARCH hook_delivery USING PRIMARY KEY (hook=? AND number<?)"
        ),
        (
            SQLiteStore.selectDeliveries(.failed),
            "SEARCH hook_delivery USING INDEX hook_delivery_by_status"
        ),
        (Housekeeping.selectOldDelivery, "USING COVERING INDEX hook_delivery_old"),
        (Housekeeping.selectRemovedHook, "SEARCH hook USING"),
    ])
    func deliveriesAreFoundByAnIndex(_ sql: String, _ expected: String) async throws {
        try await directory.withStore { store in
            let plan = try await store.pool.read { db in
                try db.prepared("EXPLAIN QUERY PLAN \(sql)").all { row in row.text(3) }
            }
            #expect(plan.count == 1, "nothing is sorted: \(plan)")
            #expect(plan.first?.contains(expected) == true, "\(plan)")
        }
    }
}

import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// What a member takes on disk; docs/schema.md has the figures in detail.
struct SizeTests {
    /// With the feed: under 200 bytes for somebody's first membership, under 100 for the next.
    @Test func aMembershipTakesLessThanItMay() async throws {
        let people = 20_000
        var random = SeededGenerator(seed: 1)
        let members = (0..<people).map { index in
            MemberRecord.make(
                String("\(random.next() | 1 << 63)\(random.next() | 1 << 63)".prefix(32)),
                reference: "user-\(100_000 + index)")
        }
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let empty = try await used(by: store)
            try await sync(members, as: "1", to: store)
            try await store.mergePeople()
            let first = try await used(by: store) - empty
            try await sync(members, as: "2", to: store)
            let second = try await used(by: store) - empty - first
            #expect((100..<200).contains(first / people))
            #expect((50..<100).contains(second / people))
        }
    }

    private func sync(
        _ members: [MemberRecord], as cohort: String, to store: SQLiteStore
    ) async throws {
        let pages = members.count / 1000
        for page in 0..<pages {
            let part = Array(members[page * 1000..<(page + 1) * 1000])
            _ = try await store.record(
                .make(
                    .members, members: part, session: "S\(cohort)", page: page + 1, of: pages,
                    cohort: cohort), from: .make(), at: .start)
        }
        while try await store.tidy(at: .start) {}
    }

    private func used(by store: SQLiteStore) async throws -> Int {
        try await store.pool.read { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            return (pages - free) * 4096
        }
    }

    @Test func anIndexHasOneEntryForEachIdThatIsInUse() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 1)) { store in
            try await store.create(Connection.make())
            for reference in ["user-1", "user-2", "user-3"] {
                let member = MemberRecord.make("d1", reference: reference)
                let page = SyncPage.make(.addMembers, members: [member], session: reference)
                _ = try await store.record(page, from: .make(), at: .start)
            }
            let counts = try await store.pool.read { db in
                try ["person", "person_by_distinct", "person_by_reference"].map { table in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
                }
            }
            #expect(counts == [1, 1, 1])
        }
    }

    /// The rows that a repeated page changes are its session's and its audience's.
    @Test func aRepeatedPageWritesNoMember() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let page = SyncPage.make(.members, crowd(1000), page: 1, of: 2)
            _ = try await store.record(page, from: .make(), at: .start)
            let before = try await store.pool.writeWithoutTransaction { $0.totalChangesCount }
            _ = try await store.record(page, from: .make(), at: .start)
            let after = try await store.pool.writeWithoutTransaction { $0.totalChangesCount }
            #expect(after - before <= 3)
        }
    }
}

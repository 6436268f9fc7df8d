import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// How the changes of a switch get into the feed: in bounded steps, each exactly once.
struct ComparisonTests {
    private let directory = TemporaryDirectory()

    private func send(_ page: SyncPage, to store: SQLiteStore, at time: Timestamp = .start)
        async throws
    {
        _ = try await store.record(page, from: .make(), at: time)
    }

    /// The whole feed, `+ada` for who entered and `-ada` for who left.
    private func feed(of store: SQLiteStore) async throws -> [String] {
        var told: [String] = []
        var after: Int64 = 0
        var hasMore = true
        while hasMore {
            let page = try await store.changes(after: after, in: nil, limit: 1000)
            #expect(page.changes.map(\.sequence) == Array(after + 1..<page.next + 1))
            told += page.changes.map { change in
                (change.kind == .entered ? "+" : "-") + (change.person?.distinctID.text ?? "?")
            }
            (after, hasMore) = (page.next, page.hasMore)
        }
        return told
    }

    private func pending(in store: SQLiteStore) async throws -> Int {
        try await store.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM comparison") ?? 0
        }
    }

    @Test func aComparisonGoesOnWhereItStoodWhenTheProcessDied() async throws {
        let old = crowd(1700)
        let new = crowd(1700, from: 900)
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, old), to: store)
            try await send(.make(.members, new, session: "S2"), to: store)
        }
        var isMore = true
        var steps = 0
        while isMore {
            isMore = try await directory.withStore { try await $0.tidy(at: .start) }
            steps += 1
        }
        #expect(steps > 6)
        try await directory.withStore { store in
            let expected =
                old.map { "+\($0)" } + crowd(900).map { "-\($0)" }
                + crowd(900, from: 1700).map { "+\($0)" }
            let told = try await feed(of: store)
            #expect(told == expected)
            #expect(try await pending(in: store) == 0)
        }
    }

    @Test func aStepWritesAndReadsOnlySoMuch() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(1200)), to: store)
            var latest: [Int64] = []
            repeat {
                latest.append(try await store.latestChange())
            } while try await store.tidy(at: .start)
            #expect(latest.prefix(3) == [0, 500, 1000])
            // Nobody changes, so the next one goes by the members it reads.
            let crowd = crowd(4500)
            try await send(.make(.members, crowd, session: "S2"), to: store)
            while try await store.tidy(at: .start) {}
            try await send(.make(.members, crowd, session: "S3"), to: store)
            var steps = 0
            while try await pending(in: store) > 0 {
                _ = try await store.tidy(at: .start)
                steps += 1
            }
            #expect(steps == 3)
        }
    }

    @Test func whatHappensToSomebodyAfterASwitchIsToldAfterIt() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, ["ada", "bo", "cy"]), to: store)
            try await send(.make(.removeMembers, ["bo"], session: "D1"), to: store)
            try await send(.make(.addMembers, ["bo", "dee"], session: "D2"), to: store)
            #expect(try await feed(of: store) == ["+bo", "-bo", "+bo", "+dee"])
            while try await store.tidy(at: .start) {}
            #expect(
                try await feed(of: store) == ["+bo", "-bo", "+bo", "+dee", "+ada", "+cy"])
        }
    }

    /// Each of two switches is told of somebody before a diff about them.
    @Test func twoSwitchesAreSettledOneAfterTheOther() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, ["ada", "bo"]), to: store)
            try await send(.make(.members, ["bo"], session: "S2"), to: store)
            try await send(.make(.addMembers, ["ada"], session: "D1"), to: store)
            #expect(try await feed(of: store) == ["+ada", "-ada", "+ada"])
            while try await store.tidy(at: .start) {}
            #expect(try await feed(of: store) == ["+ada", "-ada", "+ada", "+bo"])
            #expect(try await pending(in: store) == 0)
        }
    }

    @Test func whoWasSettledIsLeftOutByTheWalkAlsoAcrossSteps() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(1100)), to: store)
            _ = try await store.tidy(at: .start)
            // Passed by the walk, and still ahead of it.
            try await send(.make(.removeMembers, ["p3", "p900"], session: "D1"), to: store)
            while try await store.tidy(at: .start) {}
            let told = try await feed(of: store)
            #expect(told.count == 1102)
            #expect(told.filter { $0.dropFirst() == "p3" } == ["+p3", "-p3"])
            #expect(told.filter { $0.dropFirst() == "p900" } == ["+p900", "-p900"])
        }
    }

    /// However long ago the switch was.
    @Test func nothingIsRemovedBeforeItHasBeenCompared() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(1200)), to: store)
            try await send(.make(.members, crowd(3), session: "S2"), to: store)
            let later = Timestamp.start.after(hours: 24 * 20)
            while try await pending(in: store) > 0 {
                let memberships = try await store.pool.read { db in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM membership")
                }
                #expect(memberships == 1203)
                _ = try await store.tidy(at: later)
            }
            while try await store.tidy(at: later) {}
            let told = try await feed(of: store)
            #expect(told.count == 1200 + 1197)
        }
    }

    struct WalkCase: Sendable {
        var old: [Int64]
        var new: [Int64]
        /// Who left as a negative number.
        var changes: [Int64]
        var place: Int64?
    }

    @Test(arguments: [
        // Two lists that end.
        WalkCase(old: [], new: [], changes: []),
        WalkCase(old: [1, 2, 4], new: [2, 3], changes: [-1, 3, -4]),
        // The old one may have a sequel after 9, the new one after 7; nobody knows who is 8.
        WalkCase(old: [1, 2, 3, 9], new: [1, 2, 3, 7], changes: [7], place: 7),
        // Only as far as differences may be written.
        WalkCase(old: [], new: [1, 2, 3], changes: [1, 2, 3]),
        WalkCase(old: [], new: [1, 2, 3, 4], changes: [1, 2, 3], place: 3),
        WalkCase(old: [1, 2, 3, 4], new: [4, 5, 6, 7], changes: [-1, -2, -3], place: 3),
    ])
    func aWalkFindsTheDifferencesAsFarAsBothListsAreKnown(_ lists: WalkCase) {
        let walk = Walk(old: lists.old, new: lists.new, limit: 4, changesMax: 3)
        let changes = walk.changes.map { $0.kind == .entered ? $0.person : -$0.person }
        #expect(changes == lists.changes)
        #expect(walk.place == lists.place)
    }
}

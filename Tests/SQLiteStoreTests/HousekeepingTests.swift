import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// What is removed when, and in how small steps.
struct HousekeepingTests {
    private let directory = TemporaryDirectory()

    private func count(_ table: String, in store: SQLiteStore) async throws -> Int {
        try await store.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
    }

    private func send(_ page: SyncPage, to store: SQLiteStore, at time: Timestamp = .start)
        async throws
    {
        _ = try await store.record(page, from: .make(), at: time)
    }

    @Test func aReplacedSnapshotGoesInSmallStepsAfterItsRetention() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(1200)), to: store)
            try await send(.make(.members, crowd(3), session: "S2"), to: store)
            let retention = Timestamp.start.after(Retention().snapshotsMilliseconds)
            while try await store.tidy(at: retention) {}
            #expect(try await count("membership", in: store) == 1203)
            var left: [Int] = []
            var isMore = true
            while isMore {
                isMore = try await store.tidy(at: retention.after(1))
                left.append(try await count("membership", in: store))
            }
            // The steps before the first and after the last are about the sessions.
            #expect(left.drop { $0 == 1203 }.prefix(3) == [703, 203, 3])
            #expect(try await count("snapshot", in: store) == 1)
            #expect(try await store.memberships(matching: .make("p2"), in: nil).count == 1)
        }
    }

    @Test func invitesOfAClosedStudyGoInSmallSteps() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await store.create(Study.make(), for: .test)
            try await store.create(LaunchRule.make(), for: .test)
            for number in 0..<2 * Housekeeping.stepInvitesMax + 1 {
                _ = try await store.offer(
                    on: .make(), to: .make("u\(number)"), of: .make(), fresh: .make(number),
                    at: .start)
            }
            _ = try await store.update(.make(), at: .start, for: .test) { (study: inout Study) in
                study.status = .closed
            }
            let due = Timestamp.start.after(Retention().invitesMilliseconds + 1)
            #expect(try await !store.tidy(at: due.after(-1)))
            for left in [Housekeeping.stepInvitesMax + 1, 1, 0] {
                #expect(try await store.tidy(at: due) == (left > 0))
                #expect(try await count("invite", in: store) == left)
            }
            #expect(try await !store.tidy(at: due))
        }
    }

    /// A walk must not go on in what is left, and take it for all there was.
    @Test func aHalfRemovedSnapshotIsReadByNobody() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(1200)), to: store)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            let id = try #require(all.items.first?.id)
            let begun = try await store.members(of: id, ListRange(limit: 1))
            try await send(.make(.members, ["ada"], session: "S2"), to: store)
            let due = Timestamp.start.after(Retention().snapshotsMilliseconds + 1)
            while try await count("membership", in: store) == 1201 {
                _ = try await store.tidy(at: due)
            }
            #expect(try await count("membership", in: store) == 701)
            let failure = await #expect(throws: Failure.self) {
                try await store.members(of: id, ListRange(after: begun.next))
            }
            #expect(failure?.code == .invalid)
        }
    }

    @Test func anExpiredReplacementLeavesNothingBehind() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, crowd(700), page: 1, of: 2), to: store)
            for number in 1...12 {
                try await send(.make(.addMembers, ["x"], session: "D\(number)"), to: store)
            }
            try await send(.make(.removeMembers, ["x"], session: "D13"), to: store)
            #expect(try await count("staged_diff", in: store) == 13)
            #expect(try await count("staged_page", in: store) == 1)
            let expiry = Timestamp.start.after(Limits.sessionAgeMillisecondsMax + 1)
            while try await store.tidy(at: expiry) {}
            for table in ["staged_diff", "staged_page", "membership"] {
                #expect(try await count(table, in: store) == 0, "\(table)")
            }
            #expect(try await count("snapshot", in: store) == 1)
        }
    }

    @Test func aFillingReplacementKeepsEverythingItNeeds() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, ["ada"], page: 1, of: 2), to: store)
            try await send(.make(.addMembers, ["bo"], session: "S2"), to: store)
            let limit = Timestamp.start.after(Limits.sessionAgeMillisecondsMax)
            #expect(try await !store.tidy(at: limit))
            try await send(.make(.members, ["cy"], page: 2, of: 2), to: store, at: limit)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.map(\.memberCount) == [3])
        }
    }

    @Test func countsOfPagesAreForgottenAfterTheRetention() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...501 {
                    let page = SyncPage.make(.addMembers, [], page: number, of: 600)
                    group.addTask { try await send(page, to: store) }
                }
                try await group.waitForAll()
            }
            let retention = Timestamp.start.after(Retention().syncLogMilliseconds)
            #expect(try await !store.tidy(at: retention))
            #expect(try await store.tidy(at: retention.after(1)))
            #expect(try await count("sync_page", in: store) == 1)
            #expect(try await !store.tidy(at: retention.after(1)))
            #expect(try await count("sync_page", in: store) == 0)
            #expect(try await count("sync_session", in: store) == 1)
        }
    }
}

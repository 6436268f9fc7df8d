import Audiences
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// How what a deleted connection leaves is removed.
struct DeletionTests {
    private let directory = TemporaryDirectory()

    /// Everybody comes into the indexes at once, so that rows can go.
    private func withStore<Result>(
        _ body: (SQLiteStore) async throws -> Result
    ) async throws -> Result {
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 1), body)
    }

    private func send(
        _ page: SyncPage, from connection: UInt8 = 1, to store: SQLiteStore
    ) async throws {
        _ = try await store.record(page, from: .make(connection), at: .start)
    }

    private func counts(_ store: SQLiteStore) async throws -> [String: Int] {
        try await store.pool.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            return try Dictionary(
                uniqueKeysWithValues: tables.map { table in
                    (table, try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0)
                })
        }
    }

    /// Everything a store can hold of a connection: snapshots in every state, a held session, noted
    /// diffs, a comparison that has not ended, settled people, all kinds of changes.
    private func fill(_ connection: UInt8, of store: SQLiteStore) async throws {
        var made = Connection.make(connection, name: "Greta's shop", traitsAllowed: ["note"])
        made.guardMaxRemoved = RemovedFraction(0.25)
        made.cohortSync = CohortSync(
            username: "mixpanel_greta",
            secrets: [
                StoredSecret(
                    id: .make(from: [connection]),
                    hash: try #require(
                        SecretHash(
                            phc: "$sha256$" + String(repeating: "7", count: 32) + "$"
                                + String(repeating: "7", count: 64))), createdAt: .start)
            ], createdAt: .start)
        made.serviceAccount = ServiceAccount(
            username: "greta-account", secret: SealedSecret("greta-sealed"), status: .connected,
            checkedAt: .start)
        try await store.create(made)
        var greta = MemberRecord.make("greta-distinct-id", reference: "greta-reference")
        greta.traits = [TraitChange(name: "note", value: .text("greta-likes-tulips"))]
        let crowd = crowd(1200).map { MemberRecord.make($0, reference: "user-\($0)") }
        try await send(.make(.members, members: crowd, name: "Gretas"), from: connection, to: store)
        while try await store.tidy(at: .start) {}
        try await send(
            .make(.members, members: crowd + [greta], session: "S2"), from: connection, to: store)
        try await send(
            .make(.removeMembers, ["p7"], session: "D1"), from: connection, to: store)
        try await send(
            .make(.members, members: [greta], session: "S3"), from: connection, to: store)
        try await send(
            .make(.addMembers, ["greta-late"], session: "D2"), from: connection, to: store)
        try await send(
            .make(.members, members: [greta], session: "S4", page: 1, of: 2, cohort: "2"),
            from: connection, to: store)
        try await launch(connection, of: store)
    }

    /// A study, a rule, and more invites than one step removes.
    private func launch(_ connection: UInt8, of store: SQLiteStore) async throws {
        let settings = SDKSettings(
            publicKey: .make(), identitySecret: SealedSecret("greta-signed"))
        try await store.set(settings, of: .make(connection), at: .start, for: .test)
        let url = "https://greta-asks.example/"
        try await store.create(Study.make(connection: connection, launchURL: url), for: .test)
        try await store.create(LaunchRule.make(connection: connection), for: .test)
        for number in 0...Deletion.stepInvitesMax {
            _ = try await store.offer(
                on: .make(), to: .make("greta-user-\(number)"), of: .make(connection),
                fresh: .make(number), at: .start)
        }
        _ = try await store.start(
            .make(0), by: nil, of: nil, attempt: .make("greta-phone"), at: .start)
    }

    @Test func nothingIsLeftOfItInAnyTable() async throws {
        try await withStore { store in
            var before = try await counts(store)
            try await fill(1, of: store)
            let full = try await counts(store)
            for table in [
                "connection_trait", "cohort_sync_secret", "service_account", "comparison",
                "comparison_settled", "staged_diff", "staged_page", "sync_page", "change",
                "sdk", "study", "study_day", "launch_rule", "invite",
            ] { #expect(full[table, default: 0] > 0, "\(table)") }
            try await store.delete(.make(), at: .start)
            while try await store.tidy(at: .start) {}
            // The last numbers of the feed and of people, and what was done.
            before["change"] = 1
            before["person"] = 1
            before["audit"] = 5
            before["sqlite_sequence"] = full["sqlite_sequence"]
            before["meta"] = full["meta"]
            #expect(try await counts(store) == before)
            #expect(try await store.changes(after: 0, in: nil, limit: 10).changes.isEmpty)
        }
    }

    @Test func itsPeopleAreGoneFromTheFiles() async throws {
        let secrets = [
            "greta-distinct-id", "greta-reference", "greta-likes-tulips", "greta-late", "Gretas",
            "greta-account", "greta-sealed", "mixpanel_greta", "user-p700",
            "greta-signed", "greta-asks", "greta-user-7", "greta-phone",
        ]
        try await withStore { store in
            try await fill(1, of: store)
            try await store.create(Connection.make(2, traitsAllowed: ["note"]))
            try await send(.make(.members, crowd(1000)), from: 2, to: store)
        }
        for secret in secrets { #expect(try isInFiles(secret), "\(secret)") }
        try await withStore { store in
            try await store.delete(.make(), at: .start)
            while try await store.tidy(at: .start) {}
            #expect(try await store.memberships(matching: .make("p700"), in: nil).count == 1)
        }
        for secret in secrets { #expect(try !isInFiles(secret), "\(secret)") }
    }

    private func isInFiles(_ text: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).contains { file in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(file)"))
            return bytes.range(of: Data(text.utf8)) != nil
        }
    }

    /// People of two connections lie in between each other.
    @Test func eachStepIsSmallAndTheOthersStay() async throws {
        try await withStore { store in
            for number in [1, 2] as [UInt8] { try await store.create(Connection.make(number)) }
            for run in 0..<3 {
                let people = crowd(1000, from: 1000 * run)
                for number in [1, 2] as [UInt8] {
                    let session = "S\(run)"
                    try await send(
                        .make(.addMembers, people, session: session), from: number, to: store)
                }
            }
            try await store.delete(.make(), at: .start)
            var steps: [[String: Int]] = [try await counts(store)]
            var isMore = true
            while isMore {
                isMore = try await store.tidy(at: .start)
                steps.append(try await counts(store))
            }
            let removed = zip(steps, steps.dropFirst()).map { before, after in
                before.mapValues { $0 }.merging(after) { $0 - $1 }
            }
            #expect(removed.map { $0["person"] ?? 0 }.max() == Deletion.stepRemovedMax)
            for table in ["membership", "change"] {
                #expect(removed.map { $0[table] ?? 0 }.max() == Housekeeping.stepRowsMax)
            }
            let left = try #require(steps.last)
            #expect(left["person"] == 3000)
            #expect(left["person_by_distinct"] == 3000)
            #expect(left["change"] == 3000)
            #expect(left["connection"] == 1)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.map(\.memberCount) == [3000])
        }
    }

    /// However many people there are between those to be removed.
    @Test func aStepLooksAtABoundedNumberOfPeople() async throws {
        try await withStore { store in
            for number in [1, 2] as [UInt8] { try await store.create(Connection.make(number)) }
            for run in 0..<5 {
                let people = crowd(1000, from: 1000 * run)
                try await send(
                    .make(.addMembers, people, session: "S\(run)"), from: 2, to: store)
            }
            try await send(.make(.addMembers, ["ada"]), to: store)
            try await store.delete(.make(), at: .start)
            var places: [Int64] = []
            while try await store.tidy(at: .start) {
                let place = try await store.pool.read { try $0.nextDeletion()?.place }
                if let place, place > 0 { places.append(place) }
            }
            let stride = Int64(Deletion.stepPeopleMax) + 1
            #expect(places == [stride, 2 * stride])
            // And the last number.
            #expect(try await counts(store)["person"] == 5001)
        }
    }

    /// Traits may be a hundred kilobytes a person.
    @Test func aStepRemovesABoundedNumberOfBytes() async throws {
        let names = (0..<64).map { "note \($0)" }
        let text = String(repeating: "tulips ", count: 140)
        try await withStore { store in
            try await store.create(Connection.make(traitsAllowed: names))
            let members = crowd(9).map { name in
                var member = MemberRecord.make(name)
                member.traits = names.map { TraitChange(name: $0, value: .text(text)) }
                return member
            }
            try await send(.make(.addMembers, members: members), to: store)
            try await store.delete(.make(), at: .start)
            var left: [Int] = []
            var isMore = true
            while isMore {
                isMore = try await store.tidy(at: .start)
                left.append(try await counts(store)["person"] ?? 0)
            }
            #expect(left.filter { $0 < 9 }.prefix(2) == [5, 1])
        }
    }

    @Test func aProcessThatDiesInBetweenGoesOn() async throws {
        try await withStore { store in
            try await fill(1, of: store)
            try await store.delete(.make(), at: .start)
        }
        var isMore = true
        while isMore {
            isMore = try await withStore { store in
                for _ in 0..<7 where try await !store.tidy(at: .start) { return false }
                return true
            }
        }
        try await withStore { store in
            let left = try await counts(store)
            // The last number.
            #expect(left["person"] == 1)
            #expect(left["connection"] == 0)
        }
    }

    /// Who is not in the indexes yet is counted by their number: one that were given again would
    /// be taken for somebody else, and one that is missing for damage.
    @Test func numbersOfPeopleAreNotGivenAgain() async throws {
        let pages = [crowd(10), crowd(10, from: 20), crowd(10, from: 40)]
        try await directory.withStore { store in
            for number in [1, 2] as [UInt8] { try await store.create(Connection.make(number)) }
            try await send(.make(.addMembers, pages[0]), from: 2, to: store)
            try await send(.make(.addMembers, pages[0]), to: store)
            try await store.delete(.make(), at: .start)
            while try await store.tidy(at: .start) {}
            try await send(.make(.addMembers, pages[1]), from: 2, to: store)
        }
        try await directory.withStore { store in
            try await send(.make(.addMembers, pages[2]), from: 2, to: store)
            for name in pages.joined() {
                #expect(try await store.memberships(matching: .make(name), in: nil).count == 1)
            }
            let numbers = try await store.pool.read { db in
                try Int.fetchAll(db, sql: "SELECT id FROM person WHERE connection <> 0")
            }
            #expect(numbers == Array(1...10) + Array(21...40))
        }
    }
}

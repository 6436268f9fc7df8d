import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// People who are in no index of the database yet.
struct RecentPeopleTests {
    private let directory = TemporaryDirectory()

    private func send(
        _ members: [MemberRecord], _ session: String, to store: SQLiteStore
    ) async throws {
        let page = SyncPage.make(.addMembers, members: members, session: session)
        _ = try await store.record(page, from: .make(), at: .start)
    }

    private func people(_ range: Range<Int>) -> [MemberRecord] {
        range.map { .make("p\($0)", reference: "user-\($0)") }
    }

    private func isFound(_ id: String, in store: SQLiteStore) async throws -> Bool {
        try await !store.memberships(matching: .make(id), in: nil).isEmpty
    }

    /// The rows of the two indexes and how far they are said to reach.
    private func indexed(_ store: SQLiteStore) async throws -> [Int] {
        try await store.pool.read { db in
            try [
                "SELECT count(*) FROM person_by_distinct",
                "SELECT count(*) FROM person_by_reference",
                "SELECT value FROM meta WHERE name = 'indexed_people'",
            ].map { try Int.fetchOne(db, sql: $0) ?? -1 }
        }
    }

    @Test func aPageWritesNoIndex() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(people(0..<1000), "S1", to: store)
            #expect(try await indexed(store) == [0, 0, 0])
            #expect(store.recent.count == 1000)
            #expect(try await isFound("user-999", in: store))
        }
        try await directory.withStore { store in
            #expect(store.recent.count == 1000)
            let isStillFound = try await isFound("user-0", in: store)
            #expect(isStillFound)
        }
    }

    @Test func manyPeopleAreBroughtIntoTheIndexes() async throws {
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 5000)) { store in
            try await store.create(Connection.make())
            for page in 0..<10 {
                try await send(people(page * 1000..<page * 1000 + 1000), "S\(page)", to: store)
                #expect(store.recent.count <= 8000)
            }
            try await store.writer.write { _ in }
            let counts = try await indexed(store)
            #expect(counts[2] >= 5000)
            #expect(counts[0] >= counts[2])
            #expect(counts[1] == counts[0])
            for number in stride(from: 0, to: 10_000, by: 501) {
                #expect(try await isFound("user-\(number)", in: store))
            }
        }
    }

    /// At every moment of it, by both ways of looking.
    @Test func peopleAreFoundWhileTheyAreBroughtThere() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(people(0..<300), "S1", to: store)
            let all = (0..<300).map { ExternalID.make("user-\($0)") }
            while store.recent.count > 0 {
                try await store.merge(40)
                let table = try await store.memberships(matchingAny: all, in: [])
                #expect(table.rows.allSatisfy { $0.audiences.count == 1 })
                for id in all.prefix(40) {
                    #expect(try await store.memberships(matching: id, in: nil).count == 1)
                }
            }
            #expect(try await indexed(store) == [300, 300, 300])
        }
    }

    @Test func whatWasLeftInTheMiddleBeginsAnew() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(people(0..<300), "S1", to: store)
            try await store.merge(40)
            #expect(try await indexed(store) == [40, 40, 0])
        }
        try await directory.withStore { store in
            try await store.mergePeople()
            #expect(try await indexed(store) == [300, 300, 300])
        }
    }

    /// Neither what changed before nor what changed meanwhile may come into an index.
    @Test func onlyWhatIsTrueIsBroughtThere() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(people(0..<300), "S1", to: store)
            try await send([.make("p0", reference: "new-0")], "S2", to: store)
            _ = try await store.erase(matching: .make("user-1"), staysErased: false, at: .start)
            try await store.merge(150)
            try await send(
                (2..<300).map { .make("p\($0)", reference: "new-\($0)") }, "S3", to: store)
            _ = try await store.erase(matching: .make("new-2"), staysErased: false, at: .start)
            try await store.mergePeople()
            #expect(try await indexed(store) == [298, 298, 300])
            for number in [0, 3, 299] {
                #expect(try await !isFound("user-\(number)", in: store))
                #expect(try await isFound("new-\(number)", in: store))
            }
        }
    }

    @Test func aReferenceIDThatComesBackIsFound() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            for (session, reference) in [("S1", "a"), ("S2", "b"), ("S3", "a")] {
                try await send([.make("ada", reference: reference)], session, to: store)
            }
            for _ in 0..<2 {
                #expect(try await isFound("a", in: store))
                #expect(try await !isFound("b", in: store))
                try await store.mergePeople()
            }
        }
    }

    @Test func manyMayShareAReferenceID() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let members = (0..<500).map { MemberRecord.make("p\($0)", reference: "unknown") }
            try await send(members, "S1", to: store)
            let found = try await store.memberships(matching: .make("unknown"), in: nil)
            #expect(found.count == 1)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.first?.lastSync?.references.shared == 499)
            let id = try #require(all.items.first?.id)
            let shared = try await store.sharedReferences(of: id, ListRange())
            #expect(shared.items.map(\.distinctIDs.count) == [Limits.sharedReferencePeopleMax])
        }
    }

    // MARK: Two processes

    @Test func aCommandFindsAndErasesWhomTheServerAdded() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            try await send(people(0..<10), "S1", to: server)
            try await directory.withStore(as: .tool) { tool in
                #expect(try await isFound("user-3", in: tool))
                try await send(people(10..<20), "S2", to: server)
                #expect(try await isFound("user-13", in: tool))
                let count = try await tool.erase(
                    matching: .make("user-13"), staysErased: false, at: .start)
                #expect(count == 1)
            }
            #expect(try await !isFound("user-13", in: server))
            try await server.mergePeople()
            #expect(try await indexed(server) == [19, 19, 20])
        }
    }

    @Test func theServerFindsWhomACommandAdds() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            try await send(people(0..<10), "S1", to: server)
            try await directory.withStore(as: .tool) { tool in
                try await send(people(10..<20), "S2", to: tool)
            }
            #expect(try await isFound("user-15", in: server))
            try await send(people(15..<25), "S3", to: server)
            let all = try await server.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.map(\.memberCount) == [25])
            try await server.mergePeople()
            #expect(try await indexed(server) == [25, 25, 25])
        }
    }

    /// Its own commits are no reason to read everybody again.
    @Test func aServerAloneReadsThePeopleOnce() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let log = StatementLog()
            try await store.pool.writeWithoutTransaction { db in db.trace { log.insert($0) } }
            for page in 0..<3 {
                try await send(people(page * 10..<page * 10 + 10), "S\(page)", to: store)
            }
            #expect(!log.sorted().contains { $0 == RecentKeys.selectRecent })
        }
    }
}

extension SQLiteStore {
    /// Brings everybody into the indexes.
    func mergePeople() async throws {
        while recent.count > 0 {
            try await merge(100)
        }
    }

    /// One step of that, as the writer does it.
    fileprivate func merge(_ entries: Int) async throws {
        try await pool.writeWithoutTransaction { [recent] db in
            try db.beginTransaction(.immediate)
            let step = try recent.merge(entries, db)
            try db.commit()
            recent.merged(step)
        }
    }
}

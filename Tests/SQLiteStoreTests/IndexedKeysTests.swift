import Audiences
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

/// What lets strangers pass without a look at the database's indexes.
struct IndexedKeysTests {
    private let directory = TemporaryDirectory()
    private let upkeep = Upkeep(recentPeopleMax: 100, filterPeopleMin: 1)

    /// Each session in an order of its own, so that people do not stand after the one before them.
    private func send(
        _ range: Range<Int>, _ session: String, reference: String = "user", to store: SQLiteStore
    ) async throws {
        var order = SeededGenerator(seed: UInt64(session.utf8.last ?? 0))
        let members = range.shuffled(using: &order).map {
            MemberRecord.make("p\($0)", reference: "\(reference)-\($0)")
        }
        let page = SyncPage.make(.addMembers, members: members, session: session)
        _ = try await store.record(page, from: .make(), at: .start)
    }

    /// Lets the filter be made, and become complete.
    private func read(_ store: SQLiteStore) async throws {
        repeat {
            try await store.writer.write { _ in }
            await Task.yield()
        } while !store.recent.indexed.isComplete
    }

    private func memberCount(_ store: SQLiteStore) async throws -> [Int] {
        try await store.audiences(matching: AudienceFilter(), ListRange()).items.map(\.memberCount)
    }

    /// How often the writer has looked at an index of people for a page.
    private func probes(
        of store: SQLiteStore, _ body: () async throws -> Void
    ) async throws -> Int {
        let count = Atomic(0)
        try await store.pool.writeWithoutTransaction { db in
            db.trace { event in
                guard case .statement(let statement) = event,
                    statement.sql.contains("AS candidate")
                else { return }
                count.add(1, ordering: .relaxed)
            }
        }
        try await body()
        try await store.pool.writeWithoutTransaction { db in db.trace() }
        return count.load(ordering: .relaxed)
    }

    @Test(arguments: [1, 1000, 40_000])
    func whatIsAddedMayBeThereAndMostElseIsNot(_ count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        var filter = KeyFilter(keys: count)
        let hashes = (0..<count).map { _ in Int64.random(in: .min ... .max, using: &random) }
        for hash in hashes { filter.add(hash) }
        #expect(hashes.allSatisfy(filter.mayHave))
        let others = (0..<10_000).count { _ in
            filter.mayHave(.random(in: .min ... .max, using: &random))
        }
        #expect(others < 500)
    }

    @Test func strangersAreLookedForUntilTheIndexesHaveBeenRead() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(0..<200, "S1", to: store)
            try await store.mergePeople()
            let probes = try await probes(of: store) {
                try await send(200..<300, "S2", to: store)
            }
            #expect(probes == 200)
        }
        try await directory.withStore(upkeep: upkeep) { store in
            try await read(store)
            let strangers = try await probes(of: store) {
                try await send(900..<1000, "S3", to: store)
            }
            #expect(strangers < 40)
            let known = try await probes(of: store) { try await send(40..<140, "S4", to: store) }
            #expect(known >= 70)
            #expect(try await memberCount(store) == [400])
        }
    }

    /// Whoever came into an index after the reading began, in whatever way.
    @Test func nobodyIsMissed() async throws {
        try await directory.withStore(upkeep: upkeep) { store in
            try await store.create(Connection.make())
            try await send(0..<60, "S1", to: store)
            try await store.mergePeople()
            try await read(store)
            try await send(60..<100, "S2", to: store)
            // Their reference ids go into the index at once.
            try await send(0..<20, "S3", reference: "new", to: store)
            try await store.mergePeople()
            #expect(store.recent.indexed.isComplete)
            try await send(0..<100, "S4", reference: "last", to: store)
            #expect(try await memberCount(store) == [100])
            let other = SyncPage.make(
                .addMembers, members: [.make("stranger", reference: "last-70")], session: "S5")
            _ = try await store.record(other, from: .make(), at: .start)
            let last = try await store.audiences(matching: AudienceFilter(), ListRange())
                .items.first?.lastSync
            #expect(last?.references.shared == 1)
        }
    }

    @Test func manyMorePeopleAreReadAnew() async throws {
        try await directory.withStore(upkeep: upkeep) { store in
            try await store.create(Connection.make())
            try await send(0..<10, "S1", to: store)
            try await store.mergePeople()
            try await read(store)
            try await send(10..<100, "S2", to: store)
            try await store.mergePeople()
            #expect(store.recent.indexed.readings == 1)
            try await store.writer.write { _ in }
            try await store.writer.write { _ in }
            #expect(store.recent.indexed.readings == 2)
            try await read(store)
            try await send(0..<100, "S3", to: store)
            #expect(try await memberCount(store) == [100])
        }
    }

    /// What a command brings there, nobody tells the server.
    @Test func afterACommandEverybodyIsLookedForAgain() async throws {
        try await directory.withStore(upkeep: upkeep) { server in
            try await server.create(Connection.make())
            try await send(0..<10, "S1", to: server)
            try await server.mergePeople()
            try await read(server)
            try await directory.withStore(as: .tool, upkeep: Upkeep(recentPeopleMax: 5)) { tool in
                try await send(10..<30, "S2", to: tool)
                try await tool.writer.write { _ in }
            }
            try await send(10..<30, "S3", to: server)
            #expect(try await memberCount(server) == [30])
            try await read(server)
            try await send(0..<30, "S4", to: server)
            #expect(try await memberCount(server) == [30])
        }
    }
}

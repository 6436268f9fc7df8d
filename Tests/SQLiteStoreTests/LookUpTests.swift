import Audiences
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

/// Look-ups on the thread that asks, and what they leave to the pool.
struct LookUpTests {
    private let directory = TemporaryDirectory()

    @Test func aLookUpNeedsNoReaderOfThePool() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, ["ada"]), from: .make(), at: .start)
            let gate = Gate()
            for _ in 0..<Pragmas.readersMax {
                store.pool.asyncRead { _ in
                    #expect(gate.waitWithPatience(), "the look-up waited for a reader")
                }
            }
            let found = try await store.memberships(matching: .make("ada"), in: nil)
            #expect(found.count == 1)
            for _ in 0..<Pragmas.readersMax { gate.open() }
        }
    }

    /// The other path must keep the same contract.
    @Test(arguments: StoreConformance.cases)
    func thePoolAnswersTheSame(_ sentence: StoreCase) async throws {
        try await directory.withStore { store in
            store.lookUps.close()
            try await sentence.run(on: store)
            #expect(store.lookUps.openCount == 0)
        }
    }

    /// In each of the two states exactly one person matches: one by the reference id, or another
    /// by the distinct id.
    ///
    /// Statements that saw different states would find none.
    @Test func aLookUpSeesOneStateWhileReplacementsSwitch() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let states: [[MemberRecord]] = [
                [.make("d1", reference: "bo"), .make("bo", reference: "somebody else")],
                [.make("d1", reference: .cleared), .make("bo", reference: .cleared)],
            ]
            func replace(_ run: Int) async throws {
                let page = SyncPage.make(members: states[run % 2], session: "S\(run)")
                _ = try await store.record(
                    page, from: .make(), at: .start.after(minutes: Int64(run)))
            }
            try await replace(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for run in 1...200 { try await replace(run) } }
                for _ in 0..<3 {
                    group.addTask {
                        while !Task.isCancelled {
                            let found = try await store.memberships(
                                matching: .make("bo"), in: nil)
                            #expect(found.count == 1)
                            if found.count != 1 { return }
                            await Task.yield()
                        }
                    }
                }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private final class Run: Sendable {
        let number = Mutex(0)
    }

    /// As above, but the other person is stored by the very commit that makes them match.
    @Test func aLookUpSeesWhoComesWithTheStateItReads() async throws {
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 50)) { store in
            try await store.create(Connection.make())
            let run = Run()
            @Sendable func send(_ members: [MemberRecord], _ session: String) async throws {
                let page = SyncPage.make(.addMembers, members: members, session: session)
                _ = try await store.record(page, from: .make(), at: .start)
            }
            try await send([.make("d1", reference: "bo0")], "S0")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for next in 1...400 {
                        try await send(
                            [.make("d1", reference: .cleared), .make("bo\(next - 1)")],
                            "A\(next)")
                        try await send([.make("d1", reference: "bo\(next)")], "B\(next)")
                        run.number.withLock { $0 = next }
                    }
                }
                for reader in 0..<3 {
                    group.addTask {
                        while !Task.isCancelled {
                            let id = ExternalID.make("bo\(run.number.withLock { $0 })")
                            let found =
                                try await reader == 0
                                ? store.memberships(matchingAny: [id], in: [])
                                    .rows.flatMap(\.audiences).count
                                : store.memberships(matching: id, in: nil).count
                            #expect(found == 1)
                            if found != 1 { return }
                            await Task.yield()
                        }
                    }
                }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    @Test func aKeyThatAnotherProcessRevokesIsRevokedAtOnce() async throws {
        try await directory.withStore { server in
            let hash = try #require(
                SecretHash(phc: "$sha256$" + digits(32) + "$" + digits(64)))
            let key = OperatorKey(
                id: .make(from: digits(16).utf8.map { $0 }), name: "back end", hash: hash,
                createdAt: .start)
            try await server.create(key)
            try await directory.withStore(as: .tool) { tool in
                #expect(try await server.operatorKey(key.id) == key)
                try await tool.revoke(key.id, at: .start.after(minutes: 1))
                let revoked = try await server.operatorKey(key.id)
                #expect(revoked?.revokedAt == .start.after(minutes: 1))
            }
        }
    }

    @Test func whatAnotherProcessDoesToAConnectionIsSeenAtOnce() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            _ = try await server.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            let hash = try #require(SecretHash(phc: "$sha256$" + digits(32) + "$" + digits(64)))
            let secrets = [1, 2].map { number in
                StoredSecret(id: .make(from: [number]), hash: hash, createdAt: .start)
            }
            try await directory.withStore(as: .tool) { tool in
                let sync = CohortSync(
                    username: "mixpanel_1", secrets: [secrets[0]], createdAt: .start)
                try await tool.setUp(sync, of: .make())
                #expect(try await server.connection(.make())?.cohortSync == sync)
                let changed = try await tool.add(
                    secrets[1], to: .make(), overlapMilliseconds: 0, at: .start, for: .test)
                #expect(try await server.connection(.make()) == changed)
                #expect(changed.cohortSync?.secrets.map(\.expiresAt) == [nil, .start])
                try await server.noteUse(of: secrets[1].id, of: .make(), at: .start.after(1))
                let revoked = try await tool.revoke(nil, of: .make(), at: .start.after(2))
                #expect(revoked.cohortSync?.firstPageAt == .start.after(1))
                #expect(try await server.connection(.make()) == revoked)
                try await tool.delete(.make(), at: .start.after(3))
                #expect(try await server.connection(.make()) == nil)
                #expect(try await server.memberships(matching: .make("ada"), in: nil).isEmpty)
                let failure = await #expect(throws: Failure.self) {
                    try await server.record(
                        .make(.addMembers, ["bo"], session: "S2"), from: .make(), at: .start)
                }
                #expect(failure?.code == .notFound)
            }
        }
    }

    private func digits(_ count: Int) -> String { String(repeating: "7", count: count) }

    // MARK: Bounds

    /// A probe for each audience of the connection, some 20 steps.
    @Test(arguments: [(5, true), (200, false)])
    func aLookUpThatTakesTooLongIsLeftToThePool(_ audiences: Int, _ fits: Bool) async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            for number in 1...audiences {
                let page = SyncPage.make(.addMembers, ["ada"], cohort: "\(number)")
                _ = try await store.record(page, from: .make(), at: .start)
            }
            let lookUps = LookUps(path: store.pool.path, stepsMax: 1000)
            let ada = ExternalID.make("ada")
            for _ in 0..<3 {
                let found = lookUps.read(.membershipsOfRecent) { statement in
                    try statement.all(
                        store.hashing.people.hash("ada"), ada, String?.none, 1, 0
                    ) { _ in 1 }
                }
                #expect(found?.count == (fits ? audiences : nil))
                // The connection has survived it.
                let nobody = lookUps.read(.operatorKey) { try $0.first("key_none") { _ in 1 } }
                #expect(nobody == .some(nil))
            }
            #expect(lookUps.openCount == 1)
            let all = try await store.memberships(matching: ada, in: nil)
            #expect(all.count == audiences)
        }
    }

    @Test func thereAreOnlySoManyConnections() async throws {
        try await directory.withStore { store in
            func nest(_ depth: Int) -> Int {
                store.lookUps.read(.operatorKey) { _ in nest(depth + 1) } ?? depth
            }
            #expect(nest(0) == LookUps.connectionsMax)
            #expect(store.lookUps.openCount == LookUps.connectionsMax)
        }
    }

    /// Opened by the first that need them, and used again.
    @Test func connectionsAreAsManyAsLookUpsAtATime() async throws {
        try await directory.withStore { store in
            #expect(store.lookUps.openCount == 0)
            for _ in 0..<3 { _ = try await store.memberships(matching: .make("ada"), in: nil) }
            #expect(store.lookUps.openCount == 1)
        }
    }

    @Test func aLookUpConnectionNeitherWritesNorWaits() throws {
        let configuration = Pragmas.lookUpConfiguration()
        #expect(configuration.readonly)
        guard case .immediateError = configuration.busyMode else {
            Issue.record("a look-up may wait for a lock")
            return
        }
    }

    @Test func noLookUpHoldsACheckpointUp() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.memberships(matching: .make("ada"), in: nil)
            _ = try await store.operatorKey(.make(from: [UInt8](repeating: 7, count: 16)))
            let isWhole = try await store.pool.writeWithoutTransaction { db in
                let result = try db.checkpoint(.truncate)
                return result.walFrameCount == result.checkpointedFrameCount
            }
            #expect(isWhole)
        }
    }

    @Test func aLookUpAfterTheCloseIsRefused() async throws {
        let store = try directory.open()
        _ = try await store.memberships(matching: .make("ada"), in: nil)
        try await store.close()
        #expect(store.lookUps.openCount == 0)
        let failure = await #expect(throws: Failure.self) {
            try await store.memberships(matching: .make("ada"), in: nil)
        }
        #expect(failure?.code == .unavailable)
    }
}

extension Database {
    /// Takes a few steps of SQLite's machine for each number.
    fileprivate func count(to number: Int) throws -> Int? {
        try prepared(
            """
            WITH RECURSIVE counter(i) AS (
                SELECT 1 UNION ALL SELECT i + 1 FROM counter WHERE i < ?
            )
            SELECT max(i) FROM counter
            """
        ).first(number) { row in row.count(0) }
    }
}

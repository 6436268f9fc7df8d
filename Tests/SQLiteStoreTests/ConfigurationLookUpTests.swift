import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// A load of an app's configuration is a look-up: it waits for nobody and writes nothing.
struct ConfigurationLookUpTests {
    private let directory = TemporaryDirectory()

    /// Ada is a member, and has been invited.
    private func withAudience(
        _ body: @escaping (SQLiteStore) async throws -> Void
    ) async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(
                .make(.members, ["ada", "bo"]), from: .make(), at: .start)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            let audience = try #require(all.items.first?.id)
            try await store.create(Study.make(), for: .test)
            try await store.create(LaunchRule.make(trigger: .audience(audience)), for: .test)
            #expect(try await load("ada", 1, store) == .make(1))
            try await body(store)
        }
    }

    /// The code of the pending invite.
    private func load(
        _ matchID: String, _ code: Int, _ store: SQLiteStore, at time: Timestamp = .start
    ) async throws -> InviteCode? {
        try await store.configuration(
            for: .make(matchID), of: .make(), fresh: .make(code), at: time
        ).pending?.invite.code
    }

    @Test func onceTheRulesAreKnownNoReaderAndNoWriterIsNeeded() async throws {
        try await withAudience { store in
            let gate = Gate()
            for _ in 0..<Pragmas.readersMax {
                store.pool.asyncRead { _ in
                    #expect(gate.waitWithPatience(), "the load waited for a reader")
                }
            }
            store.pool.asyncWriteWithoutTransaction { _ in
                #expect(gate.waitWithPatience(), "the load waited for the writer")
            }
            #expect(try await load("ada", 2, store) == .make(1))
            #expect(try await load("nobody", 2, store) == nil)
            let stranger = try await store.configuration(
                for: nil, of: .make(), fresh: .make(2), at: .start)
            #expect(stranger == LaunchConfiguration(events: []))
            for _ in 0...Pragmas.readersMax { gate.open() }
        }
    }

    @Test func aLoadThatFindsWhatItFoundWritesNothing() async throws {
        try await withAudience { store in
            let before = try await store.pool.read { db in
                try Int.fetchOne(db, sql: "PRAGMA data_version")
            }
            let seen = StatementLog()
            try await store.pool.writeWithoutTransaction { db in
                db.trace { seen.insert($0) }
            }
            for time in 0..<20 as Range<Int64> {
                #expect(try await load("ada", 2, store, at: .start.after(time)) == .make(1))
                #expect(try await load("nobody", 2, store) == nil)
            }
            #expect(seen.sorted() == [])
            let after = try await store.pool.read { db in
                try Int.fetchOne(db, sql: "PRAGMA data_version")
            }
            #expect(before == after)
        }
    }

    /// Each of these is told by the very next load, whoever did it.
    @Test(arguments: [SQLiteStore.Role.server, .tool])
    func everyChangeOfTheRulesIsSeenAtOnce(_ role: SQLiteStore.Role) async throws {
        try await withAudience { store in
            let other = role == .tool ? try directory.open(as: .tool) : store
            let update = { (change: @escaping @Sendable (inout LaunchRule) -> Void) in
                _ = try await other.update(.make(), at: .start, for: .test) {
                    (rule: inout LaunchRule) in change(&rule)
                }
            }
            try await update { $0.status = .paused }
            #expect(try await load("ada", 2, store) == nil)
            try await update { $0.status = .active }
            #expect(try await load("ada", 2, store) == .make(1))
            _ = try await other.update(.make(), at: .start, for: .test) {
                (study: inout Study) in study.status = .paused
            }
            #expect(try await load("ada", 2, store) == nil)
            _ = try await other.update(.make(), at: .start, for: .test) {
                (study: inout Study) in study.status = .active
            }
            #expect(try await load("ada", 2, store) == .make(1))
            _ = try await other.note(.dismissed, of: .make(1), of: .make(), at: .start)
            #expect(try await load("ada", 2, store) == nil)
            try await other.create(LaunchRule.make(2), for: .test)
            let events = try await store.configuration(
                for: nil, of: .make(), fresh: .make(2), at: .start
            ).events
            #expect(events == [.make()])
            try await update { $0.pacing.cooldownHours = 1 }
            let later = Timestamp.start.after(hours: 2)
            #expect(try await load("ada", 2, store, at: later) == .make(2))
            let settings = SDKSettings(publicKey: .make(), cooldownHours: 9)
            try await other.set(settings, of: .make(), at: .start, for: .test)
            #expect(try await load("bo", 3, store) == .make(3))
            if role == .tool { try await other.close() }
        }
    }

    @Test func startsThatCountForEverybodyAreSeenAtOnce() async throws {
        try await withAudience { store in
            _ = try await store.update(.make(), at: .start, for: .test) {
                (study: inout Study) in study.capacity.weekly = 1
            }
            #expect(try await load("bo", 2, store) == .make(2))
            _ = try await store.start(.make(2), by: nil, of: nil, attempt: nil, at: .start)
            #expect(try await load("ada", 3, store) == nil)
            // The same state of the rules decides otherwise when the week is over.
            let monday = Timestamp.start.after(hours: 64)
            #expect(try await load("ada", 3, store, at: monday.after(-1)) == nil)
            #expect(try await load("ada", 3, store, at: monday) == .make(1))
        }
    }

    /// What is known of a deleted connection must not be said of its successor.
    @Test func aConnectionOfTheSameNameHasRulesOfItsOwn() async throws {
        try await withAudience { store in
            try await store.delete(.make(), at: .start)
            await #expect(throws: Failure.self) { try await load("ada", 2, store) }
            while try await store.tidy(at: .start) {}
            try await store.create(Connection.make())
            #expect(try await load("ada", 2, store) == nil)
            try await store.create(Study.make(), for: .test)
            try await store.create(LaunchRule.make(trigger: .event(.make("b"))), for: .test)
            let found = try await store.configuration(
                for: .make("ada"), of: .make(), fresh: .make(2), at: .start)
            #expect(found == LaunchConfiguration(events: [.make("b")]))
        }
    }

    @Test func soManyConnectionsAreKnownAndNoMore() {
        let known = KnownRules()
        let rules = KnownRules.Rules(version: 1, candidates: [], cooldownHours: nil, at: .start)
        let ids = 0..<Int64(KnownRules.connectionsMax)
        for id in ids { known.keep(rules, of: id) }
        #expect(ids.allSatisfy { known.rules(of: $0, version: 1, at: .start) != nil })
        known.keep(rules, of: -1)
        #expect(ids.allSatisfy { known.rules(of: $0, version: 1, at: .start) == nil })
        #expect(known.rules(of: -1, version: 1, at: .start) != nil)
        #expect(known.rules(of: -1, version: 2, at: .start) == nil)
    }

    @Test func anUnknownCodeAndAStartedInviteNeverWaitForTheWriter() async throws {
        try await withAudience { store in
            _ = try await store.start(
                .make(1), by: nil, of: nil, attempt: .make("a"), at: .start)
            let gate = Gate()
            store.pool.asyncWriteWithoutTransaction { _ in
                #expect(gate.waitWithPatience(), "the start waited for the writer")
            }
            let unknown = try await store.start(
                .make(9), by: nil, of: nil, attempt: nil, at: .start)
            #expect(unknown == .refused(.unknownInvite))
            let again = try await store.start(
                .make(1), by: .make("ada"), of: .make(), attempt: .make("a"), at: .start)
            guard case .invitation = again else { return #expect(Bool(false)) }
            let report = try await store.note(.shown, of: .make(1), of: .make(), at: .start)
            #expect(report?.status == .started)
            gate.open()
        }
    }
}

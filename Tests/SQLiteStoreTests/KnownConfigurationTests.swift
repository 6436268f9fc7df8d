import Audiences
import TestSupport
import Testing

@testable import SQLiteStore

/// Configurations that are told without looking: as long as they are what would be decided.
struct KnownConfigurationTests {
    private let directory = TemporaryDirectory()

    /// Pages, devices and operators change everything there is to decide by, a third of it in
    /// another process; after each, what is told is what the model says.
    @Test(arguments: 0..<24 as Range<UInt64>)
    func whatIsToldIsWhatWouldBeDecided(_ seed: UInt64) async throws {
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 3)) { server in
            let tool = seed % 2 == 0 ? nil : try directory.open(as: .tool)
            var history = LaunchHistory(on: server, beside: tool, seed: seed)
            try await history.play(steps: 60)
            // Of 960 answers; some stories have many starts and operators.
            #expect(history.repeatedCount > 60)
            try await tool?.close()
        }
    }

    /// Ada and bo are members, the rule is for them, and ada is invited.
    private func withInvite(_ body: (SQLiteStore) async throws -> Void) async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await store.create(Connection.make(2))
            _ = try await store.record(.make(.members, ["ada", "bo"]), from: .make(), at: .start)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            let audience = try #require(all.items.first?.id)
            try await store.create(Study.make(), for: .test)
            let rule = LaunchRule.make(
                trigger: .audience(audience), pacing: LaunchPacing(cooldownHours: 1))
            try await store.create(rule, for: .test)
            #expect(store.told("ada") == nil)
            try await store.load("ada", 1)
            try await body(store)
        }
    }

    @Test func whoIsKnownIsToldWithoutTheDatabase() async throws {
        try await withInvite { store in
            for person in ["ada", "stranger"] { _ = store.told(person) }
            store.lookUps.close()
            #expect(store.told("ada") == .invited(1))
            #expect(store.told("stranger") == .nothing)
            #expect(store.told("bo") == nil)
            #expect(store.told("ada", of: 2) == nil)
            #expect(store.told("ada", at: .start.after(-1)) == nil, "the clock was set back")
            let midnight = Timestamp.start.nextDayBegin
            #expect(store.told("ada", at: midnight.after(-1)) == .invited(1))
            #expect(store.told("ada", at: midnight) == nil)
        }
    }

    @Test func aCooldownIsOverAtItsMoment() async throws {
        try await withInvite { store in
            _ = try await store.note(.dismissed, of: .make(1), of: .make(), at: .start)
            _ = store.told("ada")
            store.lookUps.close()
            let end = Timestamp.start.after(hours: 1)
            #expect(store.told("ada", at: end.after(-1)) == .nothing)
            #expect(store.told("ada", at: end) == nil)
        }
    }

    /// What becomes of one person's invite leaves the others known.
    @Test func startsAndPagesTouchWhoTheyAreAboutAndNobodyElse() async throws {
        try await withInvite { store in
            try await store.load("bo", 2)
            _ = try await store.record(
                .make(.addMembers, ["cy"], session: "S2"), from: .make(), at: .start)
            for person in ["ada", "bo"] { _ = store.told(person) }
            _ = try await store.start(.make(2), by: nil, of: nil, attempt: nil, at: .start)
            _ = try await store.record(
                .make(.addMembers, ["cy"], session: "S3"), from: .make(), at: .start)
            #expect(store.told("bo") == .nothing)
            store.lookUps.close()
            #expect(store.told("ada") == .invited(1))
        }
    }

    /// Before the last of them, a start that counts for all changes nothing for the others.
    @Test func theLastStartOfAWeekIsToldToAll() async throws {
        try await withInvite { store in
            _ = try await store.update(.make(), at: .start, for: .test) {
                (study: inout Study) in study.capacity.weekly = 2
            }
            _ = try await store.record(
                .make(.addMembers, ["cy"], session: "S2"), from: .make(), at: .start)
            for (code, person) in [(2, "bo"), (3, "cy")] { try await store.load(person, code) }
            #expect(store.told("ada") == .invited(1))
            let before = store.known.edition
            _ = try await store.start(.make(2), by: nil, of: nil, attempt: nil, at: .start)
            #expect(store.known.edition == before)
            #expect(store.told("ada") == .invited(1))
            _ = try await store.start(.make(3), by: nil, of: nil, attempt: nil, at: .start)
            try await store.load("ada", 4)
            #expect(store.told("ada") == .nothing)
        }
    }

    @Test func whatWasDecidedBeforeACommitIsNotKept() async throws {
        try await withInvite { store in
            _ = store.told("ada")
            let hash = store.hashing.people.hash("ada")
            let other = store.known.configuration(
                of: .make(2), for: .make("ada"), hash, at: .start)
            let ticket = try #require(other.ticket)
            #expect(other.audiences?.count == 1)
            _ = try await store.note(.dismissed, of: .make(1), of: .make(), at: .start)
            _ = store.told("ada")
            store.known.keep(
                KnownMemberships.Configuration(
                    connection: .make(), written: Array("1".utf8), begin: .start,
                    end: .start.nextDayBegin),
                of: .make("ada"), hash, ticket)
            #expect(store.told("ada") == .nothing)
        }
    }

    /// Devices that ask all the time while others say yes and no: who did is told so at once.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func whoAnsweredIsAskedNoMore(_ seed: UInt64) async throws {
        try await withInvite { store in
            let people = (0..<12).map { "p\($0)" }
            _ = try await store.record(
                .make(.addMembers, people, session: "S2"), from: .make(), at: .start)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, person) in people.enumerated() {
                    group.addTask {
                        let code = 100 + number
                        for _ in 0..<20 { #expect(store.told(person) == nil) }
                        try await store.load(person, code)
                        for _ in 0..<20 {
                            // Not while a commit is under way and nothing can be looked up.
                            let told = store.told(person)
                            #expect(told == .invited(code) || told == nil)
                            for other in people { _ = store.told(other) }
                        }
                        if (seed + UInt64(number)) % 2 == 0 {
                            _ = try await store.start(
                                .make(code), by: nil, of: nil, attempt: nil, at: .start)
                        } else {
                            _ = try await store.note(
                                .dismissed, of: .make(code), of: .make(), at: .start)
                        }
                        for _ in 0..<20 { #expect(store.told(person) != .invited(code)) }
                    }
                }
                try await group.waitForAll()
            }
            for person in people { #expect(store.told(person) == .nothing) }
        }
    }
}

private enum Told: Equatable {
    case nothing
    case invited(Int)
}

extension SQLiteStore {
    /// What is told at once; `nil` if nothing is.
    fileprivate func told(
        _ id: String, of connection: UInt8 = 1, at now: Timestamp = .start
    ) -> Told? {
        let bytes = configurationAtOnce(for: .make(id), of: .make(connection), at: now) { found in
            let number = (0..<200).first { found.pending?.invite.code == .make($0) }
            return Array(String(number ?? -1).utf8)
        }
        guard let bytes, let number = Int(String(decoding: bytes, as: UTF8.self)) else {
            return nil
        }
        return number < 0 ? .nothing : .invited(number)
    }

    /// The ordinary way.
    fileprivate func load(_ id: String, _ code: Int) async throws {
        _ = try await configuration(
            for: .make(id), of: .make(), fresh: .make(code), at: .start)
    }
}

import Audiences
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

/// Answers that are told without looking: as long as they are true, and not a moment longer.
struct KnownAnswersTests {
    private let directory = TemporaryDirectory()

    // MARK: What is known

    @Test func whoIsAskedForAgainIsToldWithoutTheDatabase() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            let first = store.told("ada")
            store.lookUps.close()
            #expect(first?.contains("addMembers") == true)
            #expect(store.told("ada") == first)
            #expect(store.told("bo") == nil)
        }
    }

    @Test func anAnswerIsWrittenOnceForAState() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, ["ada"]), from: .make(), at: .start)
            let count = Mutex(0)
            func ask(_ now: Timestamp) -> [UInt8]? {
                store.membershipsAtOnce(matching: .make("ada"), at: now) { found in
                    count.withLock { $0 += 1 }
                    return Array(found.written(at: now).utf8)
                }
            }
            for _ in 0..<5 { _ = ask(.start) }
            #expect(count.withLock { $0 } == 2, "when it was looked up, and when it was known")
            // Stale after an hour and a half; nobody has written that yet.
            let later = Timestamp.start.after(hours: 2)
            #expect(
                ask(later).map { String(decoding: $0, as: UTF8.self) }?.hasSuffix("stale") == true)
            _ = ask(later)
            #expect(count.withLock { $0 } == 3)
        }
    }

    @Test func aCommandKnowsNothing() async throws {
        try await directory.withStore(as: .tool) { tool in
            try await tool.create(Connection.make())
            #expect(tool.told("ada") == nil)
            #expect(tool.keyEdition == nil)
        }
    }

    @Test func aClosedStoreTellsNothing() async throws {
        let store = try directory.open()
        #expect(store.told("ada") == "")
        try await store.close()
        #expect(store.told("ada") == nil)
        #expect(store.keyEdition == nil)
    }

    // MARK: What is true no more

    @Test func whatAnotherProcessCommitsIsToldAtOnce() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            _ = try await server.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            for _ in 0..<3 { #expect(server.told("ada") != "") }
            try await directory.withStore(as: .tool) { tool in
                _ = try await tool.record(
                    .make(.removeMembers, ["ada"], session: "S2"), from: .make(), at: .start)
                #expect(server.told("ada") == "")
                _ = try await tool.record(
                    .make(.addMembers, ["ada"], session: "S3"), from: .make(), at: .start)
                #expect(server.told("ada") != "")
                // Ours comes next, and must not bring back what was known before theirs.
                _ = try await tool.erase(matching: .make("ada"), staysErased: false, at: .start)
                _ = try await server.record(
                    .make(.addMembers, ["bo"], session: "S4"), from: .make(), at: .start)
                #expect(server.told("ada") == "")
            }
        }
    }

    /// SQLite does not count it; if we did, the next commit of another process would look like
    /// ours.
    @Test func aCommitOfNothingIsNotCounted() async throws {
        try await directory.withStore { server in
            try await server.create(Connection.make())
            _ = try await server.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            for _ in 0..<2 { #expect(server.told("ada") != "") }
            try await directory.withStore(as: .tool) { tool in
                try await server.writer.write(touching: .noted) { _ in }
                _ = try await tool.record(
                    .make(.removeMembers, ["ada"], session: "S2"), from: .make(), at: .start)
                #expect(server.told("ada") == "")
            }
        }
    }

    @Test func whatWasReadBeforeACommitIsNotKept() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            let id = ExternalID.make("ada")
            let hash = store.hashing.people.hash("ada")
            guard
                case .unknown(let ticket?) = store.known.memberships(matching: id, hash, at: .start)
            else {
                Issue.record("somebody is known who was never asked for")
                return
            }
            let rows = try #require(store.rowsAtOnce(matching: id, hash, in: nil))
            _ = try await store.record(
                .make(.removeMembers, ["ada"], session: "S2"), from: .make(), at: .start)
            store.known.keep(rows, matching: id, hash, ticket)
            #expect(store.told("ada") == "")
        }
    }

    @Test func whatWasWrittenBeforeACommitIsNotKept() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            let name = { SyncPage.make(.addMembers, ["ada"], session: $0, name: $0) }
            _ = try await store.record(name("One"), from: .make(), at: .start)
            _ = store.told("ada")
            let id = ExternalID.make("ada")
            let hash = store.hashing.people.hash("ada")
            let known = store.known.memberships(matching: id, hash, at: .start)
            guard case .known(_, let ticket, let mark) = known else {
                Issue.record("nobody is known")
                return
            }
            _ = try await store.record(name("Two"), from: .make(), at: .start)
            _ = store.told("ada")
            store.known.keep(written: [1], of: id, hash, mark, ticket)
            #expect(store.told("ada")?.contains("Two") == true)
        }
    }

    /// Long after its page, a session leaves the sync log; memberships then have no source.
    @Test func aSessionThatIsRemovedIsNamedNoMore() async throws {
        var retention = Retention()
        retention.syncLogMilliseconds = 3_600_000
        try await directory.withStore(retention: retention) { store in
            try await store.create(Connection.make())
            for (session, id) in [("S1", "ada"), ("S2", "bo")] {
                _ = try await store.record(
                    .make(.addMembers, [id], session: session), from: .make(), at: .start)
            }
            let later = Timestamp.start.after(hours: 9)
            while try await store.tidy(at: later) {
                _ = store.told("ada", later)
                _ = store.told("bo", later)
            }
            #expect(store.told("ada", later)?.contains("S1") == false)
            #expect(store.told("bo", later)?.contains("S2") == true)
        }
    }

    @Test func thePeopleOfAPageLeaveTheOthersKnown() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            _ = store.told("ada")
            for number in 2...5 {
                let page = SyncPage.make(.addMembers, ["p\(number)"], session: "S\(number)")
                _ = try await store.record(page, from: .make(), at: .start)
            }
            _ = store.told("p5")
            store.lookUps.close()
            #expect(store.told("ada")?.contains("S1") == true)
        }
    }

    @Test func aKeyIsAnotherOneAfterAnybodyRevokesOne() async throws {
        try await directory.withStore { server in
            let hash = try #require(
                SecretHash(
                    phc: "$sha256$" + String(repeating: "7", count: 32) + "$"
                        + String(repeating: "7", count: 64)))
            let keys = [1, 2].map { number in
                OperatorKey(
                    id: .make(from: [UInt8](repeating: number, count: 16)), name: "back end",
                    hash: hash, createdAt: .start)
            }
            var seen: Set<UInt64> = []
            func look() throws -> Bool { seen.insert(try #require(server.keyEdition)).inserted }
            #expect(try look())
            for key in keys { try await server.create(key) }
            #expect(try look())
            try await server.create(Connection.make())
            _ = try look()
            _ = try await server.record(.make(.addMembers, ["ada"]), from: .make(), at: .start)
            #expect(try !look(), "a page is nothing to a key")
            try await server.revoke(keys[0].id, at: .start)
            #expect(try look())
            try await directory.withStore(as: .tool) { try await $0.revoke(keys[1].id, at: .start) }
            #expect(try look())
        }
    }

    // MARK: All of it at the same time

    /// Writers of this and of another process, and askers of the same few people, in any order.
    ///
    /// After every write its writer asks, and must be told what it wrote; at the end what is told
    /// is what is found.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func whoWroteIsToldWhatTheyWrote(_ seed: UInt64) async throws {
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 7)) { server in
            for number in [1, 2] as [UInt8] { try await server.create(Connection.make(number)) }
            let tool = try directory.open(as: .tool)
            let end = End()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 0..<3 {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &* 31 &+ UInt64(reader))
                        while !end.isNear.load(ordering: .relaxed) {
                            let id = Writer.ids.randomElement(using: &random) ?? ""
                            _ = server.told(id)
                            await Task.yield()
                        }
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for number in 0..<3 as Range<UInt64> {
                        let store = number == 2 ? tool : server
                        writers.addTask {
                            defer { end.isNear.store(true, ordering: .relaxed) }
                            var writer = Writer(number, seed, store, asking: server)
                            for _ in 0..<60 { try await writer.step() }
                        }
                    }
                    try await writers.waitForAll()
                }
                try await group.waitForAll()
            }
            for id in Writer.ids {
                let found = try await server.memberships(matching: .make(id), in: nil)
                for _ in 0..<3 { #expect(server.told(id) == found.written(at: .start), "\(id)") }
            }
            try await tool.close()
        }
    }
}

/// Whether the first of the writers has done its work.
private final class End: Sendable {
    let isNear = Atomic(false)
}

/// Writes about people of its own, and asks about them.
private struct Writer {
    static let ids = (0..<3).flatMap { writer in
        (0..<4).flatMap { ["d\(writer)-\($0)", "r\(writer)-\($0)"] }
    }

    private let number: UInt64
    private let store: SQLiteStore
    private let server: SQLiteStore
    private var random: SeededGenerator
    private var session = 0
    /// The members of this writer's own audience, with their reference ids.
    private var members: [String: String] = [:]

    init(_ number: UInt64, _ seed: UInt64, _ store: SQLiteStore, asking server: SQLiteStore) {
        self.number = number
        self.store = store
        self.server = server
        random = SeededGenerator(seed: seed &* 7 &+ number)
    }

    mutating func step() async throws {
        session += 1
        let person = Int.random(in: 0..<4, using: &random)
        let (distinct, reference) = ("d\(number)-\(person)", "r\(number)-\(person)")
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            let isNamed = Bool.random(using: &random)
            try await send(
                .addMembers,
                [.make(distinct, reference: isNamed ? .set(.make(reference)) : .cleared)])
            members[distinct] = isNamed ? reference : distinct
        case 4..<7:
            try await send(.removeMembers, [.make(distinct)])
            members[distinct] = nil
        case 7, 8:
            try await send(.members, [.make(distinct, reference: reference)])
            members = [distinct: reference]
        default:
            _ = try await store.erase(matching: .make(reference), staysErased: false, at: .start)
            members = members.filter { $0.value != reference }
        }
        for id in Self.ids.filter({ $0.dropFirst().hasPrefix("\(number)-") }) {
            for _ in 0..<2 {
                // Three who may match are looked for on the pool.
                guard let told = server.told(id) else { continue }
                #expect((told != "") == members.values.contains(id), "\(id): \(told)")
            }
        }
    }

    private func send(_ action: SyncAction, _ people: [MemberRecord]) async throws {
        _ = try await store.record(
            .make(
                action, members: people, session: "S\(number)-\(session)",
                cohort: "cohort \(number)"),
            from: .make(), at: .start)
    }
}

extension SQLiteStore {
    /// What is told at once; `nil` if nothing is.
    fileprivate func told(_ id: String, _ now: Timestamp = .start) -> String? {
        membershipsAtOnce(matching: .make(id), at: now) { Array($0.written(at: now).utf8) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

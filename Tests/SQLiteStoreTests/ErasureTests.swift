import Audiences
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// Nothing of an erased person is left in the files.
struct ErasureTests {
    private let directory = TemporaryDirectory()

    private func bytes() throws -> Data {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try files.reduce(into: Data()) { all, file in
            all += try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(file)"))
        }
    }

    private func member(_ id: String, _ reference: String? = nil, note: String) -> MemberRecord {
        var member = MemberRecord.make(id)
        if let reference { member.reference = .set(.make(reference)) }
        member.traits = [TraitChange(name: "note", value: .text(note))]
        return member
    }

    private func send(_ page: SyncPage, to store: SQLiteStore) async throws {
        _ = try await store.record(page, from: .make(), at: .start)
    }

    /// They stand in a current and a replaced snapshot, in a staged one, and in a noted diff.
    @Test func anErasedPersonIsGoneFromTheFiles() async throws {
        let secrets = ["greta-distinct-id", "greta-reference", "greta-likes-tulips"]
        try await directory.withStore { store in
            try await store.create(Connection.make(traitsAllowed: ["note"]))
            let greta = member(secrets[0], secrets[1], note: secrets[2])
            let others = crowd(3000).map { member($0, "user-\($0)", note: "nothing") }
            try await send(.make(.members, members: others + [greta]), to: store)
            try await send(.make(.members, members: [greta] + others, session: "S2"), to: store)
            try await send(
                .make(.members, members: [greta], session: "S3", page: 1, of: 2), to: store)
            try await send(
                .make(.addMembers, members: [greta, others[0]], session: "D1"), to: store)
        }
        for secret in secrets { #expect(try bytes().range(of: Data(secret.utf8)) != nil) }
        try await directory.withStore { store in
            let count = try await store.erase(
                matching: .make(secrets[1]), staysErased: true, at: .start)
            #expect(count == 1)
        }
        for secret in secrets { #expect(try bytes().range(of: Data(secret.utf8)) == nil) }
    }

    @Test func anErasedPersonsInvitesAreGoneFromTheFiles() async throws {
        let secrets = ["greta-reference", "greta-likes-tulips", "greta-phone"]
        try await directory.withStore { store in
            try await store.create(Connection.make(traitsAllowed: ["note"]))
            let greta = member("d1", secrets[0], note: secrets[1])
            try await send(.make(.addMembers, members: [greta]), to: store)
            try await store.create(Study.make(), for: .test)
            try await store.create(LaunchRule.make(), for: .test)
            _ = try await store.offer(
                on: .make(), to: .make(secrets[0]), of: .make(), fresh: .make(1), at: .start)
            _ = try await store.start(
                .make(1), by: nil, of: nil, attempt: .make(secrets[2]), at: .start)
        }
        for secret in secrets { #expect(try bytes().range(of: Data(secret.utf8)) != nil) }
        try await directory.withStore { store in
            let count = try await store.erase(
                matching: .make(secrets[0]), staysErased: true, at: .start)
            #expect(count == 1)
        }
        for secret in secrets { #expect(try bytes().range(of: Data(secret.utf8)) == nil) }
    }

    /// What does not fit on a tree page has pages of its own, which become free ones.
    @Test func aPersonOfSeveralPagesIsGoneToo() async throws {
        let names = (0..<8).map { "note \($0)" }
        let text = String(repeating: "tulips ", count: 140)
        try await directory.withStore { store in
            try await store.create(Connection.make(traitsAllowed: names))
            var greta = MemberRecord.make("greta")
            greta.traits = names.map { TraitChange(name: $0, value: .text(text)) }
            try await send(.make(.members, members: [greta, .make("ada")]), to: store)
            _ = try await store.erase(matching: .make("greta"), staysErased: false, at: .start)
        }
        #expect(try bytes().range(of: Data("tulips".utf8)) == nil)
    }

    @Test func aNumberInAListNeverMeansSomebodyElse() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await send(.make(.members, ["ada", "bo"], page: 1, of: 2), to: store)
            _ = try await store.erase(matching: .make("bo"), staysErased: false, at: .start)
            try await send(.make(.addMembers, ["cy"], session: "D1"), to: store)
            // Sent again, bo is somebody new.
            try await send(.make(.members, ["ada", "bo"], page: 1, of: 2), to: store)
            try await send(.make(.members, ["dee"], page: 2, of: 2), to: store)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            let id = try #require(all.items.first?.id)
            let members = try await store.members(of: id, ListRange())
            #expect(
                Set(members.items.map(\.person.distinctID.text)) == ["ada", "bo", "cy", "dee"])
            #expect(all.items.map(\.memberCount) == [4])
        }
    }

    /// Nobody reads from the store who is to stay erased.
    @Test func whoStaysErasedIsKeptByAHashOnly() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.erase(matching: .make("greta-1"), staysErased: true, at: .start)
            try await send(.make(.members, ["greta-1", "ada"]), to: store)
            let all = try await store.audiences(matching: AudienceFilter(), ListRange())
            #expect(all.items.map(\.memberCount) == [1])
            #expect(all.items.map { $0.lastSync?.notes.unusable } == [[.erased: 1]])
            let hashes = try await store.pool.read { db in
                try Int64.fetchAll(db, sql: "SELECT hash FROM erased")
            }
            #expect(hashes == [store.hashing.erased.hash("greta-1")])
            #expect(hashes != [store.hashing.people.hash("greta-1")])
        }
        #expect(try bytes().range(of: Data("greta-1".utf8)) == nil)
    }
}

import Audiences
import SQLiteStore
import Synchronization
import TestSupport
import Testing

/// Readers beside a large replacement, whose pages come eight at once.
struct SwitchTests {
    private let directory = TemporaryDirectory()
    private static let cohort = (old: 0..<100_000, new: 50_000..<140_000)

    private final class End: Sendable {
        let isReached = Atomic(false)
    }

    /// The ways to look at an audience.
    private enum Look: CaseIterable {
        case count, lookUp, walk
    }

    /// What one look at the audience saw.
    private enum Seen: Hashable {
        case old, new
        case mixture(String)
    }

    @Test func readersOfALargeSwitchSeeTheOldOrTheNewMembership() async throws {
        try await directory.withStore { store in
            try await store.create(Connection.make())
            try await replace(with: Self.cohort.old, session: "S1", in: store)
            let audiences = try await store.audiences(matching: AudienceFilter(), ListRange())
            let id = try #require(audiences.items.first?.id)
            let end = End()
            let seen = try await withThrowingTaskGroup(of: [Seen].self) { group in
                for look in Look.allCases {
                    group.addTask {
                        var seen: [Seen] = []
                        while !end.isReached.load(ordering: .relaxed) {
                            seen.append(try await self.look(look, at: id, in: store))
                        }
                        return seen + [try await self.look(look, at: id, in: store)]
                    }
                }
                try await replace(with: Self.cohort.new, session: "S2", in: store)
                end.isReached.store(true, ordering: .relaxed)
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for reader in seen {
                #expect(reader.first == .old && reader.last == .new)
                #expect(Set(reader) == [.old, .new], "\(Set(reader))")
                #expect(reader.firstIndex(of: .new).map { reader[$0...].contains(.old) } == false)
            }
        }
    }

    private func look(
        _ look: Look, at id: AudienceID, in store: SQLiteStore
    ) async throws -> Seen {
        switch look {
        case .count: try await count(id, in: store)
        case .lookUp: try await lookUp(id, in: store)
        case .walk: try await walk(id, in: store)
        }
    }

    private func replace(
        with people: Range<Int>, session: String, in store: SQLiteStore
    ) async throws {
        let pages = people.count / 1000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in (1...pages).shuffled() {
                if number > 8 { try await group.next() }
                group.addTask {
                    let names = crowd(1000, from: people.lowerBound + (number - 1) * 1000)
                    _ = try await store.record(
                        .make(.members, names, session: session, page: number, of: pages),
                        from: .make(), at: .start)
                }
            }
            try await group.waitForAll()
        }
    }

    private func count(_ id: AudienceID, in store: SQLiteStore) async throws -> Seen {
        switch try await store.audience(id)?.memberCount {
        case Self.cohort.old.count: .old
        case Self.cohort.new.count: .new
        case let count: .mixture("\(count ?? -1) members")
        }
    }

    /// Somebody who leaves, somebody who stays, somebody who enters, in one question.
    private func lookUp(_ id: AudienceID, in store: SQLiteStore) async throws -> Seen {
        let table = try await store.memberships(
            matchingAny: [.make("p0"), .make("p70000"), .make("p139999")], in: [id])
        return switch table.rows.map({ !$0.audiences.isEmpty }) {
        case [true, true, false]: .old
        case [false, true, true]: .new
        case let found: .mixture("\(found)")
        }
    }

    /// All members, page by page.
    private func walk(_ id: AudienceID, in store: SQLiteStore) async throws -> Seen {
        var found: Set<ExternalID> = []
        var range = ListRange(limit: 1000)
        repeat {
            let page = try await store.members(of: id, range)
            found.formUnion(page.items.map(\.person.distinctID))
            range.after = page.next
        } while range.after != nil
        let (first, last) = (found.contains(.make("p0")), found.contains(.make("p139999")))
        switch (found.count, first, last) {
        case (Self.cohort.old.count, true, false): return .old
        case (Self.cohort.new.count, false, true): return .new
        default: return .mixture("\(found.count) members, \(first), \(last)")
        }
    }
}

import Audiences
import SQLiteStore
import TestSupport

/// What a store must hold after some steps, said with sets.
struct FaultModel: Hashable, Sendable {
    /// What a reader can see of it; people are numbers.
    struct Visible: Hashable, Sendable {
        var connections: Set<String> = []
        var keys: Set<String> = []
        var members: [String: Set<Int>] = [:]
    }

    private struct Staged: Hashable {
        var session: String
        var pages: [Int: Set<Int>] = [:]
        var diffs: [Diff] = []
    }

    private struct Diff: Hashable {
        var people: Set<Int>
        var adds: Bool
    }

    private(set) var visible = Visible()
    private var staged: [String: Staged] = [:]
    /// Sessions whose pages change nothing any more.
    private var finished: Set<String> = []

    func after(_ step: FaultStep) -> FaultModel {
        var next = self
        next.apply(step)
        return next
    }

    private mutating func apply(_ step: FaultStep) {
        switch step {
        case .connect(let number): visible.connections.insert("Lumen \(number)")
        case .key(let number): visible.keys.insert("Key \(number)")
        case .page(let page): apply(page)
        case .together(let pages): pages.forEach { apply($0) }
        case .tidy:
            // Every script tidies after more than a day.
            finished.formUnion(staged.values.map(\.session))
            staged = [:]
        case .prove: break
        }
    }

    private mutating func apply(_ page: FaultPage) {
        let people = Set(page.people)
        switch page.kind {
        case .add:
            visible.members[page.cohort, default: []].formUnion(people)
            staged[page.cohort]?.diffs.append(Diff(people: people, adds: true))
        case .remove:
            visible.members[page.cohort]?.subtract(people)
            staged[page.cohort]?.diffs.append(Diff(people: people, adds: false))
        case .replace(let session, let number, let total):
            replace(page.cohort, session, number, of: total, people)
        }
    }

    private mutating func replace(
        _ cohort: String, _ session: String, _ number: Int, of total: Int, _ people: Set<Int>
    ) {
        guard !finished.contains(session) else { return }
        visible.members[cohort] = visible.members[cohort] ?? []
        if let open = staged[cohort], open.session != session {
            finished.insert(open.session)
            staged[cohort] = nil
        }
        var open = staged[cohort] ?? Staged(session: session)
        open.pages[number] = people
        staged[cohort] = open
        guard open.pages.count == total else { return }
        var members = open.pages.values.reduce(into: Set()) { $0.formUnion($1) }
        for diff in open.diffs {
            if diff.adds { members.formUnion(diff.people) } else { members.subtract(diff.people) }
        }
        visible.members[cohort] = members
        staged[cohort] = nil
        finished.insert(session)
    }
}

extension FaultModel.Visible {
    /// Reads everything back through the ports.
    ///
    /// - Parameters:
    ///   - store: nobody writes to it meanwhile.
    ///   - looksUp: whether some members are looked up one by one, too.
    /// - Throws: ``Violation`` if two ways to read do not agree.
    init(reading store: SQLiteStore, looksUp: Bool) async throws {
        let all = ListRange(limit: Limits.listItemsMax)
        connections = Set(try await store.connections(all).items.map(\.name))
        keys = Set(try await store.operatorKeys(all).items.map(\.name))
        for audience in try await store.audiences(matching: AudienceFilter(), all).items {
            let list = try await store.members(of: audience.id, all).items
            let ids = list.map(\.person.distinctID)
            guard audience.memberCount == list.count else {
                throw Violation(
                    description: "\(audience.memberCount) members counted, \(list.count) listed")
            }
            for id in ids.prefix(looksUp ? 5 : 0) {
                let found = try await store.memberships(matching: id, in: audience.id)
                guard found.count == 1 else {
                    throw Violation(description: "\(id.text) is not found")
                }
            }
            let people = Set(ids.compactMap { Int($0.text.dropFirst()) })
            members[audience.cohort.cohortID.text] = people
            guard looksUp else { continue }
            let told = try await Self.told(of: audience.id, by: store)
            guard told == people else {
                throw Violation(
                    description: "the feed tells of \(told.count) members, not \(people.count)")
            }
        }
    }

    /// Who is a member if one follows the change feed from its beginning.
    ///
    /// - Parameters:
    ///   - audience: whose members.
    ///   - store: gets to write what its comparisons have not told yet.
    /// - Returns: people as numbers.
    /// - Throws: ``Violation`` if a number is missing or a change is none.
    private static func told(of audience: AudienceID, by store: SQLiteStore) async throws
        -> Set<Int>
    {
        while try await store.tidy(at: .start) {}
        var people: Set<Int> = []
        var next: Int64 = 0
        while true {
            let page = try await store.changes(after: next, in: nil, limit: Limits.listItemsMax)
            for change in page.changes {
                next += 1
                guard change.sequence == next else {
                    throw Violation(description: "change \(next) is missing")
                }
                let person = change.person.flatMap { Int($0.distinctID.text.dropFirst()) }
                guard change.audience == audience, let person else { continue }
                let isReal =
                    change.kind == .entered
                    ? people.insert(person).inserted : people.remove(person) != nil
                guard isReal else { throw Violation(description: "change \(next) is none") }
            }
            guard page.hasMore else { return people }
        }
    }
}

extension FaultModel.Visible: CustomStringConvertible {
    var description: String {
        let cohorts = members.sorted { $0.key < $1.key }.map { "\($0): \($1.count)" }
        return "\(connections.sorted()) \(keys.sorted()) \(cohorts)"
    }
}

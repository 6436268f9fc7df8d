import Audiences
import TestSupport

@testable import SQLiteStore

/// What a store must hold after some steps, said with sets.
struct FaultModel: Hashable, Sendable {
    /// What a reader can see of it; people are numbers.
    struct Visible: Hashable, Sendable {
        var connections: Set<String> = []
        var keys: Set<String> = []
        var members: [String: Set<Int>] = [:]
        /// Which secrets there are, and whether they have no end.
        var secrets: [String: Bool] = [:]
        /// How many studies and rules.
        var studies = 0
        var rules = 0
        /// By their codes.
        var invites: [String: Invite.Status] = [:]
        /// The actions of the audit log.
        var audit: [String] = []
    }

    private struct Staged: Hashable {
        var session: String
        var pages: [Int: Set<Int>] = [:]
        var diffs: [Diff] = []
        var isHeld = false

        var members: Set<Int> {
            var members = pages.values.reduce(into: Set()) { $0.formUnion($1) }
            for diff in diffs {
                if diff.adds {
                    members.formUnion(diff.people)
                } else {
                    members.subtract(diff.people)
                }
            }
            return members
        }
    }

    private struct Diff: Hashable {
        var people: Set<Int>
        var adds: Bool
    }

    private(set) var visible = Visible()
    private var staged: [String: Staged] = [:]
    /// Sessions whose pages change nothing any more.
    private var finished: Set<String> = []
    /// What was replaced last.
    private var replaced: [String: Set<Int>] = [:]
    private var isGuarded = false

    func after(_ step: FaultStep) -> FaultModel {
        var next = self
        next.apply(step)
        return next
    }

    private mutating func apply(_ step: FaultStep) {
        switch step {
        case .connect(let number):
            if visible.connections.insert("Lumen \(number)").inserted {
                visible.audit.append("connection.created")
            }
        case .key(let number):
            if visible.keys.insert("Key \(number)").inserted {
                visible.audit.append("key.created")
            }
        case .page(let page): apply(page)
        case .together(let pages): pages.forEach { apply($0) }
        case .tidy(let hours):
            // Either nothing has expired, or everything.
            guard hours > 72 else { return }
            replaced = [:]
            finished.formUnion(staged.values.map(\.session))
            staged = [:]
        case .prove: break
        case .study, .rule, .invite, .start, .complete:
            if allows(step) { launch(step) }
        default:
            if allows(step) { administer(step) }
        }
    }

    /// Whether the state of things lets an operator do that.
    func allows(_ step: FaultStep) -> Bool {
        switch step {
        case .setUp: visible.secrets.isEmpty && visible.connections.contains("Lumen 1")
        case .regenerate(let number):
            !visible.secrets.isEmpty && visible.secrets[Self.secret(number)] == nil
        case .page, .guardMembers, .delete: visible.connections.contains("Lumen 1")
        case .accept(let cohort): staged[cohort]?.isHeld == true
        case .restore(let cohort): replaced[cohort] != nil
        case .study: visible.studies == 0 && visible.connections.contains("Lumen 1")
        case .rule: visible.rules == 0 && visible.studies == 1
        case .invite: visible.rules == 1
        // Twice is as good as once.
        case .start(let number): visible.invites[Self.code(number)] ?? .completed != .completed
        case .complete(let number):
            [.started, .completed].contains(visible.invites[Self.code(number)])
        default: true
        }
    }

    private static func code(_ number: Int) -> String { InviteCode.make(number).text }

    private mutating func launch(_ step: FaultStep) {
        switch step {
        case .study:
            visible.studies = 1
            visible.audit.append("study.created")
        case .rule:
            visible.rules = 1
            visible.audit.append("launch_rule.created")
        case .invite(let number): visible.invites[Self.code(number), default: .open] = .open
        case .start(let number): visible.invites[Self.code(number)] = .started
        case .complete(let number): visible.invites[Self.code(number)] = .completed
        default: break
        }
    }

    private static func secret(_ number: UInt8) -> String {
        SecretID.make(from: [UInt8](repeating: number, count: 16)).text
    }

    private mutating func administer(_ step: FaultStep) {
        switch step {
        case .setUp:
            visible.secrets[Self.secret(1)] = true
            visible.audit.append("cohort_sync.set_up")
        case .regenerate(let number):
            visible.secrets = visible.secrets.mapValues { _ in false }
            visible.secrets[Self.secret(number)] = true
            visible.audit.append("secret.regenerated")
        case .guardMembers:
            isGuarded = true
            visible.audit.append("connection.changed")
        case .accept(let cohort):
            switchIn(cohort, staged[cohort]?.members ?? [])
            visible.audit.append("replacement.accepted")
        case .restore(let cohort):
            if let open = staged[cohort] { finished.insert(open.session) }
            switchIn(cohort, replaced[cohort] ?? [])
            visible.audit.append("audience.restored")
        case .delete:
            visible.connections.remove("Lumen 1")
            visible.members = [:]
            visible.secrets = [:]
            (visible.studies, visible.rules, visible.invites) = (0, 0, [:])
            (staged, replaced) = ([:], [:])
            visible.audit.append("connection.deleted")
        default: break
        }
    }

    private mutating func switchIn(_ cohort: String, _ members: Set<Int>) {
        replaced[cohort] = visible.members[cohort]
        visible.members[cohort] = members
        staged[cohort] = nil
    }

    private mutating func apply(_ page: FaultPage) {
        guard allows(.page(page)) else { return }
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
        finished.insert(session)
        let before = visible.members[cohort] ?? []
        if isGuarded, before.count >= 1000,
            before.subtracting(open.members).count * 4 > before.count
        {
            staged[cohort]?.isHeld = true
        } else {
            switchIn(cohort, open.members)
        }
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
        let found = try await store.connections(all).items
        connections = Set(found.map(\.name))
        for secret in found.flatMap({ $0.cohortSync?.secrets ?? [] }) {
            secrets[secret.id.text] = secret.expiresAt == nil
        }
        let log = try await store.auditLog(matching: AuditFilter(), all).items.reversed()
        guard log.map(\.sequence) == (0..<log.count).map({ Int64($0 + 1) }) else {
            throw Violation(description: "the audit log has a gap")
        }
        audit = log.map(\.action.rawValue)
        keys = Set(try await store.operatorKeys(all).items.map(\.name))
        try await readLaunches(of: store)
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

    /// What is counted must be what there is.
    private mutating func readLaunches(of store: SQLiteStore) async throws {
        let all = ListRange(limit: Limits.listItemsMax)
        studies = try await store.studies(of: nil, all).items.count
        for rule in try await store.rules(matching: LaunchRuleFilter(), all).items {
            rules += 1
            let found = try await store.invites(matching: InviteFilter(rule: rule.id), all).items
            for invite in found { invites[invite.code.text] = invite.status }
            let (starts, ends) = (
                found.count { $0.startedAt != nil }, found.count { $0.completedAt != nil }
            )
            let counts = LaunchFunnel(invited: found.count, started: starts, completed: ends)
            let days = try await store.read { db in
                try db.prepared("SELECT coalesce(sum(starts), 0) FROM study_day")
                    .first { row in row.count(0) }
            }
            guard try await store.funnel(of: rule.id) == counts, days == starts else {
                throw Violation(description: "\(starts) starts, \(days ?? 0) counted by day")
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
        return "\(connections.sorted()) \(keys.sorted()) \(cohorts) \(secrets) \(audit) "
            + "\(invites.sorted { $0.key < $1.key })"
    }
}

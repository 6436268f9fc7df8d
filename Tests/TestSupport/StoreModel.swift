package import Audiences

/// What audiences must be after a history, said as directly as possible.
///
/// Independent of every store and of ``SyncSession``: dictionaries of names, no rows, no
/// snapshots that share anything, no feed but the list of what happened to each person.
package struct StoreModel: Sendable {
    struct Diff: Sendable {
        var people: [String]
        var isAdd: Bool
    }

    package struct Session: Equatable, Sendable {
        package var action: SyncAction
        package var id: String?
        package var status = SyncSession.Status.applied
        var startedAt: Timestamp
        var finishedAt: Timestamp?
        var total: Int?
        /// How many entries, and how many of them erased, the last copy of each page had.
        var tallies: [Int: [Int]] = [:]
        var unnumbered = 0
        var repeated = 0
        var irregular = 0
        var entriesUnnumbered = [0, 0]
        var membersBefore: Int
        var membersAfter: Int
        package var movement: Movement?
        var referencesChanged = 0

        var received: Int { tallies.count + unnumbered }
        var isNew: Bool { received == 0 && irregular == 0 }
        var isWaiting: Bool { status == .filling || status == .held }

        func entries(_ column: Int) -> Int {
            tallies.values.reduce(entriesUnnumbered[column]) { $0 + $1[column] }
        }
    }

    /// What a session keeps until it is decided.
    struct Lists: Sendable {
        var pages: [Int: [String]] = [:]
        var diffs: [Diff] = []
        var heldAt: Timestamp?
    }

    struct Event: Equatable, Sendable {
        var isIn: Bool
        var at: Timestamp
        var session: String?
    }

    package struct Audience: Sendable {
        package var members: [String: Timestamp] = [:]
        /// What was replaced, the latest last.
        var replaced: [(members: [String: Timestamp], at: Timestamp)] = []
        package var sessions: [Session] = []
        var lists: [Int: Lists] = [:]
        /// What really happened to each person who has not been erased.
        var events: [String: [Event]] = [:]
        /// How many events there were, also of those who have been erased.
        package var eventsTold: Int64 = 0
        package var asOf: Timestamp?
        package var reconcile: ReconcileReason?
        package var lastSession: Int?
        var createdAt: Timestamp
        var lastSeenAt: Timestamp?
    }

    package private(set) var audiences: [HistoryAudience: Audience] = [:]
    /// How many events there were in audiences that have been deleted.
    package private(set) var eventsDeleted: Int64 = 0
    /// By connection and name: the reference id, or none.
    package var people: [UInt8: [String: String?]] = [:]
    package var guards: [UInt8: Double] = [:]
    var erased: Set<String> = []

    package init() {}

    mutating func change(_ key: HistoryAudience, _ body: (inout Audience) -> Void) {
        guard var audience = audiences[key] else { return }
        body(&audience)
        audiences[key] = audience
    }

    // MARK: Pages

    @discardableResult
    package mutating func receive(_ page: HistoryPage, at now: Timestamp) -> SyncOutcome {
        let key = page.audience
        let all = page.members
        let members = all.filter { member in
            if case .set(let id) = member.reference, erased.contains(id.text) { return false }
            return !erased.contains(member.distinctID.text)
        }
        var audience: Audience
        if let known = audiences[key] {
            audience = known
        } else {
            guard page.action != .removeMembers else { return .ignored }
            audience = Audience(createdAt: now)
        }
        let position = findSession(of: page, in: &audience, at: now)
        let silence = audience.lastSeenAt.map { now.since($0) } ?? 0
        audience.lastSeenAt = now
        audiences[key] = audience
        let tally = [all.count, all.count - members.count]
        let place = PagePosition(number: page.number, of: page.total)
        if page.action == .members {
            return replace(key, position, place, members, tally, at: now)
        }
        if page.action == .addMembers, audience.sessions[position].isNew,
            !audience.members.isEmpty, silence > 72 * 3_600_000
        {
            audiences[key]?.reconcile = .addAfterSilence
        }
        change(key) { audience in
            let isComplete = audience.sessions[position].countDiff(place, tally)
            if isComplete {
                audience.sessions[position].finishedAt = now
                audience.asOf = now
            }
        }
        apply(key, position, members, isAdd: page.action == .addMembers, at: now)
        return .applied
    }

    private func findSession(
        of page: HistoryPage, in audience: inout Audience, at now: Timestamp
    ) -> Int {
        let found = audience.sessions.lastIndex {
            $0.action == page.action && $0.id == page.session
        }
        if let found {
            let session = audience.sessions[found]
            let isOpen =
                page.action == .members && [.filling, .applied].contains(session.status)
                && now.since(session.startedAt) <= 24 * 3_600_000
            if page.session != nil || isOpen { return found }
        }
        audience.sessions.append(
            Session(
                action: page.action, id: page.session, startedAt: now,
                membersBefore: audience.members.count, membersAfter: audience.members.count))
        return audience.sessions.count - 1
    }

    /// A page of a replacement.
    private mutating func replace(
        _ key: HistoryAudience, _ position: Int, _ place: PagePosition,
        _ members: [MemberRecord], _ tally: [Int], at now: Timestamp
    ) -> SyncOutcome {
        guard let session = audiences[key]?.sessions[position] else { return .ignored }
        let isFull = tally[0] >= 1000
        var reason = ReconcileReason.pageIrregular
        switch (session.status, place) {
        case (.committed, .absent) where isFull && session.total == 1:
            reason = .pageInfoMissing
        case (.filling, .page(let number, let total)), (.applied, .page(let number, let total)):
            return stage(key, position, number, total, members, tally, at: now)
        case (.filling, .irregular), (.applied, .irregular):
            break
        case (.filling, .absent), (.applied, .absent):
            if session.isNew, !isFull {
                return stage(key, position, 1, 1, members, tally, at: now)
            }
            reason = .pageInfoMissing
        default:
            if case .page(let number, _) = place, session.tallies[number] != nil {
                audiences[key]?.sessions[position].repeated += 1
            }
            return .ignored
        }
        change(key) { audience in
            audience.sessions[position].irregular += 1
            audience.sessions[position].addUnnumbered(tally)
            audience.reconcile = reason
        }
        apply(key, position, members, isAdd: true, at: now)
        return .applied
    }

    private mutating func stage(
        _ key: HistoryAudience, _ position: Int, _ number: Int, _ total: Int,
        _ members: [MemberRecord], _ tally: [Int], at now: Timestamp
    ) -> SyncOutcome {
        update(members, of: key, position, creating: true)
        change(key) { audience in
            if audience.sessions[position].status == .applied { audience.giveUp(.superseded) }
            audience.sessions[position].status = .filling
            audience.lastSession = position
            audience.sessions[position].count(number, of: total, tally)
            audience.lists[position, default: Lists()].pages[number] = members.map(\.name)
            audience.sessions[position].membersAfter = audience.members.count
        }
        guard let audience = audiences[key],
            audience.sessions[position].received == audience.sessions[position].total
        else { return .staged }
        return conclude(key, position, at: now)
    }

    private mutating func conclude(
        _ key: HistoryAudience, _ position: Int, at now: Timestamp
    ) -> SyncOutcome {
        guard let audience = audiences[key] else { return .ignored }
        let before = Set(audience.members.keys)
        let after = audience.members(after: position, knowing: people[key.connection] ?? [:])
        let leaving = before.subtracting(after).count
        let movement = Movement(entering: after.subtracting(before).count, leaving: leaving)
        audiences[key]?.sessions[position].movement = movement
        if let share = guards[key.connection], before.count >= 1000,
            Double(leaving) > share * Double(before.count)
        {
            audiences[key]?.sessions[position].status = .held
            audiences[key]?.lists[position]?.heldAt = now
            return .held
        }
        switchIn(key, position, after, at: now)
        return .switched
    }

    mutating func switchIn(
        _ key: HistoryAudience, _ position: Int, _ names: Set<String>, at now: Timestamp
    ) {
        change(key) { audience in
            let old = audience.members
            let new = names.map { ($0, old[$0] ?? now) }
            audience.replaced.append((old, now))
            audience.show(
                Dictionary(uniqueKeysWithValues: new), audience.sessions[position].id, at: now)
            audience.lists[position] = nil
            audience.asOf = now
            let isDoubtful = audience.sessions[position].irregular > 0
            audience.reconcile = isDoubtful ? .pageIrregular : nil
            audience.sessions[position].status = .committed
            audience.sessions[position].finishedAt = now
            audience.sessions[position].membersAfter = names.count
        }
    }

    /// A page that acts on arrival.
    private mutating func apply(
        _ key: HistoryAudience, _ position: Int, _ members: [MemberRecord], isAdd: Bool,
        at now: Timestamp
    ) {
        update(members, of: key, position, creating: isAdd)
        let names = members.map(\.name)
        change(key) { audience in
            var next = audience.members
            for name in names {
                next[name] = isAdd ? next[name] ?? now : nil
            }
            audience.show(next, audience.sessions[position].id, at: now)
            let isOwn = audience.sessions[position].action == .members
            for (other, session) in audience.sessions.enumerated()
            where session.isWaiting
                || (other == position && isOwn && session.status == .applied)
            {
                audience.lists[other, default: Lists()].diffs.append(
                    Diff(people: names, isAdd: isAdd))
            }
            audience.lastSession = position
            audience.sessions[position].membersAfter = next.count
        }
    }

    private mutating func update(
        _ members: [MemberRecord], of key: HistoryAudience, _ position: Int, creating: Bool
    ) {
        var known = people[key.connection] ?? [:]
        for member in members where creating || known[member.name] != nil {
            let before = known[member.name] ?? nil
            var after = before
            switch member.reference {
            case .absent: break
            case .cleared: after = nil
            case .set(let id): after = id.text
            }
            known[member.name] = .some(after)
            if let before, let after, before != after {
                audiences[key]?.sessions[position].referencesChanged += 1
            }
        }
        people[key.connection] = known
    }

    /// Forgets a connection, and makes another one of its id.
    mutating func delete(_ connection: UInt8) {
        for (key, audience) in audiences where key.connection == connection {
            eventsDeleted += audience.eventsTold
            audiences[key] = nil
        }
        people[connection] = nil
        guards[connection] = nil
    }

    mutating func create(_ key: HistoryAudience, _ audience: Audience) {
        audiences[key] = audience
    }
}

extension MemberRecord {
    var name: String { distinctID.text }
}

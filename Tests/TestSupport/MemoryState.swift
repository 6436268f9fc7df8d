import Audiences

/// All a ``MemoryStore`` holds.
///
/// Positions in its arrays serve as row ids.
struct MemoryState: Sendable {
    struct StoredPerson {
        var connection: ConnectionID
        var person: Person
    }

    struct PersonKey: Hashable {
        var connection: ConnectionID
        var distinctID: ExternalID
    }

    struct StoredAudience {
        var row: Int
        var id: AudienceID
        var connection: ConnectionID
        var cohort: Cohort
        var snapshot: Int
        var lastSession: Int?
        var asOf: Timestamp?
        var reconcile: ReconcileReason?
        var createdAt: Timestamp
        var lastSeenAt: Timestamp?
    }

    struct Snapshot {
        var audience: Int
        /// By the position of the person.
        var members: [Int: Timestamp] = [:]
        var retiredAt: Timestamp?
    }

    enum Diff {
        case add([ExternalID], Timestamp)
        case remove([ExternalID])
    }

    struct StoredSession {
        var audience: Int
        var session: SyncSession
        var tallies: [Int: PageTally] = [:]
        /// Who stands on the last copy of each page, while the session is filling.
        var pages: [Int: Set<Int>] = [:]
        /// Who that makes members, and since when.
        var staged: [Int: Timestamp] = [:]
        var diffs: [Diff] = []
    }

    var failure: Failure?
    var connections: [Connection] = []
    var keys: [OperatorKey] = []
    var people: [StoredPerson] = []
    var positions: [PersonKey: Int] = [:]
    var audiences: [StoredAudience] = []
    var snapshots: [Int: Snapshot] = [:]
    var snapshotsMade = 0
    var sessions: [StoredSession] = []

    func index(of id: ConnectionID) throws(Failure) -> Int {
        guard let index = connections.firstIndex(where: { $0.id == id }) else {
            throw Failure(.notFound, "There is no connection \(id.text).")
        }
        return index
    }

    // MARK: Recording

    mutating func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) throws(Failure) -> SyncOutcome {
        _ = try index(of: connection)
        guard let row = findAudience(page, connection, now) else { return .ignored }
        let position = findSession(page, row, now)
        let state = AudienceState(
            memberCount: memberCount(row), lastSeenAt: audiences[row].lastSeenAt)
        let change = sessions[position].session.receive(
            page, earlierCopy: page.position.number.flatMap { sessions[position].tallies[$0] },
            audience: state, at: now)
        if let number = change.pageNumber {
            sessions[position].tallies[number] = PageTally(
                entries: page.entryCount, notes: page.notes)
        }
        apply(change, of: page, to: row, position, at: now)
        note(change, of: page, in: row, position, at: now)
        switch change.effect {
        case .none: return .ignored
        case .add, .remove: return .applied
        case .stage: return change.switches ? .switched : .staged
        }
    }

    func memberCount(_ audience: Int) -> Int {
        snapshots[audiences[audience].snapshot]?.members.count ?? 0
    }

    private mutating func findAudience(
        _ page: SyncPage, _ connection: ConnectionID, _ now: Timestamp
    ) -> Int? {
        let found = audiences.first {
            $0.connection == connection && $0.cohort.projectID == page.cohort.projectID
                && $0.cohort.cohortID == page.cohort.cohortID
        }
        if let found { return found.row }
        guard page.action != .removeMembers else { return nil }
        let row = audiences.count
        let id = AudienceID.make(from: (0..<16).map { UInt8((row >> ($0 * 5)) & 31) })
        snapshotsMade += 1
        snapshots[snapshotsMade] = Snapshot(audience: row)
        audiences.append(
            StoredAudience(
                row: row, id: id, connection: connection,
                cohort: Cohort(
                    projectID: page.cohort.projectID, cohortID: page.cohort.cohortID),
                snapshot: snapshotsMade, createdAt: now))
        return row
    }

    private mutating func findSession(_ page: SyncPage, _ audience: Int, _ now: Timestamp) -> Int {
        let found = sessions.lastIndex {
            $0.audience == audience && $0.session.action == page.action
                && $0.session.sessionID == page.sessionID
        }
        if let found,
            page.sessionID != nil || sessions[found].session.takesUnnamedPages(at: now)
        {
            return found
        }
        let state = AudienceState(
            memberCount: memberCount(audience), lastSeenAt: audiences[audience].lastSeenAt)
        sessions.append(
            StoredSession(
                audience: audience, session: SyncSession(of: page, audience: state, at: now)))
        return sessions.count - 1
    }

    private mutating func apply(
        _ change: Change, of page: SyncPage, to audience: Int, _ position: Int, at now: Timestamp
    ) {
        let ids = page.members.map(\.distinctID)
        let connection = audiences[audience].connection
        let snapshot = audiences[audience].snapshot
        switch change.effect {
        case .none:
            return
        case .add:
            for person in update(page.members, of: connection, creating: true)
            where snapshots[snapshot]?.members[person] == nil {
                snapshots[snapshot]?.members[person] = now
            }
            noteDiff(.add(ids, now), in: audience)
        case .remove:
            for person in update(page.members, of: connection, creating: false) {
                snapshots[snapshot]?.members[person] = nil
            }
            noteDiff(.remove(ids), in: audience)
        case .stage:
            if change.beginsStaging { abandonFilling(of: audience, except: position, .superseded) }
            let people = update(page.members, of: connection, creating: true)
            stage(people, as: change.pageNumber ?? 1, position, snapshot, at: now)
            guard change.switches else { return }
            switchIn(position, audience, at: now)
        }
        sessions[position].session.membersAfter = memberCount(audience)
    }

    private mutating func note(
        _ change: Change, of page: SyncPage, in audience: Int, _ position: Int, at now: Timestamp
    ) {
        audiences[audience].lastSeenAt = now
        guard change.effect != .none else { return }
        audiences[audience].lastSession = position
        if let name = page.cohort.name { audiences[audience].cohort.name = name }
        if let text = page.cohort.description { audiences[audience].cohort.description = text }
        if change.completes { audiences[audience].asOf = now }
        if change.switches { audiences[audience].reconcile = nil }
        if let reason = change.reconcile { audiences[audience].reconcile = reason }
    }

    // MARK: People

    private mutating func update(
        _ members: [MemberRecord], of connection: ConnectionID, creating: Bool
    ) -> Set<Int> {
        var found: Set<Int> = []
        for member in members {
            let key = PersonKey(connection: connection, distinctID: member.distinctID)
            if positions[key] == nil, creating {
                positions[key] = people.count
                people.append(
                    StoredPerson(
                        connection: connection, person: Person(distinctID: member.distinctID)))
            }
            guard let position = positions[key] else { continue }
            people[position].person.update(from: member)
            found.insert(position)
        }
        return found
    }

    // MARK: Replacements

    private mutating func noteDiff(_ diff: Diff, in audience: Int) {
        for position in sessions.indices
        where sessions[position].audience == audience
            && sessions[position].session.status == .filling
        {
            sessions[position].diffs.append(diff)
        }
    }

    private mutating func abandonFilling(
        of audience: Int, except kept: Int, _ status: SyncSession.Status
    ) {
        for position in sessions.indices
        where position != kept && sessions[position].audience == audience
            && sessions[position].session.status == .filling
        {
            abandon(position, status)
        }
    }

    private mutating func abandon(_ position: Int, _ status: SyncSession.Status) {
        sessions[position].session.status = status
        sessions[position].pages = [:]
        sessions[position].staged = [:]
        sessions[position].diffs = []
    }

    private mutating func stage(
        _ people: Set<Int>, as number: Int, _ position: Int, _ current: Int, at now: Timestamp
    ) {
        sessions[position].pages[number] = people
        let union = sessions[position].pages.values.reduce(into: Set()) { $0.formUnion($1) }
        var staged = sessions[position].staged.filter { union.contains($0.key) }
        for person in union where staged[person] == nil {
            staged[person] = snapshots[current]?.members[person] ?? now
        }
        sessions[position].staged = staged
    }

    private mutating func switchIn(_ position: Int, _ audience: Int, at now: Timestamp) {
        let old = audiences[audience].snapshot
        var members = sessions[position].staged
        for diff in sessions[position].diffs {
            switch diff {
            case .add(let ids, let time):
                for person in known(ids, of: audience) {
                    members[person] = snapshots[old]?.members[person] ?? time
                }
            case .remove(let ids):
                for person in known(ids, of: audience) { members[person] = nil }
            }
        }
        snapshotsMade += 1
        snapshots[snapshotsMade] = Snapshot(audience: audience, members: members)
        snapshots[old]?.retiredAt = now
        audiences[audience].snapshot = snapshotsMade
        abandon(position, .committed)
    }

    private func known(_ ids: [ExternalID], of audience: Int) -> [Int] {
        ids.compactMap {
            positions[PersonKey(connection: audiences[audience].connection, distinctID: $0)]
        }
    }

    mutating func tidy(at now: Timestamp) {
        for position in sessions.indices
        where sessions[position].session.status == .filling
            && now.since(sessions[position].session.startedAt)
                > Limits.sessionAgeMillisecondsMax
        {
            abandon(position, .expired)
        }
        snapshots = snapshots.filter { _, snapshot in
            snapshot.retiredAt.map { now.since($0) <= Limits.retentionMilliseconds } ?? true
        }
    }
}

import Audiences

/// All a ``MemoryStore`` holds.
///
/// Positions in its arrays serve as row ids, so nothing is ever taken out of one that others name.
struct MemoryState: Sendable {
    struct StoredPerson {
        var connection: ConnectionID
        var person: Person
        var isErased = false
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
        /// With its connection.
        var isDeleted = false
    }

    /// A membership: since when, and which page of which session says so.
    struct Stay {
        var enteredAt: Timestamp
        var session: Int
        var page: Int?
    }

    struct Snapshot {
        var audience: Int
        /// By the position of the person.
        var members: [Int: Stay] = [:]
        var retiredAt: Timestamp?
    }

    struct Diff {
        var people: [ExternalID]
        var isAdd: Bool
        var session: Int
        var page: Int?
    }

    struct StoredSession {
        var audience: Int
        var session: SyncSession
        var tallies: [Int: PageTally] = [:]
        /// Who stands on the last copy of each page, until the replacement is decided.
        var pages: [Int: Set<Int>] = [:]
        var diffs: [Diff] = []
        var heldAt: Timestamp?
        /// Older than the sync log reaches.
        var isForgotten = false
    }

    var retention = Retention()
    var failure: Failure?
    var connections: [Connection] = []
    var keys: [OperatorKey] = []
    var people: [StoredPerson] = []
    var positions: [PersonKey: Int] = [:]
    /// Match ids and distinct ids of those who are to stay erased.
    var erased: Set<ExternalID> = []
    var audiences: [StoredAudience] = []
    var snapshots: [Int: Snapshot] = [:]
    var snapshotsMade = 0
    var sessions: [StoredSession] = []
    var feed = MemoryFeed()
    var audit: [AuditEntry] = []
    var answers: [String: KeptAnswer] = [:]
    var reconciliations: [StoredReconciliation] = []
    var queries: [StoredQuery] = []
    var queryPauses: [ExternalID: Timestamp] = [:]
    /// What a deletion or an erasure took is `nil`.
    var studies: [Study?] = []
    var rules: [StoredRule?] = []
    var invites: [StoredInvite?] = []
    var studyStarts: [(study: StudyID, at: Timestamp)] = []
    var sdk: [ConnectionID: SDKSettings] = [:] {
        didSet {
            if sdk.mapValues(\.withoutFirstCall) != oldValue.mapValues(\.withoutFirstCall) {
                sdkEdition += 1
            }
        }
    }
    private(set) var sdkEdition: UInt64 = 0
    var hooks: [ConnectionID: StoredHook] = [:]
    var deliveriesMade = 0
    var elements = MemoryElements()

    var visibleAudiences: [StoredAudience] { audiences.filter { !$0.isDeleted } }

    func index(of id: ConnectionID) throws(Failure) -> Int {
        guard let index = connections.firstIndex(where: { $0.id == id }) else {
            throw Failure(.notFound, "There is no connection \(id.text).")
        }
        return index
    }

    func members(of audience: Int) -> [Int: Stay] {
        snapshots[audiences[audience].snapshot]?.members ?? [:]
    }

    private func state(of audience: Int) -> AudienceState {
        AudienceState(
            memberCount: members(of: audience).count, lastSeenAt: audiences[audience].lastSeenAt)
    }

    // MARK: Recording

    mutating func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) throws(Failure) -> SyncOutcome {
        _ = try index(of: connection)
        let page = withoutErased(page)
        guard let row = findAudience(page, connection, now) else { return .ignored }
        let position = findSession(page, row, now)
        let change = sessions[position].session.receive(
            page, earlierCopy: page.position.number.flatMap { sessions[position].tallies[$0] },
            audience: state(of: row), at: now)
        if let number = change.pageNumber {
            sessions[position].tallies[number] = PageTally(
                entries: page.entryCount, notes: page.notes)
        }
        apply(change, of: page, to: row, position, at: now)
        noteNamed(by: page, change, in: row)
        note(change, of: page, in: row, position, at: now)
        switch change.effect {
        case .none: return .ignored
        case .add, .remove: return .applied
        case .stage:
            guard change.isWhole else { return .staged }
            return sessions[position].session.status == .held ? .held : .switched
        }
    }

    private mutating func findAudience(
        _ page: SyncPage, _ connection: ConnectionID, _ now: Timestamp
    ) -> Int? {
        let found = visibleAudiences.first {
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

    mutating func findSession(_ page: SyncPage, _ audience: Int, _ now: Timestamp) -> Int {
        let found = sessions.lastIndex {
            $0.audience == audience && !$0.isForgotten && $0.session.action == page.action
                && $0.session.sessionID == page.sessionID
        }
        if let found,
            page.sessionID != nil || sessions[found].session.takesUnnamedPages(at: now)
        {
            return found
        }
        let session = SyncSession(of: page, audience: state(of: audience), at: now)
        sessions.append(StoredSession(audience: audience, session: session))
        return sessions.count - 1
    }

    mutating func apply(
        _ change: Change, of page: SyncPage, to audience: Int, _ position: Int, at now: Timestamp
    ) {
        switch change.effect {
        case .none:
            return
        case .add, .remove:
            let isAdd = change.effect == .add
            let diff = Diff(
                people: page.members.map(\.distinctID), isAdd: isAdd, session: position,
                page: page.position.number)
            let people = update(page.members, of: audience, creating: isAdd, in: position)
            for person in people.sorted() {
                if isAdd {
                    let stay = Stay(enteredAt: now, session: position, page: diff.page)
                    enter(person, audience, stay)
                } else {
                    leave(person, audience, by: position, at: now)
                }
            }
            noteDiff(diff, in: audience)
        case .stage:
            if change.beginsStaging { giveUpReplacements(of: audience, except: position) }
            sessions[position].pages[change.pageNumber ?? 1] = update(
                page.members, of: audience, creating: true, in: position)
            if change.isWhole { conclude(position, at: now) }
        }
        sessions[position].session.membersAfter = members(of: audience).count
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
        if let reason = change.reconcile { audiences[audience].reconcile = reason }
    }

    // MARK: The current membership

    private mutating func enter(_ person: Int, _ audience: Int, _ stay: Stay) {
        guard members(of: audience)[person] == nil else { return }
        snapshots[audiences[audience].snapshot]?.members[person] = stay
        feed.append(.entered, person, audience, by: stay.session, at: stay.enteredAt)
    }

    mutating func leave(_ person: Int, _ audience: Int, by session: Int?, at now: Timestamp) {
        let stay = snapshots[audiences[audience].snapshot]?.members.removeValue(forKey: person)
        guard stay != nil else { return }
        feed.append(.left, person, audience, by: session, at: now)
    }

    /// Shows another snapshot to readers, and tells the feed who is in only one of the two.
    mutating func show(
        _ snapshot: Int, of audience: Int, by session: Int?, at now: Timestamp
    ) {
        let before = members(of: audience)
        let after = snapshots[snapshot]?.members ?? [:]
        snapshots[audiences[audience].snapshot]?.retiredAt = now
        snapshots[snapshot]?.retiredAt = nil
        audiences[audience].snapshot = snapshot
        for person in Set(before.keys).symmetricDifference(after.keys).sorted() {
            let kind: MembershipChange.Kind = after[person] == nil ? .left : .entered
            feed.append(kind, person, audience, by: session, at: now)
        }
    }

    // MARK: People

    func withoutErased(_ page: SyncPage) -> SyncPage {
        var page = page
        let before = page.members.count
        page.members = MemberList(
            page.members.filter { member in
                if case .set(let id) = member.reference, erased.contains(id) { return false }
                return !erased.contains(member.distinctID)
            })
        let dropped = before - page.members.count
        if dropped > 0 { page.notes.unusable[.erased, default: 0] += dropped }
        return page
    }

    /// Lets people take over what a page says; those nobody knows are made, or left out.
    private mutating func update(
        _ members: MemberList, of audience: Int, creating: Bool, in session: Int
    ) -> Set<Int> {
        let connection = audiences[audience].connection
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
            let before = people[position].person.referenceID
            people[position].person.update(from: member)
            countReference(of: position, before: before, in: session)
            found.insert(position)
        }
        return found
    }

    private mutating func countReference(
        of position: Int, before: ExternalID?, in session: Int
    ) {
        let after = people[position].person.referenceID
        guard let after, before != after else { return }
        let isShared = people.indices.contains { other in
            other != position && people[other].connection == people[position].connection
                && people[other].person.referenceID == after && !people[other].isErased
        }
        sessions[session].session.references.add(
            ReferenceCounts(changed: before == nil ? 0 : 1, shared: isShared ? 1 : 0))
    }
}

extension SDKSettings {
    fileprivate var withoutFirstCall: SDKSettings {
        var rest = self
        rest.firstSeenAt = nil
        return rest
    }
}

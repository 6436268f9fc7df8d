import Audiences

extension MemoryState {
    func audience(_ stored: StoredAudience) -> Audience {
        Audience(
            id: stored.id, connectionID: stored.connection, cohort: stored.cohort,
            memberCount: members(of: stored.row).count, asOf: stored.asOf,
            held: heldSession(of: stored.row).map { sessions[$0].session },
            needsReconcile: stored.reconcile,
            lastSync: stored.lastSession.map { sessions[$0].session },
            createdAt: stored.createdAt, updatedAt: stored.lastSeenAt ?? stored.createdAt)
    }

    func audiences(
        matching filter: AudienceFilter, _ range: ListRange
    ) throws(Failure) -> ListPage<Audience> {
        let rows = visibleAudiences.filter { stored in
            (filter.connection ?? stored.connection) == stored.connection
                && (filter.project == nil || filter.project == stored.cohort.projectID)
                && (filter.cohort ?? stored.cohort.cohortID) == stored.cohort.cohortID
        }
        return try page(rows.map { (offset: $0.row, element: audience($0)) }, range, "audiences")
    }

    func syncs(
        of id: AudienceID, _ range: ListRange
    ) throws(Failure) -> ListPage<SyncSession> {
        let row = try row(of: id)
        // Newest first: counted down from the number after all.
        let rows = sessions.enumerated().filter {
            $0.element.audience == row && !$0.element.isForgotten
        }
        .map { (offset: Int.max - 1 - $0.offset, element: $0.element.session) }
        .sorted { $0.offset < $1.offset }
        return try page(rows, range, "syncs \(row)")
    }

    func members(of id: AudienceID, _ range: ListRange) throws(Failure) -> ListPage<Member> {
        try walk(id, range, "members") { members in
            members.map { position, stay in
                (
                    offset: position,
                    element: Member(person: people[position].person, enteredAt: stay.enteredAt)
                )
            }
        }
    }

    func sharedReferences(
        of id: AudienceID, _ range: ListRange
    ) throws(Failure) -> ListPage<SharedReference> {
        try walk(id, range, "shared") { members in
            var sharing: [ExternalID: [Int]] = [:]
            for position in members.keys.sorted() {
                guard let reference = people[position].person.referenceID else { continue }
                sharing[reference, default: []].append(position)
            }
            return sharing.filter { $0.value.count > 1 }.map { reference, positions in
                let named = positions.prefix(Limits.sharedReferencePeopleMax)
                return (
                    offset: positions[0],
                    element: SharedReference(
                        referenceID: reference,
                        distinctIDs: named.map { people[$0].person.distinctID })
                )
            }
        }
    }

    /// One page of what the rows of a snapshot hold: the current one's or the one a walk began in.
    private func walk<Item>(
        _ id: AudienceID, _ range: ListRange, _ list: String,
        rows: ([Int: Stay]) -> [(offset: Int, element: Item)]
    ) throws(Failure) -> ListPage<Item> {
        let row = try row(of: id)
        var snapshot = audiences[row].snapshot
        var inner = range
        if let after = range.after {
            let numbers = try Self.parse(after, list, count: 2)
            snapshot = numbers[0]
            inner.after = Cursor("\(list) \(snapshot) \(numbers[1])")
        }
        guard let found = snapshots[snapshot], found.audience == row else {
            throw Self.invalidCursor
        }
        let sorted = rows(found.members).sorted { $0.offset < $1.offset }
        return try page(sorted, inner, "\(list) \(snapshot)")
    }

    // MARK: Who is in what

    func people(matching id: ExternalID) -> [Int] {
        people.indices.filter { people[$0].person.matchID == id && !people[$0].isErased }
    }

    func memberships(matching id: ExternalID, in only: AudienceID?) -> [Membership] {
        let matching = people(matching: id)
        return visibleAudiences.compactMap { stored in
            let stays = matching.compactMap { members(of: stored.row)[$0] }
            guard (only ?? stored.id) == stored.id,
                let first = stays.min(by: { $0.enteredAt < $1.enteredAt })
            else { return nil }
            return Membership(
                audience: stored.id, name: stored.cohort.name, enteredAt: first.enteredAt,
                source: source(of: first), freshness: freshness(stored))
        }
    }

    private func source(of stay: Stay) -> MembershipSource? {
        let stored = sessions[stay.session]
        guard !stored.isForgotten else { return nil }
        return MembershipSource(
            action: stored.session.action, sessionID: stored.session.sessionID, page: stay.page)
    }

    private func freshness(_ stored: StoredAudience) -> Freshness {
        Freshness(asOf: stored.asOf, isHeld: heldSession(of: stored.row) != nil)
    }

    func memberships(
        matching id: ExternalID, in only: AudienceID?, at moment: Timestamp
    ) throws(Failure) -> [Membership] {
        if let horizon = feed.horizon, moment < horizon {
            throw Failure(.gone, "The change feed does not reach back so far.")
        }
        let matching = people(matching: id)
        return visibleAudiences.compactMap { stored in
            let entrances = matching.compactMap {
                feed.entrance(
                    of: $0, into: stored.row, before: moment,
                    isMember: members(of: stored.row)[$0] != nil)
            }
            guard (only ?? stored.id) == stored.id, let first = entrances.min() else { return nil }
            return Membership(
                audience: stored.id, name: stored.cohort.name, enteredAt: first,
                freshness: freshness(stored))
        }
    }

    func memberships(
        matchingAny ids: [ExternalID], in only: [AudienceID]
    ) throws(Failure) -> MembershipTable {
        guard ids.count <= Limits.queryMatchIDsMax, only.count <= Limits.queryAudienceIDsMax else {
            throw Failure(.invalid, "A query asks about too many ids or audiences.")
        }
        let targets = visibleAudiences.filter { only.isEmpty || only.contains($0.id) }
        let rows = ids.map { id in
            let found = Set(memberships(matching: id, in: nil).map(\.audience))
            return (matchID: id, audiences: targets.map(\.id).filter(found.contains))
        }
        return MembershipTable(rows: rows, audiences: targets.map { ($0.id, freshness($0)) })
    }

    // MARK: The change feed

    func changes(
        after sequence: Int64, in audience: AudienceID?, limit: Int
    ) throws(Failure) -> ChangePage {
        try Self.check(limit)
        let only: Int? = if let audience { try row(of: audience) } else { nil }
        let rows = try feed.rows(after: sequence)
        let wanted = rows.filter {
            (only ?? $0.audience) == $0.audience && !audiences[$0.audience].isDeleted
        }
        let next =
            wanted.count > limit ? wanted[limit - 1].sequence : rows.last?.sequence ?? sequence
        return ChangePage(
            changes: wanted.prefix(limit).map(change), next: next, hasMore: next < feed.latest)
    }

    func change(_ row: MemoryFeed.Row) -> MembershipChange {
        var person = people[row.person].person
        person.traits = []
        let session = row.session.map { sessions[$0] }
        return MembershipChange(
            sequence: row.sequence, kind: row.kind, audience: audiences[row.audience].id,
            person: people[row.person].isErased ? nil : person,
            sessionID: session?.isForgotten == false ? session?.session.sessionID : nil,
            at: row.at)
    }

    // MARK: Lists

    private static var invalidCursor: Failure {
        Failure(.invalid, "The cursor is none of this list; start from the first page.")
    }

    func row(of id: AudienceID) throws(Failure) -> Int {
        guard let row = visibleAudiences.first(where: { $0.id == id })?.row else {
            throw Failure(.notFound, "There is no audience \(id.text).")
        }
        return row
    }

    /// One page of a list whose rows ascend.
    func page<Item>(
        _ rows: [(offset: Int, element: Item)], _ range: ListRange, _ list: String
    ) throws(Failure) -> ListPage<Item> {
        try Self.check(range.limit)
        var rest = rows[...]
        if let after = range.after {
            let last = try Self.parse(after, list, count: 1)[0]
            rest = rest.drop { $0.offset <= last }
        }
        let items = rest.prefix(range.limit)
        return ListPage(
            items: items.map(\.element),
            next: rest.count > range.limit
                ? items.last.map { Cursor("\(list) \($0.offset)") } : nil)
    }

    private static func check(_ limit: Int) throws(Failure) {
        guard (1...Limits.listItemsMax).contains(limit) else {
            throw Failure(.invalid, "limit must be 1 to \(Limits.listItemsMax).")
        }
    }

    private static func parse(
        _ cursor: Cursor, _ list: String, count: Int
    ) throws(Failure) -> [Int] {
        guard cursor.text.hasPrefix("\(list) ") else { throw invalidCursor }
        let numbers = cursor.text.dropFirst(list.count + 1).split(separator: " ").map { Int($0) }
        guard numbers.count == count, !numbers.contains(nil) else { throw invalidCursor }
        return numbers.compactMap { $0 }
    }
}

import Audiences

extension MemoryState {
    func audience(_ stored: StoredAudience) -> Audience {
        Audience(
            id: stored.id, connectionID: stored.connection, cohort: stored.cohort,
            memberCount: memberCount(stored.row), asOf: stored.asOf,
            needsReconcile: stored.reconcile,
            lastSync: stored.lastSession.map { sessions[$0].session },
            createdAt: stored.createdAt, updatedAt: stored.lastSeenAt ?? stored.createdAt)
    }

    func audiences(
        matching filter: AudienceFilter, _ range: ListRange
    ) throws(Failure) -> ListPage<Audience> {
        let rows = audiences.filter { stored in
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
        let rows = sessions.enumerated().filter { $0.element.audience == row }
            .map { (offset: Int.max - 1 - $0.offset, element: $0.element.session) }
            .sorted { $0.offset < $1.offset }
        return try page(rows, range, "syncs \(row)")
    }

    func members(of id: AudienceID, _ range: ListRange) throws(Failure) -> ListPage<Member> {
        let row = try row(of: id)
        let snapshot: Int =
            if let after = range.after {
                try Self.parse(after, "members", count: 2)[0]
            } else {
                audiences[row].snapshot
            }
        guard let members = snapshots[snapshot], members.audience == row else {
            throw Self.invalidCursor
        }
        let rows = members.members.sorted { $0.key < $1.key }.map { position, enteredAt in
            (
                offset: position,
                element: Member(person: people[position].person, enteredAt: enteredAt)
            )
        }
        var inner = range
        if let after = range.after {
            let last = try Self.parse(after, "members", count: 2)[1]
            inner.after = Cursor("members \(snapshot) \(last)")
        }
        return try page(rows, inner, "members \(snapshot)")
    }

    // MARK: Who is in what

    private func people(matching id: ExternalID) -> [(position: Int, connection: ConnectionID)] {
        people.enumerated().filter { $0.element.person.matchID == id }
            .map { (position: $0.offset, connection: $0.element.connection) }
    }

    func memberships(matching id: ExternalID, in only: AudienceID?) -> [Membership] {
        let matching = people(matching: id)
        return audiences.compactMap { stored in
            let entered = matching.compactMap { snapshots[stored.snapshot]?.members[$0.position] }
            guard (only ?? stored.id) == stored.id, let first = entered.min() else { return nil }
            return Membership(
                audience: stored.id, name: stored.cohort.name, enteredAt: first,
                freshness: Freshness(asOf: stored.asOf))
        }
    }

    func memberships(
        matchingAny ids: [ExternalID], in only: [AudienceID]
    ) throws(Failure) -> MembershipTable {
        guard ids.count <= Limits.queryMatchIDsMax, only.count <= Limits.queryAudienceIDsMax else {
            throw Failure(.invalid, "A query asks about too many ids or audiences.")
        }
        let targets = audiences.filter { only.isEmpty || only.contains($0.id) }
        let rows = ids.map { id in
            let found = Set(memberships(matching: id, in: nil).map(\.audience))
            return (matchID: id, audiences: targets.map(\.id).filter(found.contains))
        }
        return MembershipTable(
            rows: rows, audiences: targets.map { ($0.id, Freshness(asOf: $0.asOf)) })
    }

    // MARK: Lists

    private static var invalidCursor: Failure {
        Failure(.invalid, "The cursor is none of this list; start from the first page.")
    }

    private func row(of id: AudienceID) throws(Failure) -> Int {
        guard let row = audiences.firstIndex(where: { $0.id == id }) else {
            throw Failure(.notFound, "There is no audience \(id.text).")
        }
        return row
    }

    /// One page of a list whose rows ascend.
    func page<Item>(
        _ rows: [(offset: Int, element: Item)], _ range: ListRange, _ list: String
    ) throws(Failure) -> ListPage<Item> {
        guard (1...Limits.listItemsMax).contains(range.limit) else {
            throw Failure(.invalid, "limit must be 1 to \(Limits.listItemsMax).")
        }
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

    private static func parse(
        _ cursor: Cursor, _ list: String, count: Int
    ) throws(Failure) -> [Int] {
        guard cursor.text.hasPrefix("\(list) ") else { throw invalidCursor }
        let numbers = cursor.text.dropFirst(list.count + 1).split(separator: " ").map { Int($0) }
        guard numbers.count == count, !numbers.contains(nil) else { throw invalidCursor }
        return numbers.compactMap { $0 }
    }
}

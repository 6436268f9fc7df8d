package import Audiences
import GRDB

extension SQLiteStore {
    package func repair(
        _ id: ReconciliationID, limit: Int, by worker: String, until leaseEnd: Timestamp,
        at now: Timestamp
    ) async throws(Failure) -> Bool {
        try await writeChanges(members: limit) { [hashing, recent, known] db in
            var (stored, row) = try db.reading(of: id, heldBy: worker)
            let transaction = SyncTransaction(
                db: db, hashing: hashing, recent: recent, known: known,
                connection: try db.connectionRow(ofAudience: stored.audience), now: now)
            let reading = Reading(
                db: db, hashing: hashing, recent: recent, id: row,
                connection: transaction.connection)
            switch stored.stage {
            case .adding:
                let people = try reading.missing(after: &stored.cursor, limit)
                try transaction.mend(.addMembers, people.named, stored)
                if people.isEnd {
                    stored.stage = .removing
                    stored.cursor = 0
                }
            case .removing:
                let people = try reading.extra(after: &stored.cursor, limit)
                try transaction.mend(.removeMembers, people.named, stored)
                if people.isEnd { stored.stage = .done }
            case .done: return false
            case .reading, .missing, .extra:
                throw Failure(.conflict, "The reconciliation has not been compared yet.")
            }
            try db.save(stored)
            try db.lease(stored.id, to: worker, until: leaseEnd)
            return stored.stage != .done
        }
    }
}

extension Reading {
    /// The next who are to be added, without those whom a page has named since they were read.
    fileprivate func missing(
        after cursor: inout Int64, _ limit: Int
    ) throws -> (named: [MemberRecord], isEnd: Bool) {
        let found = try db.prepared(SQLiteStore.selectMissing).all(id, cursor, limit) { row in
            (
                key: row.integer(0),
                record: MemberRecord(
                    distinctID: try row.externalID(1), reference: try row.referenceUpdate(2))
            )
        }
        cursor = found.last?.key ?? cursor
        return (try found.filter { try !isNamed($0.key) }.map(\.record), found.count < limit)
    }

    /// The next who are to be removed, likewise.
    fileprivate func extra(
        after cursor: inout Int64, _ limit: Int
    ) throws -> (named: [MemberRecord], isEnd: Bool) {
        let found = try db.prepared(SQLiteStore.selectExtra).all(id, cursor, limit) { row in
            (person: row.integer(0), distinctID: row.optionalText(1).flatMap { ExternalID($0) })
        }
        cursor = found.last?.person ?? cursor
        let records = try found.compactMap(\.distinctID)
            .filter { try !isNamed(hashing.key(of: $0)) }
            .map { MemberRecord(distinctID: $0) }
        return (records, found.count < limit)
    }
}

extension SyncTransaction {
    /// Adds or removes people as a page of a session of the reconciliation's own.
    fileprivate func mend(
        _ action: SyncAction, _ people: [MemberRecord], _ stored: ReconciliationRow
    ) throws {
        guard !people.isEmpty else { return }
        let found = try db.prepared("\(selectAudienceRow) WHERE audience.id = ?")
            .first(stored.audience) { row in try AudienceRow(row) }
        let cohort = try db.prepared("SELECT cohort FROM audience WHERE id = ?")
            .first(stored.audience) { row in try row.externalID(0) }
        guard var audience = found, let cohort else { throw damage("an audience is missing") }
        let page = try withoutErased(
            SyncPage(
                action: action, cohort: Cohort(projectID: nil, cohortID: cohort),
                sessionID: SyncSession.repairSession(stored.reconciliation.id),
                position: .irregular, members: MemberList(people)))
        var session =
            try findSession(for: page, of: audience) ?? createSession(for: page, of: audience)
        let change = session.session.mend(page, at: now)
        try apply(change, of: page, to: &audience, by: &session)
        try saveSession(session)
        audience.lastSession = session.id
        try saveAudience(audience)
    }
}

// MARK: - The list

extension SQLiteStore {
    package func differences(
        of id: ReconciliationID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Difference> {
        try range.validate()
        let place: Place? =
            if let after = range.after { try Place(after, in: .differences) } else { nil }
        return try await read { db in
            let stored = try db.reconciliation(id)
            guard stored.stage.isCompared else {
                throw Failure(.conflict, "The reconciliation has not compared anything yet.")
            }
            guard let reading = stored.reading else {
                throw Failure(.gone, "The differences are not kept any more.")
            }
            // The place says in its lowest bit which of the two lists it is in.
            guard (place?.scope ?? reading * 2) / 2 == reading else { throw Place.invalid }
            var rows: [(id: Int64, item: Difference)] = []
            let isAtExtra = place.map { $0.scope % 2 == 1 } ?? false
            if !isAtExtra {
                rows = try db.missing(in: reading, after: place?.row ?? -1, range.limit + 1)
            }
            if rows.count > range.limit {
                return ListPage(rows, limit: range.limit) { last in
                    Place(scope: reading * 2, row: last).cursor(in: .differences)
                }
            }
            let missing = rows.map(\.item)
            let extra = try db.extra(
                in: reading, after: isAtExtra ? place?.row ?? 0 : 0,
                range.limit + 1 - missing.count)
            let page = ListPage(extra, limit: range.limit - missing.count) { last in
                Place(scope: reading * 2 + 1, row: last).cursor(in: .differences)
            }
            // With no room for the first extra person, the next page begins with them.
            let start = Place(scope: reading * 2 + 1, row: 0).cursor(in: .differences)
            let isFull = missing.count == range.limit && !extra.isEmpty
            return ListPage(items: missing + page.items, next: isFull ? start : page.next)
        }
    }

    /// Takes a reading, a key to go on after, and a limit.
    static let selectMissing = """
        SELECT key, distinct_id, reference_id FROM reading_missing
        WHERE reading = ? AND key > ? ORDER BY key LIMIT ?
        """

    /// Takes a reading, a person to go on after, and a limit; erased people have no name.
    static let selectExtra = """
        SELECT reading_extra.person, nullif(distinct_id, '')
        FROM reading_extra CROSS JOIN person ON person.id = reading_extra.person
        WHERE reading = ? AND reading_extra.person > ? ORDER BY reading_extra.person LIMIT ?
        """
}

extension Database {
    fileprivate func missing(
        in reading: Int64, after key: Int64, _ limit: Int
    ) throws -> [(id: Int64, item: Difference)] {
        try prepared(SQLiteStore.selectMissing).all(reading, key, limit) { row in
            (
                id: row.integer(0),
                item: Difference(
                    kind: .missing, distinctID: try row.externalID(1),
                    reference: try row.referenceUpdate(2))
            )
        }
    }

    /// Those who were erased since are left out.
    fileprivate func extra(
        in reading: Int64, after person: Int64, _ limit: Int
    ) throws -> [(id: Int64, item: Difference)] {
        let select = try prepared("\(SQLiteStore.selectNamedExtra)")
        return try select.all(reading, person, limit) { row in
            (
                id: row.integer(0),
                item: Difference(kind: .extra, distinctID: try row.externalID(1))
            )
        }
    }
}

extension SQLiteStore {
    /// As ``selectExtra``, without erased people.
    static let selectNamedExtra = """
        SELECT reading_extra.person, distinct_id
        FROM reading_extra CROSS JOIN person ON person.id = reading_extra.person
        WHERE reading = ? AND reading_extra.person > ? AND distinct_id <> ''
        ORDER BY reading_extra.person LIMIT ?
        """
}

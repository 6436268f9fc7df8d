package import Audiences
import GRDB

extension SQLiteStore: AudienceStore {
    package func audiences(
        matching filter: AudienceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Audience> {
        try range.validate()
        let after = try range.place(in: .audiences)
        return try await read { db in
            let rows = try db.prepared(
                """
                \(selectAudience)
                WHERE audience.id > ?1 AND (?2 IS NULL OR connection.public_id = ?2)
                    AND (?3 IS NULL OR audience.project = ?3)
                    AND (?4 IS NULL OR audience.cohort = ?4)
                ORDER BY audience.id LIMIT ?5
                """
            ).all(
                after ?? 0, filter.connection?.text, filter.project, filter.cohort,
                range.limit + 1
            ) { row in (id: row.integer(0), item: try Audience(row)) }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .audiences) }
        }
    }

    package func audience(_ id: AudienceID) async throws(Failure) -> Audience? {
        try await read { db in
            try db.prepared("\(selectAudience) WHERE audience.public_id = ?")
                .first(id.text) { row in try Audience(row) }
        }
    }

    package func syncs(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<SyncSession> {
        try range.validate()
        let place: Place? =
            if let after = range.after { try Place(after, in: .syncs) } else { nil }
        return try await read { db in
            let audience = try db.audienceRow(id)
            guard (place?.scope ?? audience) == audience else { throw Place.invalid }
            let rows = try db.prepared(
                """
                SELECT id, \(sessionColumns()) FROM sync_session
                WHERE audience = ? AND id < ? ORDER BY id DESC LIMIT ?
                """
            ).all(audience, place?.row ?? .max, range.limit + 1) { row in
                (id: row.integer(0), item: try SyncSession(row, at: 1))
            }
            return ListPage(rows, limit: range.limit) { last in
                Place(scope: audience, row: last).cursor(in: .syncs)
            }
        }
    }

    package func members(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Member> {
        try range.validate()
        let place: Place? =
            if let after = range.after { try Place(after, in: .members) } else { nil }
        return try await read { db in
            let audience = try db.audienceRow(id)
            let snapshot = try db.readableSnapshot(place?.scope, of: audience)
            let rows = try db.prepared(
                """
                SELECT person.id, distinct_id, reference_id, traits,
                    coalesce(entered_at, current_since)
                FROM snapshot
                CROSS JOIN membership ON membership.snapshot = snapshot.id
                CROSS JOIN person ON person.id = membership.person
                WHERE snapshot.id = ? AND membership.person > ?
                ORDER BY membership.person LIMIT ?
                """
            ).all(snapshot, place?.row ?? 0, range.limit + 1) { row in
                (id: row.integer(0), item: try Member(row))
            }
            return ListPage(rows, limit: range.limit) { last in
                Place(scope: snapshot, row: last).cursor(in: .members)
            }
        }
    }
}

extension Database {
    /// The row of an audience.
    ///
    /// Throws `notFound` if there is none.
    func audienceRow(_ id: AudienceID) throws -> Int64 {
        let row = try prepared("SELECT id FROM audience WHERE public_id = ?")
            .first(id.text) { row in row.integer(0) }
        guard let row else {
            throw Failure(.notFound, "There is no audience \(id.text).")
        }
        return row
    }

    /// The snapshot a walk began in, or the current one.
    ///
    /// Throws `invalid` if it is gone.
    func readableSnapshot(_ begun: Int64?, of audience: Int64) throws -> Int64 {
        let found = try prepared(
            """
            SELECT snapshot.id FROM audience CROSS JOIN snapshot
                ON snapshot.id = coalesce(?2, audience.current_snapshot)
            WHERE audience.id = ?1 AND snapshot.audience = ?1
                AND snapshot.state IN ('current', 'retired')
            """
        ).first(audience, begun) { row in row.integer(0) }
        guard let found else { throw Place.invalid }
        return found
    }
}

// MARK: - Rows

/// What ``Audiences/Audience/init(_:)`` reads.
private let selectAudience = """
    SELECT audience.id, audience.public_id, connection.public_id, project, cohort, audience.name,
        description, snapshot.member_count, as_of, reconcile_reason, audience.created_at,
        last_seen_at, \
    \(sessionColumns(of: "last")), \(sessionColumns(of: "held"))
    FROM audience
    CROSS JOIN connection ON connection.id = audience.connection
    CROSS JOIN snapshot ON snapshot.id = audience.current_snapshot
    LEFT JOIN sync_session AS last ON last.id = audience.last_session
    LEFT JOIN sync_session AS held ON held.id = audience.held_session
    """

extension Audience {
    fileprivate init(_ row: SQLRow) throws {
        let lastSync = 12 as Int32
        let held = lastSync + sessionColumnCount
        self.init(
            id: AudienceID(unchecked: row.text(1)),
            connectionID: ConnectionID(unchecked: row.text(2)),
            cohort: Cohort(
                // '' stands for a missing project, and is no id.
                projectID: ExternalID(row.text(3)), cohortID: try row.externalID(4),
                name: row.optionalText(5), description: row.optionalText(6)),
            memberCount: row.count(7), asOf: row.optionalTime(8),
            held: try row.isNull(held) ? nil : SyncSession(row, at: held),
            needsReconcile: try row.optionalReason(9),
            lastSync: try row.isNull(lastSync) ? nil : SyncSession(row, at: lastSync),
            createdAt: row.time(10), updatedAt: row.time(11))
    }
}

extension Member {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            person: Person(
                distinctID: try row.externalID(1), referenceID: try row.optionalExternalID(2),
                traits: try row.isNull(3) ? [] : row.decoded(3, by: TraitList.decode)),
            enteredAt: row.time(4))
    }
}

package import Audiences
import GRDB

extension SQLiteStore {
    package func memberships(
        matching matchID: ExternalID, in audience: AudienceID?
    ) async throws(Failure) -> [Membership] {
        let hash = hashing.people.hash(matchID.text)
        let rows = try await rows(matching: matchID, hash, in: audience)
        return Self.firstOfEach(rows).map(\.item)
    }

    package func membershipsAtOnce(
        matching matchID: ExternalID, at now: Timestamp,
        write: ([Membership]) -> [UInt8]
    ) -> [UInt8]? {
        let hash = hashing.people.hash(matchID.text)
        switch known.memberships(matching: matchID, hash, at: now) {
        case .written(let bytes):
            return bytes
        case .known(let found, let ticket, let mark):
            let bytes = write(found)
            known.keep(written: bytes, of: matchID, hash, mark, ticket)
            return bytes
        case .unknown(let ticket):
            guard let found = rowsAtOnce(matching: matchID, hash, in: nil) else { return nil }
            let rows = Self.firstOfEach(found)
            if let ticket { known.keep(rows, matching: matchID, hash, ticket) }
            return write(rows.map(\.item))
        }
    }

    /// Several people may match; the first of them to enter an audience stands for all.
    static func firstOfEach(_ rows: [MembershipRow]) -> [MembershipRow] {
        guard rows.count > 1 else { return rows }
        let rows = rows.sorted {
            ($0.audience, $0.item.enteredAt) < ($1.audience, $1.item.enteredAt)
        }
        var first: [MembershipRow] = []
        for row in rows where row.audience != first.last?.audience { first.append(row) }
        return first
    }

    private func rows(
        matching id: ExternalID, _ hash: Int64, in audience: AudienceID?
    ) async throws(Failure) -> [MembershipRow] {
        if let rows = rowsAtOnce(matching: id, hash, in: audience) { return rows }
        return try await readPeople { db, index in
            let select = try db.prepared(Self.selectMembershipsOf)
            return try index.matching(id).flatMap { match in
                try select.all(match.id, id, audience?.text) { row in try MembershipRow(row) }
            }
        }
    }

    /// What one statement says, if the indexes have everybody who may match, or all but two.
    func rowsAtOnce(
        matching id: ExternalID, _ hash: Int64, in audience: AudienceID?
    ) -> [MembershipRow]? {
        let hint = recent.hint(hash)
        guard role == .server, hint.people.count <= 2 else { return nil }
        let audience = audience?.text
        let rows =
            if let first = hint.people.first, let last = hint.people.last {
                lookUps.read(.membershipsOfRecent) { statement in
                    try statement.all(hash, id, audience, first, last) { row in
                        try MembershipRow(row)
                    }
                }
            } else {
                lookUps.read(.memberships) { statement in
                    try statement.all(hash, id, audience) { row in try MembershipRow(row) }
                }
            }
        // If nobody came or went while the statement ran, it has missed nobody.
        return recent.hint(hash) == hint ? rows : nil
    }

    package func memberships(
        matchingAny matchIDs: [ExternalID], in audiences: [AudienceID]
    ) async throws(Failure) -> MembershipTable {
        guard matchIDs.count <= Limits.queryMatchIDsMax,
            audiences.count <= Limits.queryAudienceIDsMax
        else {
            throw Failure(
                .invalid,
                "A query may ask about \(Limits.queryMatchIDsMax) ids and "
                    + "\(Limits.queryAudienceIDsMax) audiences at most.")
        }
        return try await readPeople { db, index in
            let targets = try db.audienceTargets(audiences)
            let people = try matchIDs.enumerated().flatMap { row, id in
                try index.matching(id).map { (row: row, person: $0) }
            }.sorted { $0.person.id < $1.person.id }
            var rows = matchIDs.map { (matchID: $0, audiences: [AudienceID]()) }
            // Audience by audience, its people ascending: the tree is walked in its order.
            let probe = try db.prepared(
                "SELECT 1 FROM membership WHERE snapshot = ? AND person = ?")
            for target in targets {
                for (row, person) in people where person.connection == target.connection {
                    let isMember = try probe.first(target.snapshot, person.id) { _ in true }
                    if isMember == true, rows[row].audiences.last != target.id {
                        rows[row].audiences.append(target.id)
                    }
                }
            }
            return MembershipTable(
                rows: rows, audiences: targets.map { (id: $0.id, freshness: $0.freshness) })
        }
    }
}

/// A row of ``SQLiteStore/selectMemberships``.
struct MembershipRow {
    let audience: Int64
    let item: Membership
    /// The session of the source.
    let session: Int64?
}

extension MembershipRow {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            audience: row.integer(0),
            item: Membership(
                audience: AudienceID(unchecked: row.text(1)), name: row.optionalText(2),
                enteredAt: row.time(5),
                source: row.isNull(6)
                    ? nil
                    : MembershipSource(
                        action: try row.named(6), sessionID: try row.optionalExternalID(7),
                        page: row.optionalCount(8)),
                freshness: row.freshness(3)),
            session: row.optionalInteger(9))
    }
}

/// An audience as a look-up needs it.
struct AudienceTarget {
    var row: Int64
    var id: AudienceID
    var name: String?
    var connection: Int64
    var snapshot: Int64
    var freshness: Freshness
}

extension Database {
    /// The audiences of these ids, or all, in the order they were created.
    func audienceTargets(_ ids: [AudienceID]) throws -> [AudienceTarget] {
        let columns = "id, public_id, connection, current_snapshot, as_of, held_session, name"
        let read = { (row: SQLRow) in
            AudienceTarget(
                row: row.integer(0), id: AudienceID(unchecked: row.text(1)),
                name: row.optionalText(6), connection: row.integer(2),
                snapshot: row.integer(3), freshness: row.freshness(4))
        }
        guard !ids.isEmpty else {
            return try prepared(
                "SELECT \(columns) FROM audience WHERE current_snapshot > 0 ORDER BY id"
            ).all(read: read)
        }
        let select = try prepared("SELECT \(columns) FROM audience WHERE public_id = ?")
        return try Set(ids).compactMap { try select.first($0.text, read: read) }
            .sorted { $0.row < $1.row }
    }
}

extension SQLRow {
    /// Reads `as_of` and `held_session`, the latter in the next column.
    fileprivate func freshness(_ column: Int32) -> Freshness {
        Freshness(asOf: optionalTime(column), isHeld: !isNull(column + 1))
    }
}

extension SQLiteStore {
    /// Takes the hash of an id, the id, and the public id of an audience or NULL for all.
    static let selectMemberships = memberships(
        of: "\(selectByReference) UNION ALL \(selectByDistinct)")

    /// Takes two people beside, who may match too; somebody who is named twice is found twice.
    static let selectMembershipsOfRecent = memberships(
        of: """
            \(selectByReference) UNION ALL \(selectByDistinct)
            UNION ALL \(selectMatch("?4")) UNION ALL \(selectMatch("?5"))
            """)

    /// Takes a person, the id, and the public id of an audience or NULL for all.
    static let selectMembershipsOf = memberships(of: selectMatch("?1"))

    private static func memberships(of matching: String) -> String {
        """
        WITH matching (person, connection) AS (\(matching))
        SELECT audience.id, public_id, name, as_of, held_session,
            coalesce(entered_at, current_since), action, session_id, page, sync_session.id
        FROM matching
        CROSS JOIN audience ON audience.connection = matching.connection
        CROSS JOIN membership ON membership.snapshot = audience.current_snapshot
            AND membership.person = matching.person
        CROSS JOIN snapshot ON snapshot.id = audience.current_snapshot
        LEFT JOIN sync_session
            ON sync_session.id = coalesce(membership.session, snapshot.session)
        WHERE ?3 IS NULL OR audience.public_id = ?3
        """
    }
}

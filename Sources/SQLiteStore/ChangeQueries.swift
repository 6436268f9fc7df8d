package import Audiences
import GRDB

extension SQLiteStore: ChangeStore {
    /// How many rows of the feed one call looks at, if it is about one audience.
    static let changesLookedAtMax: Int64 = 10_000

    package func changes(
        after sequence: Int64, in audience: AudienceID?, limit: Int
    ) async throws(Failure) -> ChangePage {
        try ListRange(limit: limit).validate()
        return try await read { db in
            let scope = try audience.map { try db.audienceRow($0) }
            let ends = try db.feedEnds()
            guard (0...ends.last).contains(sequence) else {
                throw Failure(
                    .invalid, "after must be 0 or the seq of a change; the latest is \(ends.last).")
            }
            guard sequence >= ends.removed else {
                throw Failure(
                    .gone,
                    "Changes after \(sequence) are not kept any more; export the audience again "
                        + "and go on after \(ends.last).")
            }
            let lookedAt = scope == nil ? Int64(limit) : Self.changesLookedAtMax
            let end = min(ends.last, sequence + lookedAt)
            let changes = try db.prepared(Self.selectChanges).all(sequence, end, scope, limit) {
                row in try MembershipChange(row)
            }
            let isFull = changes.count == limit
            let next = isFull ? changes.last?.sequence ?? end : end
            return ChangePage(changes: changes, next: next, hasMore: next < ends.last)
        }
    }

    package func latestChange() async throws(Failure) -> Int64 {
        try await read { db in try db.latestChange() }
    }

    /// Writes of other processes are seen once a second; see ``ChangeBell``.
    package func awaitChange(after sequence: Int64, for timeout: Duration) async throws(Failure) {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while !Task.isCancelled {
            let latest = try await latestChange()
            let rest = deadline - clock.now
            guard latest <= sequence, rest > .zero else { return }
            await bell.wait(after: sequence, for: min(rest, ChangeBell.pollingPeriod))
        }
    }

    /// Takes a place in the feed, the last row to look at, an audience or NULL, and a limit.
    ///
    /// An audience without a current snapshot is one of a deleted connection.
    static let selectChanges = """
        SELECT seq, entered, public_id, change.at, session_id, person.connection, distinct_id,
            reference_id
        FROM change
        CROSS JOIN audience ON audience.id = change.audience
        CROSS JOIN person ON person.id = change.person
        LEFT JOIN sync_session ON sync_session.id = change.session
        WHERE seq > ?1 AND seq <= ?2 AND (?3 IS NULL OR change.audience = ?3)
            AND current_snapshot > 0
        ORDER BY seq LIMIT ?4
        """
}

extension Database {
    /// The last sequence number that was removed for its age, and the last one there is; each 0 if
    /// there is none.
    func feedEnds() throws -> (removed: Int64, last: Int64) {
        let removed = try prepared("SELECT value FROM meta WHERE name = 'changes_removed'")
            .first { row in row.integer(0) }
        return (removed ?? 0, try latestChange())
    }

    /// The last sequence number; 0 before the first change.
    func latestChange() throws -> Int64 {
        let last = try prepared("SELECT max(seq) FROM change").first { $0.optionalInteger(0) }
        return (last ?? nil) ?? 0
    }
}

extension MembershipChange {
    /// Reads a row of ``SQLiteStore/selectChanges``.
    init(_ row: SQLRow) throws {
        let isErased = row.integer(5) == erasedConnection
        self.init(
            sequence: row.integer(0), kind: row.integer(1) == 0 ? .left : .entered,
            audience: AudienceID(unchecked: row.text(2)),
            person: isErased
                ? nil
                : Person(
                    distinctID: try row.externalID(6),
                    referenceID: try row.optionalExternalID(7)),
            sessionID: try row.optionalExternalID(4), at: row.time(3))
    }
}

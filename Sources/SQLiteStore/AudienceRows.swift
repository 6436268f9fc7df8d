import Audiences
import GRDB

/// An audience as a page finds and leaves it.
struct AudienceRow {
    let id: Int64
    var name: String?
    var description: String?
    var snapshot: Int64
    var memberCount: Int
    var lastSession: Int64?
    var asOf: Timestamp?
    var reconcile: ReconcileReason?
    /// `nil` while the audience is just being created.
    var lastSeenAt: Timestamp?

    var state: AudienceState {
        AudienceState(memberCount: memberCount, lastSeenAt: lastSeenAt)
    }

    /// Notes what a page did, and what else it says about the cohort.
    mutating func note(
        _ change: Change, of page: SyncPage, by stored: SessionRow, at now: Timestamp
    ) {
        lastSeenAt = now
        guard change.effect != .none else { return }
        lastSession = stored.id
        name = page.cohort.name ?? name
        description = page.cohort.description ?? description
        if change.completes {
            asOf = now
        }
        // A whole copy of the cohort settles every older doubt.
        reconcile = change.reconcile ?? (change.switches ? nil : reconcile)
    }
}

/// Where a snapshot stands in its life.
enum SnapshotState: String {
    /// Being filled; no reader sees it.
    case staged
    /// What readers see.
    case current
    /// Replaced, and kept for a while.
    case retired
    /// To be removed.
    case discarded
}

extension PageTransaction {
    func findAudience(_ cohort: Cohort) throws -> AudienceRow? {
        try db.prepared(
            """
            SELECT audience.id, name, description, current_snapshot, member_count, last_session,
                as_of, reconcile_reason, last_seen_at
            FROM audience CROSS JOIN snapshot ON snapshot.id = audience.current_snapshot
            WHERE connection = ? AND project = ? AND cohort = ?
            """
        ).first(connection, cohort.projectID.column, cohort.cohortID) { row in
            AudienceRow(
                id: row.integer(0), name: row.optionalText(1),
                description: row.optionalText(2), snapshot: row.integer(3),
                memberCount: row.count(4), lastSession: row.optionalInteger(5),
                asOf: row.optionalTime(6), reconcile: try row.optionalReason(7),
                lastSeenAt: row.time(8))
        }
    }

    /// Makes the audience of a page, empty; `nil` if pages of that action make none.
    func createAudience(for page: SyncPage) throws -> AudienceRow? {
        guard page.action != .removeMembers else { return nil }
        var random = SystemRandomNumberGenerator()
        let id = AudienceID.make(
            from: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
        try db.prepared(
            """
            INSERT INTO audience (public_id, connection, project, cohort, current_snapshot,
                created_at, last_seen_at)
            VALUES (?, ?, ?, ?, 0, ?, ?)
            """
        ).run(
            id.text, connection, page.cohort.projectID.column, page.cohort.cohortID, now, now)
        let audience = db.lastInsertedRowID
        let snapshot = try createSnapshot(of: audience, state: .current)
        return AudienceRow(id: audience, snapshot: snapshot, memberCount: 0)
    }

    func saveAudience(_ audience: AudienceRow) throws {
        try db.prepared(
            """
            UPDATE audience SET name = ?, description = ?, current_snapshot = ?,
                last_session = ?, as_of = ?, reconcile_reason = ?, last_seen_at = ?
            WHERE id = ?
            """
        ).run(
            audience.name, audience.description, audience.snapshot, audience.lastSession,
            audience.asOf, audience.reconcile?.rawValue, audience.lastSeenAt ?? now, audience.id)
    }

    func createSnapshot(of audience: Int64, state: SnapshotState) throws -> Int64 {
        try db.prepared(
            """
            INSERT INTO snapshot (audience, state, member_count, created_at) VALUES (?, ?, 0, ?)
            """
        ).run(audience, state.rawValue, now)
        return db.lastInsertedRowID
    }
}

extension ExternalID? {
    /// How a project is stored: '' if missing, for NULLs are never equal in a unique index.
    var column: String { self?.text ?? "" }
}

extension SQLRow {
    func optionalReason(_ column: Int32) throws -> ReconcileReason? {
        isNull(column) ? nil : try named(column, ReconcileReason.self)
    }
}

import Audiences
import GRDB

/// An audience as a page finds and leaves it.
struct AudienceRow {
    let id: Int64
    var name: String?
    var description: String?
    var snapshot: Int64
    /// Since when that has been the current one; `nil` if every member has a time of their own.
    var currentSince: Timestamp?
    /// The snapshot that was current before, to be restored while it is kept.
    var replacedSnapshot: Int64?
    var memberCount: Int
    /// The replacement that waits for a decision.
    var heldSession: Int64?
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
        reconcile = change.reconcile ?? reconcile
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

extension SyncTransaction {
    func findAudience(_ cohort: Cohort) throws -> AudienceRow? {
        try db.prepared(
            "\(selectAudienceRow) WHERE connection = ? AND project = ? AND cohort = ?"
        ).first(connection, cohort.projectID.column, cohort.cohortID) { row in
            try AudienceRow(row)
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
        return AudienceRow(
            id: audience, snapshot: snapshot, currentSince: now, memberCount: 0)
    }

    func saveAudience(_ audience: AudienceRow) throws {
        known.touch(audience: audience.id)
        try db.prepared(
            """
            UPDATE audience SET name = ?, description = ?, current_snapshot = ?,
                replaced_snapshot = ?, held_session = ?, last_session = ?, as_of = ?,
                reconcile_reason = ?, last_seen_at = ?
            WHERE id = ?
            """
        ).run(
            audience.name, audience.description, audience.snapshot, audience.replacedSnapshot,
            audience.heldSession, audience.lastSession, audience.asOf,
            audience.reconcile?.rawValue, audience.lastSeenAt ?? now, audience.id)
    }

    /// Makes an empty snapshot; the session is the one whose pages will fill it, if one will.
    func createSnapshot(
        of audience: Int64, state: SnapshotState, session: Int64? = nil
    ) throws -> Int64 {
        try db.prepared(
            """
            INSERT INTO snapshot
                (audience, state, member_count, staying, session, created_at, current_since)
            VALUES (?, ?, 0, 0, ?, ?, ?)
            """
        ).run(audience, state.rawValue, session, now, state == .current ? now : nil)
        return db.lastInsertedRowID
    }
}

/// What ``AudienceRow/init(_:)`` reads.
let selectAudienceRow = """
    SELECT audience.id, name, description, current_snapshot, member_count, last_session,
        as_of, reconcile_reason, last_seen_at, current_since, replaced_snapshot, held_session,
        audience.connection
    FROM audience CROSS JOIN snapshot ON snapshot.id = audience.current_snapshot
    """

extension AudienceRow {
    init(_ row: SQLRow) throws {
        self.init(
            id: row.integer(0), name: row.optionalText(1), description: row.optionalText(2),
            snapshot: row.integer(3), currentSince: row.optionalTime(9),
            replacedSnapshot: row.optionalInteger(10), memberCount: row.count(4),
            heldSession: row.optionalInteger(11), lastSession: row.optionalInteger(5),
            asOf: row.optionalTime(6), reconcile: try row.optionalReason(7),
            lastSeenAt: row.time(8))
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

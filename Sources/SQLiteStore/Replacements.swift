import Audiences
import GRDB

/// What becomes of a replacement once all of its pages are there.
extension SyncTransaction {
    /// Counts a whole replacement, and switches it in unless the connection's guard holds it.
    func conclude(_ stored: inout SessionRow, of audience: inout AudienceRow) throws {
        let replacement = try complete(stored, of: audience)
        let conclusion = stored.session.conclude(
            replacement, guardedBy: try connectionGuard(), at: now)
        switch conclusion {
        case .switchIn:
            try switchIn(stored, &audience)
        case .hold:
            stored.heldAt = now
            audience.heldSession = stored.id
        }
    }

    /// Switches in the replacement that was held, after the diffs that came since.
    func accept(_ stored: inout SessionRow, of audience: inout AudienceRow) throws {
        _ = try complete(stored, of: audience)
        stored.session.accept(at: now)
        audience.heldSession = nil
        try switchIn(stored, &audience)
        stored.session.membersAfter = audience.memberCount
    }

    /// Applies the noted diffs to the session's snapshot, and counts it.
    private func complete(
        _ stored: SessionRow, of audience: AudienceRow
    ) throws -> Replacement {
        let snapshot = try stored.snapshot
        try replayDiffs(of: stored.id, on: snapshot, of: audience)
        let counts = try db.prepared("SELECT staying, member_count FROM snapshot WHERE id = ?")
            .first(snapshot) { row in (staying: row.count(0), members: row.count(1)) }
        return Replacement(
            membersBefore: audience.memberCount, membersStaying: counts?.staying ?? 0,
            membersAfter: counts?.members ?? 0)
    }

    private func switchIn(_ stored: SessionRow, _ audience: inout AudienceRow) throws {
        try point(&audience, to: try stored.snapshot, by: stored.id)
        audience.asOf = now
        // A whole copy of the cohort settles every older doubt.
        audience.reconcile = stored.session.reconcileReason
    }

    /// Makes another snapshot the current one: a few updates, whatever its size.
    ///
    /// Who entered and who left is told by a comparison later on. A snapshot that was current
    /// before keeps the time since when it was.
    func point(_ audience: inout AudienceRow, to snapshot: Int64, by session: Int64?) throws {
        known.touchEverything()
        try db.prepared("UPDATE snapshot SET state = 'retired', retired_at = ? WHERE id = ?")
            .run(now, audience.snapshot)
        try db.prepared(
            """
            UPDATE snapshot SET state = 'current', retired_at = NULL,
                current_since = coalesce(current_since, ?) WHERE id = ?
            """
        ).run(now, snapshot)
        try db.prepared(
            """
            INSERT INTO comparison (audience, old_snapshot, new_snapshot, session, at, cursor)
            VALUES (?, ?, ?, ?, ?, 0)
            """
        ).run(audience.id, audience.snapshot, snapshot, session, now)
        let count = try db.prepared("SELECT member_count FROM snapshot WHERE id = ?")
            .first(snapshot) { row in row.count(0) }
        audience.replacedSnapshot = audience.snapshot
        audience.snapshot = snapshot
        audience.memberCount = count ?? 0
    }

    private func connectionGuard() throws -> RemovedFraction? {
        let value = try db.prepared("SELECT guard_max_removed FROM connection WHERE id = ?")
            .first(connection) { row in row.optionalReal(0) }
        return (value ?? nil).flatMap { RemovedFraction($0) }
    }
}

extension SessionRow {
    /// The snapshot of a session that stages.
    var snapshot: Int64 {
        get throws {
            guard let stagingSnapshot else { throw damage("a replacement has no snapshot") }
            return stagingSnapshot
        }
    }
}

import Audiences
import GRDB

/// Which way a diff goes.
enum DiffAction: String {
    case add
    case remove
}

/// Diffs that arrive while a replacement is filling or held, to be applied to it when it is
/// complete, and once more when it is accepted.
///
/// They name distinct ids rather than people: a `remove_members` may name somebody whom only a
/// later page of the replacement makes known.
extension SyncTransaction {
    /// Notes a diff down for the replacement that is open, if one is.
    ///
    /// A page without a usable number is a diff of its own session too, though that may begin to
    /// stage only later.
    func noteDiff(
        _ action: DiffAction, _ page: SyncPage, _ source: Source, for stored: SessionRow,
        _ replacement: OpenReplacement?
    ) throws {
        guard !page.members.isEmpty else { return }
        let mayStage = stored.session.action == .members && stored.session.status == .applied
        let own = mayStage ? stored.id : nil
        let sessions = [replacement?.session, own].compactMap(\.self)
        guard !sessions.isEmpty else { return }
        let insert = try db.prepared(
            """
            INSERT INTO staged_diff (session, action, distinct_ids, arrived_at, source, page)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        let ids = IDList.encode(page.members.map(\.distinctID))
        for session in sessions {
            try insert.run(session, action.rawValue, ids, now, source.session, source.page)
        }
    }

    /// Applies the session's diffs to its snapshot, in the order they came.
    ///
    /// Doing so again changes nothing: the last word about each person decides.
    func replayDiffs(
        of session: Int64, on snapshot: Int64, of audience: AudienceRow
    ) throws {
        let diffs = try db.prepared(
            """
            SELECT action, distinct_ids, source, page FROM staged_diff
            WHERE session = ? ORDER BY id
            """
        ).all(session) { row in
            (
                action: try row.named(0, DiffAction.self),
                ids: try row.decoded(1, by: IDList.decode),
                source: Source(session: row.optionalInteger(2), page: row.optionalCount(3))
            )
        }
        let staged = StagedMembers(db: db, snapshot: snapshot)
        for diff in diffs {
            let people = Set(try diff.ids.compactMap { try person($0) }).sorted()
            switch diff.action {
            case .remove: try staged.remove(people)
            case .add: try staged.add(people, from: diff.source, of: audience)
            }
        }
    }
}

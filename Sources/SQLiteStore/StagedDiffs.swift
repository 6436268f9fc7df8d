import Audiences
import GRDB

/// Which way a diff goes.
enum DiffAction: String {
    case add
    case remove
}

/// Diffs that arrive while a replacement is being staged, to be applied to it when it is complete.
///
/// They name distinct ids rather than people: a `remove_members` may name somebody whom only a
/// later page of the replacement makes known.
extension PageTransaction {
    /// Notes a diff down for the replacement being staged, if there is one.
    func noteDiff(_ action: DiffAction, of page: SyncPage, in audience: AudienceRow) throws {
        guard !page.members.isEmpty else { return }
        let filling = try db.prepared(
            "SELECT id FROM sync_session WHERE audience = ? AND status = 'filling'"
        ).first(audience.id) { row in row.integer(0) }
        guard let filling else { return }
        try db.prepared(
            """
            INSERT INTO staged_diff (session, action, distinct_ids, arrived_at)
            VALUES (?, ?, ?, ?)
            """
        ).run(filling, action.rawValue, IDList.encode(page.members.map(\.distinctID)), now)
    }

    /// Applies the session's diffs to its snapshot, in the order they came.
    func replayDiffs(of session: Int64, on snapshot: Int64, current: Int64) throws {
        let diffs = try db.prepared(
            """
            SELECT action, distinct_ids, arrived_at FROM staged_diff
            WHERE session = ? ORDER BY id
            """
        ).all(session) { row in
            (
                action: try row.named(0, DiffAction.self),
                ids: try row.decoded(1, by: IDList.decode), arrivedAt: row.time(2)
            )
        }
        for diff in diffs {
            let people = Set(try diff.ids.compactMap { try person($0) }).sorted()
            switch diff.action {
            case .remove:
                _ = try remove(people, from: snapshot)
            case .add:
                try replayAdd(people, at: diff.arrivedAt, on: snapshot, current: current)
            }
        }
    }

    /// Members of the current snapshot take the time they entered it along.
    private func replayAdd(
        _ people: [Int64], at arrivedAt: Timestamp, on snapshot: Int64, current: Int64
    ) throws {
        _ = try add(people, to: snapshot)
        let update = try db.prepared(
            """
            UPDATE membership SET entered_at = coalesce(
                (SELECT entered_at FROM membership WHERE snapshot = ?3 AND person = ?2), ?4)
            WHERE snapshot = ?1 AND person = ?2
            """)
        for person in people {
            try update.run(snapshot, person, current, arrivedAt)
        }
    }
}

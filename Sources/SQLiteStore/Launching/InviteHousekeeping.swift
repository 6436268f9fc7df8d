import Audiences
import GRDB

/// Invites that nothing is decided by any more: of closed studies, for a rule of theirs offers
/// nothing again, and after the pause that the connection keeps between two rules.
extension Housekeeping {
    /// How many invites a step removes, each with its entries in six indexes.
    static let stepInvitesMax = 200

    /// A closed study that has old invites.
    func studyToTidy(before limit: Timestamp) throws -> Int64? {
        try db.prepared(Self.selectStudyToTidy).first(limit, now) { row in row.integer(0) }
    }

    func removeInvites(of study: Int64, before limit: Timestamp) throws {
        let old = try db.prepared(Self.selectOldInvites)
            .all(limit, now, study, Self.stepInvitesMax) { row in
                (id: row.integer(0), hash: row.integer(1))
            }
        known.touch(people: old.map(\.hash))
        let delete = try db.prepared("DELETE FROM invite WHERE id = ?")
        for invite in old { try delete.run(invite.id) }
    }

    /// Takes a time that it was closed before, and now.
    static let selectStudyToTidy = """
        SELECT study.id FROM study
        WHERE status = 'closed' AND updated_at < ?1 AND EXISTS
            (SELECT 1 FROM invite WHERE invite.study = study.id AND \(isOld))
        LIMIT 1
        """

    /// Takes these, a study, and a limit.
    static let selectOldInvites = """
        SELECT invite.id, match_hash FROM study CROSS JOIN invite ON invite.study = study.id
        WHERE study.id = ?3 AND \(isOld) LIMIT ?4
        """

    /// Of an `invite`, by when somebody last had to do with it.
    private static let isOld = """
        \(touched) < ?1 AND \(touched) < ?2 - 3600000 * coalesce(
            (SELECT cooldown_hours FROM sdk WHERE sdk.connection = study.connection), 0)
        """

    private static let touched = """
        max(invite.created_at, coalesce(shown_at, 0), coalesce(dismissed_at, 0),
            coalesce(started_at, 0), coalesce(completed_at, 0))
        """
}

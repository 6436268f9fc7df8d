package import Audiences
import GRDB

extension SQLiteStore {
    package func invites(
        matching filter: InviteFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Invite> {
        try range.validate()
        let before = try range.place(in: .invites) ?? .max
        let hash = filter.matchID.map { hashing.people.hash($0.text) }
        return try await read { db in
            let rows = try db.prepared(Self.selectInvites(filter)).all(
                before, range.limit + 1, filter.connection?.text, filter.study?.text,
                filter.rule?.text, hash, filter.matchID
            ) { row in
                (id: row.integer(0), item: try row.invite().invite)
            }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .invites) }
        }
    }

    /// Takes an invite to end before, a limit, and a connection, a study, a rule, and the hash of
    /// a match id with the id, each NULL for all.
    ///
    /// A text for each term that may lead, for one text with optional terms would use no index;
    /// `+` keeps the others from leading.
    static func selectInvites(_ filter: InviteFilter) -> String {
        let lead =
            if filter.matchID != nil {
                "match_hash = ?6"
            } else if filter.rule != nil {
                "invite.rule = (SELECT id FROM launch_rule WHERE public_id = ?5)"
            } else if filter.study != nil {
                "invite.study = (SELECT id FROM study WHERE public_id = ?4)"
            } else if filter.connection != nil {
                "invite.connection = (SELECT id FROM connection WHERE public_id = ?3)"
            } else {
                "TRUE"
            }
        return """
            \(selectInvite)
            WHERE \(lead) AND invite.id < ?1
                AND (?3 IS NULL OR connection.public_id = ?3)
                AND (?4 IS NULL OR study.public_id = ?4)
                AND (?5 IS NULL OR launch_rule.public_id = ?5)
                AND (?6 IS NULL OR match_id = ?7)
            ORDER BY invite.id DESC LIMIT ?2
            """
    }
}

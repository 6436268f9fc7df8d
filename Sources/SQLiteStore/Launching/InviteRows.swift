import Audiences
import GRDB

/// An invite and its rows.
struct StoredInvite {
    let row: Int64
    let connection: Int64
    let rule: Int64
    let study: Int64
    var invite: Invite
}

extension Database {
    func storedInvite(_ code: InviteCode) throws -> StoredInvite? {
        try prepared("\(selectInvite) WHERE code = ?").first(code.text) { row in
            try row.invite()
        }
    }

    /// Every invite by rules of a connection to whoever has this match id, the oldest first.
    func invites(of connection: Int64, to matchID: ExternalID, _ hash: Int64) throws -> [Invite] {
        try prepared(Self.selectInvitesOfPerson).all(hash, matchID, connection) { row in
            try row.invite().invite
        }
    }

    /// Takes the hash of a match id, the match id, and a connection, whose index is none here.
    static let selectInvitesOfPerson = """
        \(selectInvite) WHERE match_hash = ?1 AND match_id = ?2 AND +invite.connection = ?3
        ORDER BY invite.id
        """

    func insert(
        _ invite: Invite, by rule: Int64, study: Int64, of connection: Int64, person: Int64?,
        hash: Int64
    ) throws {
        let audience = try invite.audienceID.map { try audienceRow($0) }
        do {
            try prepared(
                """
                INSERT INTO invite (code, connection, rule, study, source, audience, match_hash,
                    match_id, person, traits, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ).run(
                invite.code.text, connection, rule, study, invite.source.rawValue, audience, hash,
                invite.matchID, person, TraitList.encode(invite.traits), invite.createdAt)
        } catch  where SQLiteFailure.isDuplicate(error) {
            throw Failure(.unavailable, "This invite's code was given already; try again.")
        }
        try prepared("UPDATE launch_rule SET invited = invited + 1 WHERE id = ?").run(rule)
    }

    /// Saves what became of an invite, and counts what happened for the first time.
    func save(_ stored: StoredInvite, before: Invite) throws {
        let invite = stored.invite
        try prepared(
            """
            UPDATE invite SET shown_at = ?, dismissed_at = ?, started_at = ?, completed_at = ?,
                attempt = ?
            WHERE id = ?
            """
        ).run(
            invite.shownAt, invite.dismissedAt, invite.startedAt, invite.completedAt,
            invite.attempt, stored.row)
        let isNew = { (time: KeyPath<Invite, Timestamp?>) in
            before[keyPath: time] == nil && invite[keyPath: time] != nil ? 1 : 0
        }
        try prepared(
            """
            UPDATE launch_rule SET shown = shown + ?, dismissed = dismissed + ?,
                started = started + ?, completed = completed + ?
            WHERE id = ?
            """
        ).run(
            isNew(\.shownAt), isNew(\.dismissedAt), isNew(\.startedAt), isNew(\.completedAt),
            stored.rule)
    }

    /// Counts a start of today's.
    func countStart(of stored: StoredInvite, at now: Timestamp) throws {
        try prepared(
            """
            INSERT INTO study_day (study, day, starts) VALUES (?, ?, 1)
            ON CONFLICT DO UPDATE SET starts = starts + 1
            """
        ).run(stored.study, now.dayBegin)
    }

    /// Removes what is kept of a person's invites; the counts stay.
    func forgetInvites(of person: Int64) throws {
        try prepared("DELETE FROM invite WHERE person = ?").run(person)
    }

    /// As above, for whoever had this match id; of every connection if `connection` is `nil`.
    func forgetInvites(
        to matchID: ExternalID, of connection: Int64?, by hashing: Hashing
    ) throws {
        try prepared(
            """
            DELETE FROM invite
            WHERE match_hash = ?1 AND match_id = ?2 AND (?3 IS NULL OR connection = ?3)
            """
        ).run(hashing.people.hash(matchID.text), matchID, connection)
    }

    /// Removes some invites of a connection; returns how many went.
    func removeInvites(of connection: Int64, atMost limit: Int) throws -> Int {
        try prepared(
            """
            DELETE FROM invite WHERE id IN (SELECT id FROM invite WHERE connection = ? LIMIT ?)
            """
        ).change(connection, limit)
    }
}

/// What ``SQLRow/invite()`` reads.
let inviteColumns = """
    invite.id, invite.connection, invite.rule, invite.study, code, connection.public_id,
        launch_rule.public_id, study.public_id, source, audience.public_id, match_id, distinct_id,
        invite.traits, invite.created_at, shown_at, dismissed_at, started_at, completed_at, attempt
    """

/// An invite whose rule is gone is none any more: its connection is being removed.
let selectInvite = """
    SELECT \(inviteColumns) FROM invite
    CROSS JOIN launch_rule ON launch_rule.id = invite.rule
    CROSS JOIN study ON study.id = invite.study
    CROSS JOIN connection ON connection.id = invite.connection
    LEFT JOIN audience ON audience.id = invite.audience
    LEFT JOIN person ON person.id = invite.person
    """

extension SQLRow {
    static let inviteWidth: Int32 = 19

    func invite() throws -> StoredInvite {
        guard let code = InviteCode(text(4)) else { throw damage("an invite's code is malformed") }
        var invite = Invite(
            code: code, connectionID: ConnectionID(unchecked: text(5)),
            ruleID: LaunchRuleID(unchecked: text(6)), studyID: StudyID(unchecked: text(7)),
            source: try named(8), audienceID: optionalText(9).map { AudienceID(unchecked: $0) },
            matchID: try externalID(10), distinctID: try optionalExternalID(11),
            traits: try decoded(12, by: TraitList.decode), createdAt: time(13))
        invite.shownAt = optionalTime(14)
        invite.dismissedAt = optionalTime(15)
        invite.startedAt = optionalTime(16)
        invite.completedAt = optionalTime(17)
        invite.attempt = try optionalExternalID(18)
        return StoredInvite(
            row: integer(0), connection: integer(1), rule: integer(2), study: integer(3),
            invite: invite)
    }
}

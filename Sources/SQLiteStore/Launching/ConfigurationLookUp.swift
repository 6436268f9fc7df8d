import Audiences
import GRDB

/// A load of an app's configuration, which is as frequent as look-ups are and mostly finds what it
/// found before: two look-ups, and the rules that are known.
///
/// They are not of one state, but each is as it is at some moment of the call; whatever has to be
/// written is decided anew, in one.
extension SQLiteStore {
    /// `nil` if it can't be told by looking up, or if an invite has to be made.
    func lookUpConfiguration(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> LaunchConfiguration? {
        let hash = matchID.map { hashing.people.hash($0.text) }
        let rows = try await look(up: .launches) { statement in
            try statement.all(connection.text, hash, matchID) { row in try LaunchRow(row) }
        }
        guard let first = rows.first else { throw noConnection(connection) }
        guard let rules = knownRules.rules(of: first.connection, version: first.version, at: now)
        else { return nil }
        guard let matchID, !rules.candidates.isEmpty else {
            return LaunchConfiguration(events: rules.events)
        }
        var audiences: Set<AudienceID> = []
        if rules.nameAudiences {
            let memberships = try await memberships(matching: matchID, in: nil)
            audiences = Set(memberships.map(\.audience))
        }
        let plan = LaunchPlan(
            among: rules.candidates, on: .configurationLoad,
            for: LaunchPerson(
                matchID: matchID, audiences: audiences, invites: rows.compactMap(\.invite)),
            connectionCooldownHours: rules.cooldownHours, at: now)
        switch plan {
        case .refuse:
            return LaunchConfiguration(events: rules.events)
        case .repeatOffer(let invite, let candidate):
            return LaunchConfiguration(
                events: rules.events, pending: candidate.invitation(invite))
        case .makeInvite:
            return nil
        }
    }

    /// Takes a connection, and the hash of a match id with the id, or NULL for nobody's.
    ///
    /// Answers one row for each invite, or one without. A connection that can be found has all its
    /// rules. `+` keeps SQLite from reading all invites of a connection to find one person's.
    static let selectLaunches = """
        SELECT \(inviteColumns), connection.id, launch_version FROM connection
        LEFT JOIN invite
            ON match_hash = ?2 AND match_id = ?3 AND +invite.connection = connection.id
        LEFT JOIN launch_rule ON launch_rule.id = invite.rule
        LEFT JOIN study ON study.id = invite.study
        LEFT JOIN audience ON audience.id = invite.audience
        LEFT JOIN person ON person.id = invite.person
        WHERE connection.public_id = ?1
        """
}

/// A row of ``SQLiteStore/selectLaunches``.
private struct LaunchRow {
    let connection: Int64
    let version: Int64
    let invite: Invite?

    init(_ row: SQLRow) throws {
        connection = row.integer(SQLRow.inviteWidth)
        version = row.integer(SQLRow.inviteWidth + 1)
        invite = row.isNull(0) ? nil : try row.invite().invite
    }
}

extension Database {
    /// To be called by every write that changes what rules are decided by: rules, studies, the
    /// connection's cooldown, and starts that count towards a limit of all people.
    func noteLaunchChange(of connection: Int64) throws {
        try prepared(
            """
            INSERT INTO meta (name, value) VALUES ('launch_version', 1)
            ON CONFLICT DO UPDATE SET value = value + 1
            """
        ).run()
        try prepared(
            """
            UPDATE connection
            SET launch_version = (SELECT value FROM meta WHERE name = 'launch_version')
            WHERE id = ?
            """
        ).run(connection)
    }

    /// The rules of a connection, in the state that is being read.
    func rules(of connection: Int64, at now: Timestamp) throws -> KnownRules.Rules {
        let version = try prepared("SELECT launch_version FROM connection WHERE id = ?")
            .first(connection) { row in row.integer(0) }
        return KnownRules.Rules(
            version: version ?? 0, candidates: try candidates(of: connection, at: now),
            cooldownHours: try cooldownHours(of: connection), at: now)
    }
}

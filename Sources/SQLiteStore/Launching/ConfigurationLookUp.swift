package import Audiences
import GRDB

/// A load of an app's configuration, which is as frequent as look-ups are and mostly finds what it
/// found before: what was told is known for as long as it is true (``KnownAnswers``); else two
/// look-ups, and the rules that are known.
extension SQLiteStore {
    package func configurationAtOnce(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp,
        write: (LaunchConfiguration) -> [UInt8]
    ) -> [UInt8]? {
        guard let matchID else {
            return lookUpConfiguration(of: connection, at: now).map(write)
        }
        let hash = hashing.people.hash(matchID.text)
        let known = known.configuration(of: connection, for: matchID, hash, at: now)
        if let written = known.written { return written }
        let visitor = LookedUpVisitor(
            matchID: matchID, hash: hash, audiences: known.audiences, ticket: known.ticket)
        guard let found = lookUpConfiguration(for: visitor, of: connection, at: now) else {
            return nil
        }
        let written = write(found.configuration)
        if let ticket = known.ticket {
            self.known.keep(
                KnownMemberships.Configuration(
                    connection: connection, written: written, begin: now, end: found.end),
                of: matchID, hash, ticket)
        }
        return written
    }

    /// Somebody who is signed in to an app, and what is known of them.
    struct LookedUpVisitor {
        let matchID: ExternalID
        let hash: Int64
        var audiences: Set<AudienceID>?
        /// Whether, and in which state, what is read of them can be made known.
        var ticket: KnownAnswers.Ticket?
    }

    /// What somebody's app is told, and until when; `nil` if that can't be told by looking up, or
    /// if an invite has to be made.
    ///
    /// The two look-ups are not of one state, but each is as it is at some moment of the call;
    /// whatever has to be written is decided anew, in one. With a ticket that is still good
    /// afterwards they are of one.
    func lookUpConfiguration(
        for visitor: LookedUpVisitor, of connection: ConnectionID, at now: Timestamp
    ) -> (configuration: LaunchConfiguration, end: Timestamp)? {
        let (matchID, hash) = (visitor.matchID, visitor.hash)
        let found = lookUps.read(.launches) { statement in
            try statement.all(connection.text, hash, matchID) { row in try LaunchRow(row) }
        }
        guard let found, let rules = knownRules(of: found.first, at: now) else { return nil }
        var audiences = visitor.audiences
        // Also if no rule asks for them: only people whose memberships are known are known.
        if audiences == nil, rules.nameAudiences || visitor.ticket != nil {
            audiences = lookUpAudiences(of: visitor)
            guard audiences != nil else { return nil }
        }
        let person = LaunchPerson(
            matchID: matchID, audiences: audiences ?? [], invites: found.compactMap(\.invite))
        let plan = LaunchPlan(
            among: rules.candidates, on: .configurationLoad, for: person,
            connectionCooldownHours: rules.cooldownHours, at: now)
        let end = Eligibility.end(
            ofDecisionAmong: rules.candidates, for: person,
            connectionCooldownHours: rules.cooldownHours, at: now)
        switch plan {
        case .refuse:
            return (LaunchConfiguration(events: rules.events), end)
        case .repeatOffer(let invite, let candidate):
            let pending = candidate.invitation(invite)
            return (LaunchConfiguration(events: rules.events, pending: pending), end)
        case .makeInvite:
            return nil
        }
    }

    /// As above, of nobody.
    func lookUpConfiguration(
        of connection: ConnectionID, at now: Timestamp
    ) -> LaunchConfiguration? {
        let (hash, matchID): (Int64?, ExternalID?) = (nil, nil)
        let found = lookUps.read(.launches) { statement in
            try statement.first(connection.text, hash, matchID) { row in try LaunchRow(row) }
        }
        return knownRules(of: found ?? nil, at: now).map { LaunchConfiguration(events: $0.events) }
    }

    private func knownRules(of row: LaunchRow?, at now: Timestamp) -> KnownRules.Rules? {
        row.flatMap { knownRules.rules(of: $0.connection, version: $0.version, at: now) }
    }

    private func lookUpAudiences(of visitor: LookedUpVisitor) -> Set<AudienceID>? {
        let (matchID, hash) = (visitor.matchID, visitor.hash)
        guard let found = rowsAtOnce(matching: matchID, hash, in: nil) else { return nil }
        let rows = Self.firstOfEach(found)
        if let ticket = visitor.ticket { known.keep(rows, matching: matchID, hash, ticket) }
        return Set(rows.map(\.item.audience))
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
    /// connection's cooldown, and starts that use up a limit of all people.
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

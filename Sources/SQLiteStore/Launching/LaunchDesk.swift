import Audiences
import GRDB

/// Decides and writes what the launch room's questions come to, in one state of the database.
struct LaunchDesk {
    let db: Database
    let people: PeopleByID
    let hashing: Hashing
    let now: Timestamp
    /// Is told whose answers a write changes; `nil` while it reads only: what has to be written
    /// is left for a write then.
    var touched: KnownAnswers?

    var mayWrite: Bool { touched != nil }

    /// Somebody the SDK or an operator asks about.
    struct Visitor {
        /// A member of the connection who matches, with what they are in.
        struct Match {
            let row: Int64
            let person: Person
            let audiences: Set<AudienceID>
        }

        var matches: [Match]
        var person: LaunchPerson
    }

    // MARK: Offers

    /// Finds or makes the invite that a person is to be offered; `nil` if it has to be written
    /// and may not.
    func offer(
        _ occasion: LaunchOccasion, among candidates: [LaunchCandidate], to matchID: ExternalID,
        of connection: Int64, fresh: InviteCode
    ) throws -> LaunchOffer? {
        let visitor = try visitor(matchID, of: connection)
        let plan = LaunchPlan(
            among: candidates, on: occasion, for: visitor.person,
            connectionCooldownHours: try db.cooldownHours(of: connection), at: now)
        switch plan {
        case .refuse(let reason):
            return .refused(reason)
        case .repeatOffer(let invite, let candidate):
            return .invitation(candidate.invitation(invite))
        case .makeInvite(let candidate):
            if try isErased(matchID) { return .refused(.unknownPerson) }
            guard mayWrite, let source = occasion.source else { return nil }
            let member = visitor.matches.first { match in
                guard case .audience(let wanted) = candidate.rule.trigger else { return true }
                return match.audiences.contains(wanted)
            }
            let invite = candidate.rule.invite(
                matchID, as: member?.person, from: source, code: fresh, at: now)
            guard let rule = try db.storedRule(candidate.rule.id),
                let study = try db.storedStudy(candidate.study.id)
            else { throw damage("a launch rule is missing") }
            let hash = hashing.people.hash(matchID.text)
            try db.insert(
                invite, by: rule.row, study: study.row, of: connection, person: member?.row,
                hash: hash)
            touched?.touch(people: [hash])
            return .invitation(candidate.invitation(invite))
        }
    }

    /// Somebody who is to stay erased must not come back by an invite either.
    private func isErased(_ matchID: ExternalID) throws -> Bool {
        try db.prepared("SELECT 1 FROM erased WHERE hash = ?")
            .first(hashing.erased.hash(matchID.text)) { _ in true } ?? false
    }

    // MARK: Invites

    /// Starts an invite or says why not; `nil` if it would have to be written and may not.
    func start(
        _ code: InviteCode, by matchID: ExternalID?, of connection: ConnectionID?,
        attempt: ExternalID?
    ) throws -> LaunchOffer? {
        guard var stored = try db.storedInvite(code),
            connection ?? stored.invite.connectionID == stored.invite.connectionID,
            matchID ?? stored.invite.matchID == stored.invite.matchID,
            let candidate = try db.candidate(stored.rule, at: now)
        else { return .refused(.unknownInvite) }
        if stored.invite.isStartedAgain(by: attempt, isLink: connection == nil) {
            return .invitation(candidate.invitation(stored.invite))
        }
        let visitor = try visitor(stored.invite.matchID, of: stored.connection)
        let refusal = Eligibility.refusalToStart(
            stored.invite, of: candidate, by: visitor.person, at: now)
        if let refusal { return .refused(refusal) }
        guard mayWrite else { return nil }
        let before = stored.invite
        stored.invite.startedAt = now
        stored.invite.attempt = attempt
        try save(stored, before: before)
        try db.countStart(of: stored, at: now)
        if candidate.isFullAfterNextStart {
            try db.noteLaunchChange(of: stored.connection)
            touched?.touchEverything()
        }
        try HookOutbox.note(
            .inviteStarted, of: stored.invite, at: now, connection: stored.connection, in: db)
        return .invitation(candidate.invitation(stored.invite))
    }

    /// Notes a report; `.some(nil)` if there is no such invite, `nil` as above.
    func note(
        _ event: InviteEvent, of code: InviteCode, of connection: ConnectionID
    ) throws -> Invite?? {
        guard var stored = try db.storedInvite(code), stored.invite.connectionID == connection
        else { return .some(nil) }
        let before = stored.invite
        guard stored.invite.note(event, at: now) else { return before }
        guard mayWrite else { return nil }
        try save(stored, before: before)
        if let kind = event.hookKind {
            try HookOutbox.note(
                kind, of: stored.invite, at: now, connection: stored.connection, in: db)
        }
        return stored.invite
    }

    private func save(_ stored: StoredInvite, before: Invite) throws {
        try db.save(stored, before: before)
        touched?.touch(people: [hashing.people.hash(stored.invite.matchID.text)])
    }

    // MARK: What decisions need

    func visitor(_ matchID: ExternalID, of connection: Int64) throws -> Visitor {
        let audiences = try db.prepared(Self.selectAudiences)
        let person = try db.prepared(
            "SELECT distinct_id, reference_id, traits FROM person WHERE id = ?")
        let matches = try people.matching(matchID).filter { $0.connection == connection }
            .sorted { $0.id < $1.id }
            .compactMap { match in
                try person.first(match.id) { row in
                    Visitor.Match(
                        row: match.id,
                        person: Person(
                            distinctID: try row.externalID(0),
                            referenceID: try row.optionalExternalID(1),
                            traits: try row.decoded(2, by: TraitList.decode)),
                        audiences: Set(
                            try audiences.all(match.id, connection) { row in
                                AudienceID(unchecked: row.text(0))
                            }))
                }
            }
        let hash = hashing.people.hash(matchID.text)
        return Visitor(
            matches: matches,
            person: LaunchPerson(
                matchID: matchID,
                audiences: matches.reduce(into: []) { $0.formUnion($1.audiences) },
                invites: try db.invites(of: connection, to: matchID, hash)))
    }

    /// Takes a person and their connection.
    static let selectAudiences = """
        SELECT public_id FROM audience
        CROSS JOIN membership ON membership.snapshot = audience.current_snapshot
            AND membership.person = ?1
        WHERE audience.connection = ?2
        """
}

extension Database {
    func cooldownHours(of connection: Int64) throws -> Int? {
        try prepared("SELECT cooldown_hours FROM sdk WHERE connection = ?")
            .first(connection) { row in row.optionalCount(0) } ?? nil
    }

    /// The rules of a connection with their studies, in the order they were created.
    func candidates(of connection: Int64, at now: Timestamp) throws -> [LaunchCandidate] {
        try prepared(SQLiteStore.selectCandidates)
            .all(now.weekBegin, now.monthBegin, connection) { row in try row.candidate() }
    }

    func candidate(_ rule: Int64, at now: Timestamp) throws -> LaunchCandidate? {
        try prepared(SQLiteStore.selectCandidate)
            .first(now.weekBegin, now.monthBegin, rule) { row in try row.candidate() }
    }
}

extension SQLiteStore {
    /// Takes when the week and the month began, and a connection.
    static let selectCandidates = candidates(where: "launch_rule.connection = ?3")

    /// Takes when the week and the month began, and a rule.
    static let selectCandidate = candidates(where: "launch_rule.id = ?3")

    private static func candidates(where term: String) -> String {
        """
        SELECT \(launchRuleColumns), \(studyColumns), started, \(startsThisWeek),
            \(startsThisMonth)
        FROM launch_rule \(launchRuleJoins)
        WHERE \(term) ORDER BY launch_rule.id
        """
    }
}

extension SQLRow {
    fileprivate func candidate() throws -> LaunchCandidate {
        let counts = Self.ruleWidth + Self.studyWidth
        return LaunchCandidate(
            rule: try rule(0), study: try study(Self.ruleWidth),
            usage: LaunchUsage(
                rulesStarts: count(counts), studysStartsThisWeek: count(counts + 1),
                studysStartsThisMonth: count(counts + 2)))
    }
}

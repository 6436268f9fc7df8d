package import Audiences
import GRDB

extension SQLiteStore: LaunchStore {
    package func configuration(
        for matchID: ExternalID?, of connection: ConnectionID, fresh: InviteCode,
        at now: Timestamp
    ) async throws(Failure) -> LaunchConfiguration {
        if let found = lookUpConfiguration(for: matchID, of: connection, at: now) { return found }
        return try await launch(at: now) { [knownRules] desk in
            guard let row = try desk.db.connectionRow(connection) else {
                throw noConnection(connection)
            }
            let rules = try desk.db.rules(of: row, at: now)
            // What a write reads is not committed yet.
            if !desk.mayWrite { knownRules.keep(rules, of: row) }
            var configuration = LaunchConfiguration(events: rules.events)
            guard let matchID else { return configuration }
            let offer = try desk.offer(
                .configurationLoad, among: rules.candidates, to: matchID, of: row, fresh: fresh)
            guard let offer else { return nil }
            if case .invitation(let pending) = offer { configuration.pending = pending }
            return configuration
        }
    }

    private func lookUpConfiguration(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp
    ) -> LaunchConfiguration? {
        guard let matchID else { return lookUpConfiguration(of: connection, at: now) }
        let visitor = LookedUpVisitor(
            matchID: matchID, hash: hashing.people.hash(matchID.text))
        return lookUpConfiguration(for: visitor, of: connection, at: now)?.configuration
    }

    package func offer(
        on event: EventName, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try await launch(at: now) { desk in
            guard let row = try desk.db.connectionRow(connection) else {
                throw noConnection(connection)
            }
            return try desk.offer(
                .event(event), among: try desk.db.candidates(of: row, at: now), to: matchID,
                of: row, fresh: fresh)
        }
    }

    package func offer(
        _ rule: LaunchRuleID, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try await launch(at: now) { desk in
            guard let stored = try desk.db.storedRule(rule),
                stored.rule.connectionID == connection,
                let candidate = try desk.db.candidate(stored.row, at: now)
            else { return .refused(.unknownInvite) }
            return try desk.offer(
                .link, among: [candidate], to: matchID, of: stored.connection, fresh: fresh)
        }
    }

    package func start(
        _ code: InviteCode, by matchID: ExternalID?, of connection: ConnectionID?,
        attempt: ExternalID?, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try await launch(at: now) { desk in
            try desk.start(code, by: matchID, of: connection, attempt: attempt)
        }
    }

    package func note(
        _ event: InviteEvent, of code: InviteCode, of connection: ConnectionID,
        at now: Timestamp
    ) async throws(Failure) -> Invite? {
        try await launch(at: now) { desk in try desk.note(event, of: code, of: connection) }
    }

    package func invite(_ code: InviteCode) async throws(Failure) -> Invite? {
        try await read { db in try db.storedInvite(code)?.invite }
    }

    package func verdicts(
        for matchID: ExternalID, of connection: ConnectionID?, at now: Timestamp
    ) async throws(Failure) -> [(connection: ConnectionID, verdict: LaunchVerdict)] {
        try await readPeople { [hashing] db, people in
            if let connection, try db.connectionRow(connection) == nil {
                throw noConnection(connection)
            }
            let desk = LaunchDesk(db: db, people: people, hashing: hashing, now: now)
            let rows = try db.prepared(Self.selectConnectionsWithRules)
                .all(connection?.text) { row in
                    (row: row.integer(0), id: ConnectionID(unchecked: row.text(1)))
                }
            return try rows.map { row, id in
                let verdict = Eligibility.decide(
                    among: try db.candidates(of: row, at: now), on: .question,
                    for: try desk.visitor(matchID, of: row).person,
                    connectionCooldownHours: try db.cooldownHours(of: row), at: now)
                return (connection: id, verdict: verdict)
            }
        }
    }

    /// Takes a connection or NULL for all.
    static let selectConnectionsWithRules = """
        SELECT connection.id, public_id FROM connection
        WHERE (?1 IS NULL OR public_id = ?1)
            AND EXISTS (SELECT 1 FROM launch_rule WHERE launch_rule.connection = connection.id)
        ORDER BY connection.id
        """

    /// Decides by reading, and once more in a write if something has to be written.
    ///
    /// Most calls end with the reading, and do not wait for the pages that are being written.
    private func launch<Value: Sendable>(
        at now: Timestamp, _ work: @escaping @Sendable (LaunchDesk) throws -> Value?
    ) async throws(Failure) -> Value {
        let decided = try await readPeople { [hashing] db, people in
            try work(LaunchDesk(db: db, people: people, hashing: hashing, now: now))
        }
        if let decided { return decided }
        return try await writer.write(touching: .noted) { [hashing, recent, known] db in
            let people = PeopleByID(db: db, siphash: hashing.people, recent: recent.keys)
            let desk = LaunchDesk(
                db: db, people: people, hashing: hashing, now: now, touched: known)
            guard let value = try work(desk) else { throw damage("a write decided nothing") }
            return value
        }
    }
}

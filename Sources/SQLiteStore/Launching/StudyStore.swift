package import Audiences
import GRDB

extension SQLiteStore: StudyStore {
    package func create(_ study: Study, for operation: Operation) async throws(Failure) {
        try await administer(operation) { db in
            guard let connection = try db.connectionRow(study.connectionID) else {
                throw noConnection(study.connectionID)
            }
            try db.insert(study, of: connection)
            try db.log(
                AuditNote(.studyCreated), on: study.id.text, for: operation, at: study.createdAt)
        }
    }

    package func studies(
        of connection: ConnectionID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Study> {
        try range.validate()
        let after = try range.place(in: .studies) ?? 0
        return try await read { db in
            let rows = try db.prepared(Self.selectStudies)
                .all(after, range.limit + 1, connection?.text) { row in
                    (id: row.integer(0), item: try row.study(1))
                }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .studies) }
        }
    }

    /// Takes the last study that was answered, a limit, and a connection or NULL for all.
    static let selectStudies = """
        SELECT study.id, \(studyColumns) FROM study
        CROSS JOIN connection ON connection.id = study.connection
        WHERE study.id > ?1 AND (?3 IS NULL OR connection.public_id = ?3)
        ORDER BY study.id LIMIT ?2
        """

    package func study(_ id: StudyID) async throws(Failure) -> Study? {
        try await read { db in try db.storedStudy(id)?.study }
    }

    package func starts(
        of id: StudyID, at now: Timestamp
    ) async throws(Failure) -> StudyStarts {
        let starts = try await read { db in
            try db.prepared(Self.selectStarts).first(now.weekBegin, now.monthBegin, id.text) {
                row in
                StudyStarts(thisWeek: row.count(0), thisMonth: row.count(1))
            }
        }
        guard let starts else { throw noStudy(id) }
        return starts
    }

    /// Takes when the week and the month began, and the public id of a study.
    static let selectStarts = """
        SELECT \(startsThisWeek), \(startsThisMonth) FROM study WHERE public_id = ?3
        """

    package func update(
        _ id: StudyID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Study) throws(Failure) -> Void
    ) async throws(Failure) -> Study {
        try await administer(operation) { db in
            guard var stored = try db.storedStudy(id) else { throw noStudy(id) }
            if let note = try stored.study.change(at: now, by: change) {
                try db.save(stored.study, at: stored.row)
                try db.noteLaunchChange(of: stored.connection)
                try db.log(note, on: id.text, for: operation, at: now)
            }
            return stored.study
        }
    }

    // MARK: Rules

    package func create(_ rule: LaunchRule, for operation: Operation) async throws(Failure) {
        try await administer(operation) { db in
            guard let connection = try db.connectionRow(rule.connectionID) else {
                throw noConnection(rule.connectionID)
            }
            guard let study = try db.storedStudy(rule.studyID) else { throw noStudy(rule.studyID) }
            guard study.connection == connection else {
                throw Failure(
                    .conflict, "The study \(rule.studyID.text) is another connection's.")
            }
            try db.expect(rule.audiences, of: connection)
            try db.refuseTooManyRules(of: connection)
            try db.insert(rule, of: connection, study: study.row)
            try db.noteLaunchChange(of: connection)
            try db.log(
                AuditNote(.ruleCreated), on: rule.id.text, for: operation, at: rule.createdAt)
        }
    }

    package func rules(
        matching filter: LaunchRuleFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<LaunchRule> {
        try range.validate()
        let after = try range.place(in: .launchRules) ?? 0
        return try await read { db in
            let rows = try db.prepared(Self.selectRules).all(
                after, range.limit + 1, filter.connection?.text, filter.study?.text,
                filter.status?.rawValue
            ) { row in
                (id: row.integer(0), item: try row.rule(1))
            }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .launchRules) }
        }
    }

    /// Takes the last rule that was answered, a limit, and a connection, a study and a status, each
    /// NULL for all.
    static let selectRules = """
        SELECT launch_rule.id, \(launchRuleColumns) FROM launch_rule \(launchRuleJoins)
        WHERE launch_rule.id > ?1 AND (?3 IS NULL OR connection.public_id = ?3)
            AND (?4 IS NULL OR study.public_id = ?4) AND (?5 IS NULL OR launch_rule.status = ?5)
        ORDER BY launch_rule.id LIMIT ?2
        """

    package func rule(_ id: LaunchRuleID) async throws(Failure) -> LaunchRule? {
        try await read { db in try db.storedRule(id)?.rule }
    }

    package func update(
        _ id: LaunchRuleID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout LaunchRule) throws(Failure) -> Void
    ) async throws(Failure) -> LaunchRule {
        try await administer(operation) { db in
            guard var stored = try db.storedRule(id) else { throw noRule(id) }
            if let note = try stored.rule.change(at: now, by: change) {
                try db.expect(stored.rule.audiences, of: stored.connection)
                try db.save(stored.rule, at: stored.row)
                try db.noteLaunchChange(of: stored.connection)
                try db.log(note, on: id.text, for: operation, at: now)
            }
            return stored.rule
        }
    }

    package func funnel(of id: LaunchRuleID) async throws(Failure) -> LaunchFunnel {
        let funnel = try await read { db in
            try db.prepared(Self.selectFunnel).first(id.text) { row in
                LaunchFunnel(
                    audienceMembers: row.optionalCount(0), invited: row.count(1),
                    shown: row.count(2), dismissed: row.count(3), started: row.count(4),
                    completed: row.count(5))
            }
        }
        guard let funnel else { throw noRule(id) }
        return funnel
    }

    /// Takes the public id of a rule.
    static let selectFunnel = """
        SELECT member_count, invited, shown, dismissed, started, completed FROM launch_rule
        LEFT JOIN audience ON audience.id = launch_rule.audience
        LEFT JOIN snapshot ON snapshot.id = audience.current_snapshot
        WHERE launch_rule.public_id = ?
        """
}

extension Database {
    fileprivate func refuseTooManyRules(of connection: Int64) throws {
        let count = try prepared(
            "SELECT count(*) FROM launch_rule WHERE connection = ? AND status <> 'archived'"
        ).first(connection) { row in row.count(0) }
        guard let count, count < Limits.launchRulesMax else { throw Failure.tooManyRules }
    }
}

private func noStudy(_ id: StudyID) -> Failure {
    Failure(.notFound, "There is no study \(id.text).")
}

private func noRule(_ id: LaunchRuleID) -> Failure {
    Failure(.notFound, "There is no launch rule \(id.text).")
}

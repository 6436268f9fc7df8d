import Audiences
import GRDB

/// A rule and its row.
struct StoredRule {
    let row: Int64
    let connection: Int64
    var rule: LaunchRule
}

extension Database {
    func storedRule(_ id: LaunchRuleID) throws -> StoredRule? {
        try prepared(
            """
            SELECT launch_rule.id, launch_rule.connection, \(launchRuleColumns)
            FROM launch_rule \(launchRuleJoins)
            WHERE launch_rule.public_id = ?
            """
        ).first(id.text) { row in
            StoredRule(row: row.integer(0), connection: row.integer(1), rule: try row.rule(2))
        }
    }

    /// Throws `conflict` if there is a rule of this id.
    func insert(_ rule: LaunchRule, of connection: Int64, study: Int64) throws {
        do {
            try prepared(
                """
                INSERT INTO launch_rule (public_id, connection, study, name, status, surface,
                    priority, basis_points, excluded, created_at, updated_at)
                VALUES (?, ?, ?, '', '', '', 0, 0, x'', ?, ?)
                """
            ).run(rule.id.text, connection, study, rule.createdAt, rule.updatedAt)
        } catch  where SQLiteFailure.isDuplicate(error) {
            throw Failure(.conflict, "There is a launch rule \(rule.id.text) already.")
        }
        try save(rule, at: lastInsertedRowID)
    }

    /// Saves all of a rule but its id, whose it is, and when it was made.
    func save(_ rule: LaunchRule, at row: Int64) throws {
        let (event, audience): (String?, Int64?) =
            switch rule.trigger {
            case .event(let name): (name.text, nil)
            case .audience(let id): (nil, try audienceRow(id))
            }
        try prepared(
            """
            UPDATE launch_rule SET name = ?, status = ?, event = ?, audience = ?, surface = ?,
                title = ?, message = ?, start_label = ?, dismiss_label = ?, priority = ?,
                cooldown_hours = ?, starts_per_person_max = ?, starts_total_max = ?,
                starts_at = ?, ends_at = ?, basis_points = ?, excluded = ?, updated_at = ?
            WHERE id = ?
            """
        ).run(
            rule.name, rule.status.rawValue, event, audience, rule.surface.rawValue,
            rule.prompt.title, rule.prompt.message, rule.prompt.startLabel,
            rule.prompt.dismissLabel, rule.priority, rule.pacing.cooldownHours,
            rule.pacing.startsPerPersonMax, rule.pacing.startsTotalMax, rule.schedule.startsAt,
            rule.schedule.endsAt, rule.sample.basisPoints,
            TextList.encode(rule.excludedAudiences.map(\.text)), rule.updatedAt, row)
    }

    /// Throws `notFound` if one of these is not there, `conflict` if it is another connection's.
    func expect(_ audiences: [AudienceID], of connection: Int64) throws {
        let select = try prepared("SELECT connection FROM audience WHERE public_id = ?")
        for id in audiences {
            guard let owner = try select.first(id.text, read: { row in row.integer(0) }) else {
                throw Failure(.notFound, "There is no audience \(id.text).")
            }
            guard owner == connection else {
                throw Failure(.conflict, "The audience \(id.text) is another connection's.")
            }
        }
    }
}

/// What ``SQLRow/rule(_:)`` reads.
let launchRuleColumns = """
    launch_rule.public_id, connection.public_id, study.public_id, launch_rule.name,
        launch_rule.status, event, audience.public_id, surface, title, message, start_label,
        dismiss_label, priority, cooldown_hours, starts_per_person_max, starts_total_max,
        starts_at, ends_at, basis_points, excluded, launch_rule.created_at, launch_rule.updated_at
    """

/// What they are read from, beside `launch_rule`.
let launchRuleJoins = """
    CROSS JOIN study ON study.id = launch_rule.study
    CROSS JOIN connection ON connection.id = launch_rule.connection
    LEFT JOIN audience ON audience.id = launch_rule.audience
    """

extension SQLRow {
    static let ruleWidth: Int32 = 22

    func rule(_ first: Int32) throws -> LaunchRule {
        guard let sample = LaunchSample(basisPoints: count(first + 18)) else {
            throw damage("the sample of a launch rule is malformed")
        }
        var rule = LaunchRule(
            id: LaunchRuleID(unchecked: text(first)),
            connectionID: ConnectionID(unchecked: text(first + 1)),
            studyID: StudyID(unchecked: text(first + 2)), name: text(first + 3),
            status: try named(first + 4), trigger: try trigger(first + 5),
            surface: try named(first + 7),
            prompt: PromptCopy(
                title: optionalText(first + 8), message: optionalText(first + 9),
                startLabel: optionalText(first + 10), dismissLabel: optionalText(first + 11)),
            priority: count(first + 12),
            pacing: LaunchPacing(
                cooldownHours: optionalCount(first + 13),
                startsPerPersonMax: optionalCount(first + 14),
                startsTotalMax: optionalCount(first + 15)),
            schedule: LaunchSchedule(
                startsAt: optionalTime(first + 16), endsAt: optionalTime(first + 17)),
            sample: sample,
            excludedAudiences: try decoded(first + 19, by: TextList.decode)
                .map { AudienceID(unchecked: $0) },
            createdAt: time(first + 20))
        rule.updatedAt = time(first + 21)
        return rule
    }

    private func trigger(_ first: Int32) throws -> LaunchRule.Trigger {
        if let audience = optionalText(first + 1) {
            return .audience(AudienceID(unchecked: audience))
        }
        guard let name = EventName(text(first)) else {
            throw damage("the trigger of a launch rule is malformed")
        }
        return .event(name)
    }
}

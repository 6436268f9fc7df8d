/// What an operator chooses of a launch rule; what is `nil` stays as it is.
///
/// Where two optionals stand, a value of `nil` takes the setting away.
package struct LaunchRuleEdit: Sendable, Hashable {
    package var name: String?
    package var status: LaunchRule.Status?
    package var trigger: LaunchRule.Trigger?
    package var surface: LaunchRule.Surface?
    package var title: String??
    package var message: String??
    package var startLabel: String??
    package var dismissLabel: String??
    package var priority: Int?
    package var cooldownHours: Int??
    package var startsPerPersonMax: Int??
    package var startsTotalMax: Int??
    package var startsAt: Timestamp??
    package var endsAt: Timestamp??
    package var sample: LaunchSample?
    package var excludedAudiences: [AudienceID]?

    package init(status: LaunchRule.Status? = nil) {
        self.status = status
    }

    /// Throws `invalid` if the rule would end before it starts.
    package func apply(to rule: inout LaunchRule) throws(Failure) {
        if let name { rule.name = String(name.prefix(Limits.nameCharactersMax)) }
        if let status { rule.status = status }
        if let trigger { rule.trigger = trigger }
        if let surface { rule.surface = surface }
        if let title { rule.prompt.title = title }
        if let message { rule.prompt.message = message }
        if let startLabel { rule.prompt.startLabel = startLabel }
        if let dismissLabel { rule.prompt.dismissLabel = dismissLabel }
        if let priority { rule.priority = priority }
        if let cooldownHours { rule.pacing.cooldownHours = cooldownHours }
        if let startsPerPersonMax { rule.pacing.startsPerPersonMax = startsPerPersonMax }
        if let startsTotalMax { rule.pacing.startsTotalMax = startsTotalMax }
        if let startsAt { rule.schedule.startsAt = startsAt }
        if let endsAt { rule.schedule.endsAt = endsAt }
        if let sample { rule.sample = sample }
        if let excludedAudiences { rule.excludedAudiences = excludedAudiences }
        if let start = rule.schedule.startsAt, let end = rule.schedule.endsAt, end <= start {
            throw Failure(.invalid, "A rule must end after it starts.")
        }
    }

    /// Throws `invalid` if something is missing that a rule can't be without, or a new one can't
    /// be.
    package func makeRule(
        for study: Study, at now: Timestamp, by secrets: Secrets
    ) throws -> LaunchRule {
        guard let name else { throw Failure(.invalid, "A launch rule needs a name.") }
        guard let trigger else {
            throw Failure(.invalid, "A launch rule needs an event or an audience.")
        }
        guard [nil, .draft, .active].contains(status) else {
            throw Failure(.invalid, "A new launch rule is draft or active.")
        }
        var rule = LaunchRule(
            id: LaunchRuleID.make(from: try secrets.random(16)),
            connectionID: study.connectionID, studyID: study.id, name: name, trigger: trigger,
            createdAt: now)
        try apply(to: &rule)
        return rule
    }
}

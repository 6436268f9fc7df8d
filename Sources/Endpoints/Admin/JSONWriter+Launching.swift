package import Audiences
package import JSON

// Studies, launch rules and what became of them, as operators see them.

extension JSONWriter {
    /// - Parameters:
    ///   - study: what to write.
    ///   - starts: how full it is; left out if `nil`.
    package mutating func study(_ study: Study, starts: StudyStarts? = nil) {
        beginObject()
        key("id")
        string(study.id.text)
        key("connection_id")
        string(study.connectionID.text)
        key("name")
        string(study.name)
        key("status")
        string(study.status.rawValue)
        key("launch_url")
        string(study.launchURL.template)
        key("opens_in")
        string(study.opensIn.rawValue)
        key("weekly_starts_max")
        optional(study.capacity.weekly)
        key("monthly_starts_max")
        optional(study.capacity.monthly)
        if let starts {
            key("weekly_starts")
            int(starts.thisWeek)
            key("monthly_starts")
            int(starts.thisMonth)
        }
        key("created_at")
        time(study.createdAt)
        key("updated_at")
        time(study.updatedAt)
        endObject()
    }

    package mutating func launchRule(_ rule: LaunchRule) {
        beginObject()
        key("id")
        string(rule.id.text)
        key("connection_id")
        string(rule.connectionID.text)
        key("study_id")
        string(rule.studyID.text)
        key("name")
        string(rule.name)
        key("status")
        string(rule.status.rawValue)
        trigger(rule.trigger)
        key("surface")
        string(rule.surface.rawValue)
        key("prompt")
        prompt(rule.prompt)
        key("priority")
        int(rule.priority)
        key("cooldown_hours")
        optional(rule.pacing.cooldownHours)
        key("starts_per_person_max")
        optional(rule.pacing.startsPerPersonMax)
        key("starts_total_max")
        optional(rule.pacing.startsTotalMax)
        key("starts_at")
        time(rule.schedule.startsAt)
        key("ends_at")
        time(rule.schedule.endsAt)
        key("sample_percent")
        rawNumber(rule.sample.percent)
        key("excluded_audience_ids")
        beginArray()
        for audience in rule.excludedAudiences { string(audience.text) }
        endArray()
        key("created_at")
        time(rule.createdAt)
        key("updated_at")
        time(rule.updatedAt)
        endObject()
    }

    /// The keys `event_name` and `audience_id`, of which one is null.
    private mutating func trigger(_ trigger: LaunchRule.Trigger) {
        var (event, audience): (EventName?, AudienceID?) = (nil, nil)
        switch trigger {
        case .event(let name): event = name
        case .audience(let id): audience = id
        }
        key("event_name")
        optional(event?.text)
        key("audience_id")
        optional(audience?.text)
    }

    private mutating func prompt(_ prompt: PromptCopy) {
        beginObject()
        key("title")
        optional(prompt.title)
        key("message")
        optional(prompt.message)
        key("start_label")
        optional(prompt.startLabel)
        key("dismiss_label")
        optional(prompt.dismissLabel)
        endObject()
    }

    package mutating func funnel(_ funnel: LaunchFunnel, of rule: LaunchRuleID) {
        beginObject()
        key("rule_id")
        string(rule.text)
        key("audience_members")
        optional(funnel.audienceMembers)
        key("invited")
        int(funnel.invited)
        key("shown")
        int(funnel.shown)
        key("dismissed")
        int(funnel.dismissed)
        key("started")
        int(funnel.started)
        key("completed")
        int(funnel.completed)
        endObject()
    }

    /// Hooks are told the same.
    package mutating func invite(_ invite: Invite) {
        beginObject()
        key("code")
        string(invite.code.text)
        key("status")
        string(invite.status.rawValue)
        key("source")
        string(invite.source.rawValue)
        key("connection_id")
        string(invite.connectionID.text)
        key("study_id")
        string(invite.studyID.text)
        key("rule_id")
        string(invite.ruleID.text)
        key("audience_id")
        optional(invite.audienceID?.text)
        key("match_id")
        string(invite.matchID.text)
        key("mixpanel_distinct_id")
        optional(invite.distinctID)
        key("traits")
        traits(invite.traits)
        key("created_at")
        time(invite.createdAt)
        key("shown_at")
        time(invite.shownAt)
        key("dismissed_at")
        time(invite.dismissedAt)
        key("started_at")
        time(invite.startedAt)
        key("completed_at")
        time(invite.completedAt)
        endObject()
    }

    package mutating func verdict(_ verdict: LaunchVerdict, of connection: ConnectionID) {
        beginObject()
        key("connection_id")
        string(connection.text)
        key("offered_rule_id")
        optional(verdict.chosen?.text)
        key("refused")
        beginArray()
        for refusal in verdict.refusals {
            beginObject()
            key("rule_id")
            string(refusal.rule.text)
            key("reason")
            string(refusal.reason.rawValue)
            endObject()
        }
        endArray()
        endObject()
    }

    /// - Parameters:
    ///   - settings: what to write; never the sealed secret.
    ///   - connection: whose.
    ///   - secret: a new identity secret, which is shown this once.
    package mutating func sdkSettings(
        _ settings: SDKSettings, of connection: ConnectionID, secret: String? = nil
    ) {
        beginObject()
        key("connection_id")
        string(connection.text)
        key("public_key")
        string(settings.publicKey.text)
        key("requires_identity")
        bool(settings.requiresIdentity)
        key("has_identity_secret")
        bool(settings.identitySecret != nil)
        key("cooldown_hours")
        optional(settings.cooldownHours)
        key("first_seen_at")
        time(settings.firstSeenAt)
        if let secret {
            key("identity_secret")
            string(secret)
        }
        endObject()
    }
}

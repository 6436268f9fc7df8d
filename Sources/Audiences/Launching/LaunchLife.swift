// What operators may do to studies and rules: decided here, carried out by the stores. What was
// changed is told by the names that the API has for it.

extension Study {
    /// Lets `change` change what an operator may choose.
    ///
    /// - Returns: what to log; `nil` if nothing is new.
    /// - Throws: what `change` throws; `conflict` if the status can't become what it chose.
    package mutating func change(
        at now: Timestamp, by change: (inout Study) throws(Failure) -> Void
    ) throws(Failure) -> AuditNote? {
        var new = self
        try change(&new)
        guard status.mayBecome(new.status) else {
            throw Failure(
                .conflict, "A \(status.rawValue) study can't become \(new.status.rawValue).")
        }
        let settings = [
            new.name == name ? nil : "name", new.status == status ? nil : "status",
            new.launchURL == launchURL ? nil : "launch_url",
            new.opensIn == opensIn ? nil : "opens_in",
            new.capacity.weekly == capacity.weekly ? nil : "weekly_starts_max",
            new.capacity.monthly == capacity.monthly ? nil : "monthly_starts_max",
        ].compactMap(\.self)
        guard !settings.isEmpty else { return nil }
        name = new.name
        status = new.status
        launchURL = new.launchURL
        opensIn = new.opensIn
        capacity = new.capacity
        updatedAt = now
        return AuditNote(.studyChanged, settings)
    }
}

extension LaunchRule {
    /// As ``Study/change(at:by:)``; `conflict` also if the trigger's kind is another one, or its
    /// target while the rule is neither a draft nor paused.
    package mutating func change(
        at now: Timestamp, by change: (inout LaunchRule) throws(Failure) -> Void
    ) throws(Failure) -> AuditNote? {
        var new = self
        try change(&new)
        guard status.mayBecome(new.status) else {
            throw Failure(
                .conflict, "A rule that is \(status.rawValue) can't become \(new.status.rawValue).")
        }
        guard new.trigger == trigger || mayRetarget(to: new.trigger) else {
            throw Failure(
                .conflict,
                "A rule's kind of trigger is fixed, and its target can be changed only while it is "
                    + "a draft or paused; pause it first, or make another rule.")
        }
        let settings = settings(differingIn: new)
        guard !settings.isEmpty else { return nil }
        (new.id, new.connectionID, new.studyID) = (id, connectionID, studyID)
        (new.createdAt, new.updatedAt) = (createdAt, now)
        self = new
        return AuditNote(.ruleChanged, settings)
    }

    private func mayRetarget(to new: Trigger) -> Bool {
        guard status == .draft || status == .paused else { return false }
        switch (trigger, new) {
        case (.event, .event), (.audience, .audience): return true
        case (.event, .audience), (.audience, .event): return false
        }
    }

    private func settings(differingIn new: LaunchRule) -> [String] {
        let (pacing, schedule) = (pacing, schedule)
        return [
            new.name == name ? nil : "name", new.status == status ? nil : "status",
            new.trigger == trigger ? nil : triggerName,
            new.surface == surface ? nil : "surface", new.prompt == prompt ? nil : "prompt",
            new.priority == priority ? nil : "priority",
            new.pacing.cooldownHours == pacing.cooldownHours ? nil : "cooldown_hours",
            new.pacing.startsPerPersonMax == pacing.startsPerPersonMax
                ? nil : "starts_per_person_max",
            new.pacing.startsTotalMax == pacing.startsTotalMax ? nil : "starts_total_max",
            new.schedule.startsAt == schedule.startsAt ? nil : "starts_at",
            new.schedule.endsAt == schedule.endsAt ? nil : "ends_at",
            new.sample == sample ? nil : "sample_percent",
            new.excludedAudiences == excludedAudiences ? nil : "excluded_audience_ids",
        ].compactMap(\.self)
    }

    /// Its kind never changes.
    private var triggerName: String {
        switch trigger {
        case .event: "event_name"
        case .audience: "audience_id"
        }
    }

    /// Every audience it names.
    package var audiences: [AudienceID] {
        if case .audience(let target) = trigger { return [target] + excludedAudiences }
        return excludedAudiences
    }
}

extension Failure {
    /// What a store throws for one rule more than ``Limits/launchRulesMax``.
    package static let tooManyRules = Failure(
        .conflict,
        "A connection has at most \(Limits.launchRulesMax) launch rules; archive some first.")
}

extension SDKSettings {
    /// What to log when these replace others, or are the first; `nil` if nothing is new.
    package func note(replacing before: SDKSettings?) -> AuditNote? {
        let settings = [
            before?.publicKey == publicKey ? nil : "public_key",
            before?.identitySecret == identitySecret ? nil : "identity_secret",
            (before?.requiresIdentity ?? false) == requiresIdentity ? nil : "requires_identity",
            before?.cooldownHours == cooldownHours ? nil : "cooldown_hours",
        ].compactMap(\.self)
        return settings.isEmpty ? nil : AuditNote(.sdkChanged, settings)
    }
}

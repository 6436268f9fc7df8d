/// What one person would be offered now, and why not the rest: a pure decision.
package enum Eligibility {
    /// Decides among rules.
    ///
    /// - Parameters:
    ///   - candidates: rules with their studies, of the person's connection.
    ///   - occasion: what happened; a rule of another trigger does not apply.
    ///   - person: memberships, and every invite they ever got on this connection.
    ///   - connectionCooldownHours: at least so long between two different rules; `nil` is none.
    ///   - now: the time to judge by.
    /// - Returns: at most one rule, and one reason for each of the others.
    package static func decide(
        among candidates: [LaunchCandidate], on occasion: LaunchOccasion, for person: LaunchPerson,
        connectionCooldownHours: Int?, at now: Timestamp
    ) -> LaunchVerdict {
        var reasons: [LaunchVerdict.Refusal] = []
        var chosen: LaunchCandidate?
        for candidate in candidates.sorted(by: precedes) {
            let reason =
                refusal(of: candidate, on: occasion, for: person, at: now)
                ?? cooldown(
                    of: connectionCooldownHours, against: candidate.rule, for: person, at: now)
            if let reason {
                reasons.append(.init(rule: candidate.rule.id, reason: reason))
            } else if chosen == nil {
                chosen = candidate
            } else {
                reasons.append(.init(rule: candidate.rule.id, reason: .outranked))
            }
        }
        return LaunchVerdict(chosen: chosen?.rule.id, refusals: reasons)
    }

    /// Whether an invite that was made earlier may be started now; `nil` if so.
    ///
    /// Cooldowns are not asked again: they decided that it could be shown.
    package static func refusalToStart(
        _ invite: Invite, of candidate: LaunchCandidate, by person: LaunchPerson,
        at now: Timestamp
    ) -> LaunchRefusal? {
        switch invite.status {
        case .completed: return .alreadyCompleted
        case .started: return .alreadyStarted
        case .dismissed: return .dismissed
        case .open, .shown: break
        }
        return state(of: candidate, at: now) ?? audience(of: candidate.rule, person)
            ?? limits(of: candidate, person, at: now)
    }

    /// Higher priority first; of equals the older, then the smaller id.
    private static func precedes(_ left: LaunchCandidate, _ right: LaunchCandidate) -> Bool {
        let (left, right) = (left.rule, right.rule)
        if left.priority != right.priority { return left.priority > right.priority }
        if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
        return left.id < right.id
    }

    private static func refusal(
        of candidate: LaunchCandidate, on occasion: LaunchOccasion, for person: LaunchPerson,
        at now: Timestamp
    ) -> LaunchRefusal? {
        state(of: candidate, at: now) ?? trigger(of: candidate.rule, on: occasion)
            ?? audience(of: candidate.rule, person)
            ?? sample(of: candidate.rule, person)
            ?? limits(of: candidate, person, at: now)
            ?? pacing(of: candidate.rule, person, at: now)
    }

    private static func state(
        of candidate: LaunchCandidate, at now: Timestamp
    ) -> LaunchRefusal? {
        switch candidate.rule.status {
        case .draft: return .ruleDraft
        case .paused: return .rulePaused
        case .archived: return .ruleArchived
        case .active: break
        }
        switch candidate.study.status {
        case .draft: return .studyDraft
        case .paused: return .studyPaused
        case .closed: return .studyClosed
        case .active: break
        }
        if let start = candidate.rule.schedule.startsAt, now < start { return .notYet }
        if let end = candidate.rule.schedule.endsAt, now >= end { return .ended }
        return nil
    }

    private static func trigger(
        of rule: LaunchRule, on occasion: LaunchOccasion
    ) -> LaunchRefusal? {
        switch (rule.trigger, occasion) {
        case (.event(let wanted), .event(let happened)):
            wanted == happened ? prompted(rule) : .otherEvent
        case (.audience, .configurationLoad): prompted(rule)
        case (_, .question): nil
        case (_, .link) where rule.surface == .directLink: nil
        case (.event, .configurationLoad), (.event, .link): .waitsForEvent
        case (.audience, .event), (.audience, .link): .waitsForConfigurationLoad
        }
    }

    private static func prompted(_ rule: LaunchRule) -> LaunchRefusal? {
        rule.surface == .directLink ? .directLink : nil
    }

    private static func audience(of rule: LaunchRule, _ person: LaunchPerson) -> LaunchRefusal? {
        if case .audience(let wanted) = rule.trigger, !person.audiences.contains(wanted) {
            return .notAMember
        }
        return rule.excludedAudiences.contains(where: person.audiences.contains) ? .excluded : nil
    }

    private static func sample(of rule: LaunchRule, _ person: LaunchPerson) -> LaunchRefusal? {
        rule.sample.contains(person.matchID, for: rule.id) ? nil : .notSampled
    }

    private static func limits(
        of candidate: LaunchCandidate, _ person: LaunchPerson, at now: Timestamp
    ) -> LaunchRefusal? {
        let (rule, study) = (candidate.rule, candidate.study)
        let completed = person.invites.contains { $0.studyID == study.id && $0.completedAt != nil }
        let starts = person.invites.count { $0.ruleID == rule.id && $0.startedAt != nil }
        let usage = candidate.usage
        // Somebody whom the limit would let start again has a rule that says so.
        if completed, (rule.pacing.startsPerPersonMax ?? .max) <= 1 { return .alreadyCompleted }
        if let max = rule.pacing.startsPerPersonMax, starts >= max { return .personsStartsUsedUp }
        if let max = rule.pacing.startsTotalMax, usage.rulesStarts >= max { return .startsUsedUp }
        if let max = study.capacity.weekly, usage.studysStartsThisWeek >= max {
            return .studyFullThisWeek
        }
        if let max = study.capacity.monthly, usage.studysStartsThisMonth >= max {
            return .studyFullThisMonth
        }
        return nil
    }

    /// Without a cooldown a dismissal is for good; with one, everything the person did counts.
    private static func pacing(
        of rule: LaunchRule, _ person: LaunchPerson, at now: Timestamp
    ) -> LaunchRefusal? {
        let own = person.invites.filter { $0.ruleID == rule.id }
        guard let hours = rule.pacing.cooldownHours else {
            return own.contains { $0.status == .dismissed } ? .dismissed : nil
        }
        return own.contains { isRecent($0, within: hours, at: now) } ? .coolingDown : nil
    }

    private static func cooldown(
        of hours: Int?, against rule: LaunchRule, for person: LaunchPerson, at now: Timestamp
    ) -> LaunchRefusal? {
        guard let hours else { return nil }
        // The rule's own open invite is the same offer again, not another one.
        let others = person.invites.filter { !($0.ruleID == rule.id && $0.isOpen) }
        return others.contains { isRecent($0, within: hours, at: now) }
            ? .connectionCoolingDown : nil
    }

    private static func isRecent(
        _ invite: Invite, within hours: Int, at now: Timestamp
    ) -> Bool {
        guard let touched = invite.touchedAt else { return false }
        let (span, overflow) = Int64(hours).multipliedReportingOverflow(by: 3_600_000)
        return overflow || now.since(touched) < span
    }
}

/// A rule with what the decision needs to know about its study.
package struct LaunchCandidate: Sendable, Hashable {
    package var rule: LaunchRule
    package var study: Study
    package var usage: LaunchUsage

    package init(rule: LaunchRule, study: Study, usage: LaunchUsage = LaunchUsage()) {
        self.rule = rule
        self.study = study
        self.usage = usage
    }
}

/// How much of the limits was used up, by everybody.
package struct LaunchUsage: Sendable, Hashable {
    package var rulesStarts: Int
    package var studysStartsThisWeek: Int
    package var studysStartsThisMonth: Int

    package init(
        rulesStarts: Int = 0, studysStartsThisWeek: Int = 0, studysStartsThisMonth: Int = 0
    ) {
        self.rulesStarts = rulesStarts
        self.studysStartsThisWeek = studysStartsThisWeek
        self.studysStartsThisMonth = studysStartsThisMonth
    }
}

/// The person a launch is decided for: whoever matches one id of the app's.
package struct LaunchPerson: Sendable, Hashable {
    package var matchID: ExternalID
    package var audiences: Set<AudienceID>
    /// All invites they ever got on this connection, by every rule.
    package var invites: [Invite]

    package init(matchID: ExternalID, audiences: Set<AudienceID>, invites: [Invite] = []) {
        self.matchID = matchID
        self.audiences = audiences
        self.invites = invites
    }
}

/// What made somebody ask.
package enum LaunchOccasion: Sendable, Hashable {
    /// The app loaded its configuration.
    case configurationLoad
    /// The app tracked an event.
    case event(EventName)
    /// Somebody opened the app's own entry to a rule of ``LaunchRule/Surface/directLink``.
    case link
    /// An operator asks what would be; every trigger is taken to have happened.
    case question
}

package struct LaunchVerdict: Sendable, Hashable {
    package var chosen: LaunchRuleID?
    /// Every rule but the chosen one, the one that would have come first first.
    package var refusals: [Refusal]

    package struct Refusal: Sendable, Hashable {
        package var rule: LaunchRuleID
        package var reason: LaunchRefusal

        package init(rule: LaunchRuleID, reason: LaunchRefusal) {
            self.rule = rule
            self.reason = reason
        }
    }
}

/// Why a rule was not chosen, or an invite not started.
package enum LaunchRefusal: String, Sendable, Hashable, CaseIterable {
    case ruleDraft = "rule_draft"
    case rulePaused = "rule_paused"
    case ruleArchived = "rule_archived"
    case studyDraft = "study_draft"
    case studyPaused = "study_paused"
    case studyClosed = "study_closed"
    case notYet = "not_yet"
    case ended
    case otherEvent = "other_event"
    case waitsForEvent = "waits_for_event"
    case waitsForConfigurationLoad = "waits_for_configuration_load"
    case directLink = "direct_link"
    case notAMember = "not_a_member"
    case excluded
    case notSampled = "not_sampled"
    case alreadyCompleted = "already_completed"
    case alreadyStarted = "already_started"
    case personsStartsUsedUp = "persons_starts_used_up"
    case startsUsedUp = "starts_used_up"
    case studyFullThisWeek = "study_full_this_week"
    case studyFullThisMonth = "study_full_this_month"
    case dismissed
    case coolingDown = "cooling_down"
    case connectionCoolingDown = "connection_cooling_down"
    case outranked
    /// The app gave no id, or Muster needs one signed.
    case unknownPerson = "unknown_person"
    case unknownInvite = "unknown_invite"
}

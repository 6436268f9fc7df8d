/// What is to be done when somebody may be offered something; the stores carry it out.
package enum LaunchPlan: Sendable, Hashable {
    /// Nothing: the reason of the rule that would have come first.
    case refuse(LaunchRefusal)
    /// Their open invite of this rule is offered again.
    case repeatOffer(Invite, LaunchCandidate)
    case makeInvite(LaunchCandidate)

    /// Decides as ``Eligibility/decide(among:on:for:connectionCooldownHours:at:)``.
    package init(
        among candidates: [LaunchCandidate], on occasion: LaunchOccasion,
        for person: LaunchPerson, connectionCooldownHours: Int?, at now: Timestamp
    ) {
        let verdict = Eligibility.decide(
            among: candidates, on: occasion, for: person,
            connectionCooldownHours: connectionCooldownHours, at: now)
        guard let chosen = candidates.first(where: { $0.rule.id == verdict.chosen }) else {
            self = .refuse(Self.reason(in: verdict, on: occasion))
            return
        }
        let open = person.invites.first { $0.ruleID == chosen.rule.id && $0.isOpen }
        self = open.map { .repeatOffer($0, chosen) } ?? .makeInvite(chosen)
    }

    /// Of an event only its own rules are worth telling about.
    private static func reason(
        in verdict: LaunchVerdict, on occasion: LaunchOccasion
    ) -> LaunchRefusal {
        var reasons = verdict.refusals.map(\.reason)
        if case .event = occasion {
            reasons.removeAll { [.otherEvent, .waitsForConfigurationLoad].contains($0) }
        }
        return reasons.first ?? .otherEvent
    }
}

extension LaunchOccasion {
    /// What an invite is said to come from; `nil` for a question, which makes none.
    package var source: LaunchSource? {
        switch self {
        case .configurationLoad: .audience
        case .event: .event
        case .link: .link
        case .question: nil
        }
    }
}

extension LaunchRule {
    /// Somebody's invite by this rule, of the member that they matched.
    package func invite(
        _ matchID: ExternalID, as member: Person?, from source: LaunchSource, code: InviteCode,
        at now: Timestamp
    ) -> Invite {
        var target: AudienceID?
        if case .audience(let audience) = trigger { target = audience }
        return Invite(
            code: code, connectionID: connectionID, ruleID: id, studyID: studyID, source: source,
            audienceID: target, matchID: matchID, distinctID: member?.distinctID,
            traits: member?.traits ?? [], createdAt: now)
    }
}

extension LaunchCandidate {
    /// Whether the next start uses up a limit that all people share, so that what others are
    /// offered may be decided otherwise after it.
    package var isFullAfterNextStart: Bool {
        [
            (usage.rulesStarts, rule.pacing.startsTotalMax),
            (usage.studysStartsThisWeek, study.capacity.weekly),
            (usage.studysStartsThisMonth, study.capacity.monthly),
        ].contains { starts, limit in limit.map { $0 - starts <= 1 } ?? false }
    }

    package func invitation(_ invite: Invite) -> LaunchOffer.Invitation {
        LaunchOffer.Invitation(
            invite: invite, prompt: rule.prompt, launchURL: study.launchURL,
            opensIn: study.opensIn)
    }
}

extension [LaunchCandidate] {
    /// The events an app has to tell of; see ``LaunchConfiguration/events``.
    package var events: [EventName] {
        var names: Set<EventName> = []
        for candidate in self
        where candidate.rule.status == .active && candidate.study.status == .active
            && candidate.rule.surface == .sdkPrompt
        {
            if case .event(let name) = candidate.rule.trigger { names.insert(name) }
        }
        return names.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    }
}

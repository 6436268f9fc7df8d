import Audiences

extension MemoryState {
    struct StoredRule {
        var rule: LaunchRule
        /// What its invites came to; stays when people are erased.
        var counts = LaunchFunnel()
    }

    struct StoredInvite {
        var invite: Invite
        /// The position of the member it was made for.
        var person: Int?
    }

    // MARK: Offers

    func candidates(
        of connection: ConnectionID, at now: Timestamp
    ) -> [LaunchCandidate] {
        rules.compactMap(\.self).filter { $0.rule.connectionID == connection }
            .compactMap { candidate($0.rule.id, at: now) }
    }

    func candidate(_ id: LaunchRuleID, at now: Timestamp) -> LaunchCandidate? {
        guard let stored = rules.compactMap(\.self).first(where: { $0.rule.id == id }),
            let study = study(stored.rule.studyID)
        else { return nil }
        let starts = starts(of: study.id, at: now)
        return LaunchCandidate(
            rule: stored.rule, study: study,
            usage: LaunchUsage(
                rulesStarts: stored.counts.started, studysStartsThisWeek: starts.thisWeek,
                studysStartsThisMonth: starts.thisMonth))
    }

    func starts(of study: StudyID, at now: Timestamp) -> StudyStarts {
        let starts = studyStarts.filter { $0.study == study }
        return StudyStarts(
            thisWeek: starts.count { $0.at >= now.weekBegin },
            thisMonth: starts.count { $0.at >= now.monthBegin })
    }

    func study(_ id: StudyID) -> Study? {
        studies.compactMap(\.self).first { $0.id == id }
    }

    /// Who of a connection matches an id.
    private func members(matching id: ExternalID, of connection: ConnectionID) -> [Int] {
        people(matching: id).filter { people[$0].connection == connection }
    }

    private func audiences(of person: Int) -> Set<AudienceID> {
        Set(visibleAudiences.filter { members(of: $0.row)[person] != nil }.map(\.id))
    }

    func person(_ matchID: ExternalID, of connection: ConnectionID) -> LaunchPerson {
        LaunchPerson(
            matchID: matchID,
            audiences: members(matching: matchID, of: connection).reduce(into: []) {
                $0.formUnion(audiences(of: $1))
            },
            invites: invites.compactMap { $0?.invite }
                .filter { $0.connectionID == connection && $0.matchID == matchID })
    }

    /// `nil` if an invite has to be made.
    func configuration(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp
    ) -> LaunchConfiguration? {
        let candidates = candidates(of: connection, at: now)
        var configuration = LaunchConfiguration(events: candidates.events)
        guard let matchID else { return configuration }
        let plan = LaunchPlan(
            among: candidates, on: .configurationLoad, for: person(matchID, of: connection),
            connectionCooldownHours: sdk[connection]?.cooldownHours, at: now)
        switch plan {
        case .refuse: break
        case .repeatOffer(let invite, let candidate):
            configuration.pending = candidate.invitation(invite)
        case .makeInvite: return nil
        }
        return configuration
    }

    /// Removes the old invites of closed studies.
    mutating func tidyInvites(at now: Timestamp) {
        for index in invites.indices {
            guard let invite = invites[index]?.invite, let study = study(invite.studyID),
                study.status == .closed
            else { continue }
            let touched = max(invite.createdAt, invite.touchedAt ?? invite.createdAt)
            let cooldown = Int64(sdk[study.connectionID]?.cooldownHours ?? 0) * 3_600_000
            let isOld =
                now.since(study.updatedAt) > retention.invitesMilliseconds
                && now.since(touched) > max(retention.invitesMilliseconds, cooldown)
            if isOld { invites[index] = nil }
        }
    }

    mutating func offer(
        _ occasion: LaunchOccasion, among candidates: [LaunchCandidate], to matchID: ExternalID,
        of connection: ConnectionID, fresh: InviteCode, at now: Timestamp
    ) throws(Failure) -> LaunchOffer {
        let plan = LaunchPlan(
            among: candidates, on: occasion, for: person(matchID, of: connection),
            connectionCooldownHours: sdk[connection]?.cooldownHours, at: now)
        switch plan {
        case .refuse(let reason):
            return .refused(reason)
        case .repeatOffer(let invite, let candidate):
            return .invitation(candidate.invitation(invite))
        case .makeInvite(let candidate):
            guard !erased.contains(matchID), let source = occasion.source else {
                return .refused(.unknownPerson)
            }
            guard !invites.contains(where: { $0?.invite.code == fresh }) else {
                throw Failure(.unavailable, "This invite's code was given already; try again.")
            }
            let member = members(matching: matchID, of: connection).first { position in
                guard case .audience(let wanted) = candidate.rule.trigger else { return true }
                return audiences(of: position).contains(wanted)
            }
            let invite = candidate.rule.invite(
                matchID, as: member.map { people[$0].person }, from: source, code: fresh, at: now)
            invites.append(StoredInvite(invite: invite, person: member))
            count(of: invite.ruleID) { $0.invited += 1 }
            return .invitation(candidate.invitation(invite))
        }
    }

    // MARK: Invites

    mutating func start(
        _ code: InviteCode, by matchID: ExternalID?, of connection: ConnectionID?,
        attempt: ExternalID?, at now: Timestamp
    ) -> LaunchOffer {
        guard let index = index(of: code), var invite = invites[index]?.invite,
            connection ?? invite.connectionID == invite.connectionID,
            matchID ?? invite.matchID == invite.matchID,
            let candidate = candidate(invite.ruleID, at: now)
        else { return .refused(.unknownInvite) }
        if invite.isStartedAgain(by: attempt, isLink: connection == nil) {
            return .invitation(candidate.invitation(invite))
        }
        let person = person(invite.matchID, of: invite.connectionID)
        let refusal = Eligibility.refusalToStart(invite, of: candidate, by: person, at: now)
        if let refusal { return .refused(refusal) }
        invite.startedAt = now
        invite.attempt = attempt
        save(invite, at: index)
        studyStarts.append((study: invite.studyID, at: now))
        noteForHook(.inviteStarted, of: invite, at: now)
        return .invitation(candidate.invitation(invite))
    }

    mutating func note(
        _ event: InviteEvent, of code: InviteCode, of connection: ConnectionID,
        at now: Timestamp
    ) -> Invite? {
        guard let index = index(of: code), var invite = invites[index]?.invite,
            invite.connectionID == connection
        else { return nil }
        guard invite.note(event, at: now) else { return invite }
        save(invite, at: index)
        if let kind = event.hookKind { noteForHook(kind, of: invite, at: now) }
        return invite
    }

    func invite(_ code: InviteCode) -> Invite? {
        invites.compactMap { $0?.invite }.first { $0.code == code }
    }

    private func index(of code: InviteCode) -> Int? {
        invites.firstIndex { $0?.invite.code == code }
    }

    private mutating func save(_ invite: Invite, at index: Int) {
        guard let before = invites[index]?.invite else { return }
        invites[index]?.invite = invite
        count(of: invite.ruleID) { counts in
            if before.shownAt == nil, invite.shownAt != nil { counts.shown += 1 }
            if before.dismissedAt == nil, invite.dismissedAt != nil { counts.dismissed += 1 }
            if before.startedAt == nil, invite.startedAt != nil { counts.started += 1 }
            if before.completedAt == nil, invite.completedAt != nil { counts.completed += 1 }
        }
    }

    private mutating func count(
        of rule: LaunchRuleID, _ change: (inout LaunchFunnel) -> Void
    ) {
        guard let index = rules.firstIndex(where: { $0?.rule.id == rule }) else { return }
        if var counts = rules[index]?.counts {
            change(&counts)
            rules[index]?.counts = counts
        }
    }

    // MARK: What goes

    mutating func forgetInvites(to matchID: ExternalID, and members: [Int]) {
        for index in invites.indices {
            guard let stored = invites[index] else { continue }
            let isTheirs = members.contains { member in
                stored.person == member
                    || (stored.invite.connectionID == people[member].connection
                        && stored.invite.matchID == people[member].person.distinctID)
            }
            if stored.invite.matchID == matchID || isTheirs { invites[index] = nil }
        }
    }

    mutating func removeStudies(of connection: ConnectionID) {
        for index in studies.indices where studies[index]?.connectionID == connection {
            studies[index] = nil
        }
        for index in rules.indices where rules[index]?.rule.connectionID == connection {
            rules[index] = nil
        }
        for index in invites.indices where invites[index]?.invite.connectionID == connection {
            invites[index] = nil
        }
        sdk[connection] = nil
    }
}

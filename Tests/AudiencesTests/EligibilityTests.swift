import Audiences
import TestSupport
import Testing

/// One reason after the other, each at its edge.
@Suite struct EligibilityTests {
    private let member = AudienceID.make(from: [1])
    private let other = AudienceID.make(from: [2])

    /// Decides about one rule for user-1, who is in `member`.
    private func reason(
        _ rule: LaunchRule = .make(), _ study: Study = .make(), usage: LaunchUsage = LaunchUsage(),
        invites: [Invite] = [], on occasion: LaunchOccasion = .event(.make()),
        cooldown: Int? = nil, at now: Timestamp = .start
    ) -> LaunchRefusal? {
        let verdict = Eligibility.decide(
            among: [LaunchCandidate(rule: rule, study: study, usage: usage)], on: occasion,
            for: LaunchPerson(matchID: .make("user-1"), audiences: [member], invites: invites),
            connectionCooldownHours: cooldown, at: now)
        #expect(verdict.refusals.count + (verdict.chosen == nil ? 0 : 1) == 1)
        return verdict.refusals.first?.reason
    }

    // MARK: What is on

    @Test(
        arguments: [
            (LaunchRule.Status.draft, LaunchRefusal.ruleDraft), (.active, nil),
            (.paused, .rulePaused), (.archived, .ruleArchived),
        ] as [(LaunchRule.Status, LaunchRefusal?)])
    func onlyAnActiveRuleIsOffered(_ status: LaunchRule.Status, _ expected: LaunchRefusal?) {
        #expect(reason(.make(status: status)) == expected)
    }

    @Test(
        arguments: [
            (Study.Status.draft, LaunchRefusal.studyDraft), (.active, nil), (.paused, .studyPaused),
            (.closed, .studyClosed),
        ] as [(Study.Status, LaunchRefusal?)])
    func onlyAnActiveStudyIsOffered(_ status: Study.Status, _ expected: LaunchRefusal?) {
        #expect(reason(.make(), .make(status: status)) == expected)
    }

    @Test(
        arguments: [
            (-1, LaunchRefusal.notYet), (0, nil), (1, nil), (9_999, nil), (10_000, .ended),
            (10_001, .ended),
        ] as [(Int64, LaunchRefusal?)])
    func aRuleHasItsTime(_ milliseconds: Int64, _ expected: LaunchRefusal?) {
        let schedule = LaunchSchedule(startsAt: .start, endsAt: .start.after(10_000))
        #expect(reason(.make(schedule: schedule), at: .start.after(milliseconds)) == expected)
    }

    @Test func aRuleWithoutTimesIsAlwaysOn() {
        for time in [Timestamp(milliseconds: .min), .start, Timestamp(milliseconds: .max)] {
            #expect(reason(at: time) == nil)
        }
    }

    // MARK: What happened

    @Test func everyTriggerHasItsOccasion() {
        let load = LaunchRule.make(trigger: .audience(member))
        let entry = LaunchRule.make(surface: .directLink)
        let entryOfMembers = LaunchRule.make(trigger: .audience(member), surface: .directLink)
        let table: [(LaunchOccasion, [LaunchRefusal?])] = [
            (
                .event(.make()),
                [
                    nil, .waitsForConfigurationLoad, .directLink,
                    .waitsForConfigurationLoad,
                ]
            ),
            (
                .event(.make("other")),
                [
                    .otherEvent, .waitsForConfigurationLoad, .otherEvent,
                    .waitsForConfigurationLoad,
                ]
            ),
            (.configurationLoad, [.waitsForEvent, nil, .waitsForEvent, .directLink]),
            (.link, [.waitsForEvent, .waitsForConfigurationLoad, nil, nil]),
            (.question, [nil, nil, nil, nil]),
        ]
        for (occasion, expected) in table {
            let reasons = [.make(), load, entry, entryOfMembers].map { reason($0, on: occasion) }
            #expect(reasons == expected, "\(occasion)")
        }
    }

    @Test func anEventsNameIsExact() {
        let rule = LaunchRule.make(trigger: .event(.make("Caf\u{E9}")))
        #expect(reason(rule, on: .event(.make("Caf\u{E9}"))) == nil)
        for name in ["Cafe\u{301}", "caf\u{E9}", "Caf\u{E9} ", "Caf"] {
            #expect(reason(rule, on: .event(.make(name))) == .otherEvent)
        }
    }

    // MARK: Who it is

    @Test func onlyMembersAreOfferedAnAudiencesRule() {
        #expect(reason(.make(trigger: .audience(member)), on: .configurationLoad) == nil)
        #expect(
            reason(.make(trigger: .audience(other)), on: .configurationLoad) == .notAMember)
    }

    @Test func whoIsInAnExcludedAudienceIsLeftOut() {
        #expect(reason(.make(excluding: [other])) == nil)
        #expect(reason(.make(excluding: [other, member])) == .excluded)
        #expect(
            reason(
                .make(trigger: .audience(member), excluding: [member]), on: .configurationLoad)
                == .excluded)
    }

    @Test func whoIsNotInTheSampleIsLeftOut() {
        #expect(reason(.make(sample: 0)) == .notSampled)
        #expect(reason(.make(sample: 10_000)) == nil)
    }

    // MARK: How often

    @Test(
        arguments: [
            (0, nil), (1, nil), (2, .personsStartsUsedUp), (3, .personsStartsUsedUp),
        ] as [(Int, LaunchRefusal?)])
    func aPersonStartsARuleSoOften(_ starts: Int, _ expected: LaunchRefusal?) {
        let invites = (0..<starts).map { Invite.make($0, started: .start) }
        let rule = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: 2))
        #expect(reason(rule, invites: invites) == expected)
        // Those of another rule do not count.
        #expect(
            reason(rule, invites: (0..<starts).map { .make($0, rule: 2, started: .start) }) == nil)
        let endless = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: nil))
        #expect(reason(endless, invites: invites) == nil)
    }

    @Test(
        arguments: [(0, nil), (6, nil), (7, .startsUsedUp), (8, .startsUsedUp)]
            as [(Int, LaunchRefusal?)])
    func allPeopleStartARuleSoOften(_ starts: Int, _ expected: LaunchRefusal?) {
        let rule = LaunchRule.make(pacing: LaunchPacing(startsTotalMax: 7))
        #expect(reason(rule, usage: LaunchUsage(rulesStarts: starts)) == expected)
    }

    @Test(
        arguments: [
            (LaunchUsage(studysStartsThisWeek: 4, studysStartsThisMonth: 8), nil),
            (
                LaunchUsage(studysStartsThisWeek: 5, studysStartsThisMonth: 8),
                LaunchRefusal.studyFullThisWeek
            ),
            (LaunchUsage(studysStartsThisWeek: 4, studysStartsThisMonth: 9), .studyFullThisMonth),
            (LaunchUsage(studysStartsThisWeek: 6, studysStartsThisMonth: 10), .studyFullThisWeek),
        ] as [(LaunchUsage, LaunchRefusal?)])
    func aStudyTakesSoMany(_ usage: LaunchUsage, _ expected: LaunchRefusal?) {
        #expect(reason(.make(), .make(weekly: 5, monthly: 9), usage: usage) == expected)
        #expect(reason(usage: usage) == nil)
    }

    @Test func whoCompletedAStudyIsNotAskedAgainByAnyOfItsRules() {
        let done = Invite.make(rule: 2, started: .start, completed: .start)
        #expect(reason(invites: [done]) == .alreadyCompleted)
        #expect(
            reason(invites: [.make(rule: 2, study: 2, started: .start, completed: .start)]) == nil)
        // A rule that says so may ask again.
        for max in [2, nil] {
            let rule = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: max))
            #expect(reason(rule, invites: [done]) == nil)
        }
    }

    // MARK: When again

    @Test func aDismissalWithoutACooldownIsForGood() {
        let invites = [Invite.make(dismissed: .start)]
        #expect(reason(invites: invites, at: .start.after(hours: 24 * 9999)) == .dismissed)
        #expect(reason(invites: [.make(rule: 2, dismissed: .start)]) == nil)
    }

    @Test(arguments: [
        Invite.make(shown: .start), .make(shown: .start.after(-5), dismissed: .start),
        .make(started: .start), .make(started: .start.after(-9), completed: .start),
    ])
    func aCooldownCountsFromTheLastTouch(_ invite: Invite) {
        let rule = LaunchRule.make(
            pacing: LaunchPacing(cooldownHours: 24, startsPerPersonMax: nil))
        let end = Timestamp.start.after(hours: 24)
        #expect(reason(rule, invites: [invite], at: end.after(-1)) == .coolingDown)
        #expect(reason(rule, invites: [invite], at: end) == nil)
        // Without one it is offered again at once, unless it was dismissed.
        let eager = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: nil))
        let isDismissed = invite.status == .dismissed
        #expect(reason(eager, invites: [invite]) == (isDismissed ? .dismissed : nil))
    }

    @Test func whatNobodyHasSeenHoldsUpNothing() {
        let rule = LaunchRule.make(pacing: LaunchPacing(cooldownHours: 24))
        #expect(reason(rule, invites: [.make()]) == nil)
        #expect(reason(rule, invites: [.make(2, rule: 2)], cooldown: 24) == nil)
    }

    @Test func theConnectionsCooldownIsBetweenDifferentRules() {
        let end = Timestamp.start.after(hours: 10)
        let shown = Invite.make(rule: 2, study: 2, shown: .start)
        #expect(reason(invites: [shown], cooldown: 10, at: end.after(-1)) == .connectionCoolingDown)
        #expect(reason(invites: [shown], cooldown: 10, at: end) == nil)
        // The same offer again is not another one; a new one by the same rule is.
        #expect(reason(invites: [.make(shown: .start)], cooldown: 10) == nil)
        let twice = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: 2))
        #expect(
            reason(twice, invites: [.make(started: .start)], cooldown: 10)
                == .connectionCoolingDown)
    }

    @Test func aCooldownLongerThanTimeItselfNeverEnds() {
        let rule = LaunchRule.make(
            pacing: LaunchPacing(cooldownHours: .max, startsPerPersonMax: nil))
        let invites = [Invite.make(shown: Timestamp(milliseconds: .min))]
        #expect(reason(rule, invites: invites, at: Timestamp(milliseconds: .max)) == .coolingDown)
    }

    @Test func aClockThatWentBackIsWithinTheCooldown() {
        let rule = LaunchRule.make(pacing: LaunchPacing(cooldownHours: 1))
        #expect(
            reason(rule, invites: [.make(shown: .start.after(hours: 9))]) == .coolingDown)
    }

    // MARK: Which of several

    @Test func theHigherPriorityWinsThenTheOlderThenTheSmallerID() {
        let rules = [
            LaunchRule.make(1), .make(2, at: .start.after(-1)), .make(3, priority: 1),
            .make(4, status: .paused, priority: 9), .make(5),
        ]
        for offset in rules.indices {
            let turned = Array(rules[offset...] + rules[..<offset])
            let verdict = Eligibility.decide(
                among: turned.map { LaunchCandidate(rule: $0, study: .make()) },
                on: .event(.make()), for: LaunchPerson(matchID: .make("u"), audiences: []),
                connectionCooldownHours: nil, at: .start)
            #expect(verdict.chosen == .make(3))
            #expect(verdict.refusals.map(\.rule) == [.make(4), .make(2), .make(1), .make(5)])
            #expect(
                verdict.refusals.map(\.reason)
                    == [.rulePaused, .outranked, .outranked, .outranked])
        }
    }

    @Test func whereThereAreNoRulesNothingIsChosen() {
        let verdict = Eligibility.decide(
            among: [], on: .question, for: LaunchPerson(matchID: .make("u"), audiences: []),
            connectionCooldownHours: nil, at: .start)
        #expect(verdict.chosen == nil && verdict.refusals.isEmpty)
    }
}

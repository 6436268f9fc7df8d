import Audiences
import TestSupport
import Testing

/// Whether an invite that was made earlier may be started now.
@Suite struct StartTests {
    private let member = AudienceID.make(from: [1])

    private func refusal(
        of invite: Invite = .make(shown: .start), _ rule: LaunchRule = .make(),
        _ study: Study = .make(), usage: LaunchUsage = LaunchUsage(),
        audiences: Set<AudienceID> = [], others: [Invite] = [], at now: Timestamp = .start
    ) -> LaunchRefusal? {
        Eligibility.refusalToStart(
            invite, of: LaunchCandidate(rule: rule, study: study, usage: usage),
            by: LaunchPerson(
                matchID: .make("user-1"), audiences: audiences, invites: [invite] + others),
            at: now)
    }

    @Test(
        arguments: [
            (Invite.make(), nil), (.make(shown: .start), nil),
            (.make(dismissed: .start), LaunchRefusal.dismissed),
            (.make(started: .start), .alreadyStarted),
            (.make(started: .start, completed: .start), .alreadyCompleted),
        ] as [(Invite, LaunchRefusal?)])
    func onlyAnOpenInviteIsStarted(_ invite: Invite, _ expected: LaunchRefusal?) {
        #expect(refusal(of: invite) == expected)
        // Whatever else there is to say.
        if let expected {
            #expect(refusal(of: invite, .make(status: .archived)) == expected)
        }
    }

    @Test func whatChangedSinceItWasMadeCounts() {
        let audience = LaunchRule.Trigger.audience(member)
        let ended = LaunchSchedule(endsAt: .start)
        #expect(refusal(.make(status: .paused)) == .rulePaused)
        #expect(refusal(.make(status: .archived)) == .ruleArchived)
        #expect(refusal(.make(), .make(status: .paused)) == .studyPaused)
        #expect(refusal(.make(), .make(status: .closed)) == .studyClosed)
        #expect(refusal(.make(schedule: ended)) == .ended)
        #expect(refusal(.make(trigger: audience), audiences: [member]) == nil)
        #expect(refusal(.make(trigger: audience)) == .notAMember)
        #expect(refusal(.make(excluding: [member]), audiences: [member]) == .excluded)
        #expect(
            refusal(
                .make(pacing: LaunchPacing(startsTotalMax: 1)), usage: LaunchUsage(rulesStarts: 1))
                == .startsUsedUp)
        #expect(
            refusal(.make(), .make(weekly: 1), usage: LaunchUsage(studysStartsThisWeek: 1))
                == .studyFullThisWeek)
        #expect(
            refusal(.make(), .make(monthly: 1), usage: LaunchUsage(studysStartsThisMonth: 1))
                == .studyFullThisMonth)
        #expect(refusal(others: [.make(2, started: .start)]) == .personsStartsUsedUp)
        #expect(
            refusal(others: [.make(2, rule: 2, started: .start, completed: .start)])
                == .alreadyCompleted)
    }

    /// They decided that it could be shown.
    @Test func cooldownsTriggersAndTheSampleAreNotAskedAgain() {
        #expect(refusal(.make(pacing: LaunchPacing(cooldownHours: 99))) == nil)
        #expect(refusal(.make(sample: 0)) == nil)
        #expect(refusal(.make(surface: .directLink)) == nil)
        #expect(refusal(others: [.make(2, rule: 2, shown: .start)]) == nil)
    }

    private func refusal(
        _ rule: LaunchRule, _ study: Study = .make(), usage: LaunchUsage = LaunchUsage(),
        audiences: Set<AudienceID> = []
    ) -> LaunchRefusal? {
        refusal(of: .make(), rule, study, usage: usage, audiences: audiences)
    }
}

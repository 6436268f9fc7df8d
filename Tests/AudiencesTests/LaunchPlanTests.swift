import Audiences
import TestSupport
import Testing

@Suite struct LaunchPlanTests {
    private func plan(
        _ rules: LaunchRule..., on occasion: LaunchOccasion = .event(.make()),
        invites: [Invite] = []
    ) -> LaunchPlan {
        LaunchPlan(
            among: rules.map { LaunchCandidate(rule: $0, study: .make()) }, on: occasion,
            for: LaunchPerson(matchID: .make("user-1"), audiences: [], invites: invites),
            connectionCooldownHours: nil, at: .start)
    }

    private let candidate = LaunchCandidate(rule: .make(), study: .make())

    @Test func anOpenInviteIsOfferedAgainAndAClosedOneIsNot() {
        let open = Invite.make(1, shown: .start)
        #expect(plan(.make(), invites: [open]) == .repeatOffer(open, candidate))
        #expect(plan(.make(), invites: [.make(2, rule: 2)]) == .makeInvite(candidate))
        #expect(plan(.make()) == .makeInvite(candidate))
        let again = LaunchRule.make(pacing: LaunchPacing(startsPerPersonMax: nil))
        let closed = Invite.make(1, started: .start)
        #expect(
            plan(again, invites: [closed])
                == .makeInvite(LaunchCandidate(rule: again, study: .make())))
    }

    @Test func ofAnEventTheReasonIsThatOfItsOwnRules() {
        let other = LaunchRule.make(2, trigger: .event(.make("other")), priority: 9)
        let load = LaunchRule.make(3, trigger: .audience(.make(from: [1])), priority: 8)
        #expect(plan(other, load, .make(sample: 0)) == .refuse(.notSampled))
        #expect(plan(other, load) == .refuse(.otherEvent))
        #expect(plan() == .refuse(.otherEvent))
        #expect(plan(.make(), on: .link) == .refuse(.waitsForEvent))
    }

    @Test func anInviteSaysWhereItComesFrom() {
        #expect(LaunchOccasion.configurationLoad.source == .audience)
        #expect(LaunchOccasion.event(.make()).source == .event)
        #expect(LaunchOccasion.link.source == .link)
        #expect(LaunchOccasion.question.source == nil)
        let member = Person(
            distinctID: .make("d1"), traits: [Trait(name: "plan", value: .text("Pro"))])
        let audience = AudienceID.make(from: [1])
        let invite = LaunchRule.make(study: 4, trigger: .audience(audience)).invite(
            .make("user-1"), as: member, from: .audience, code: .make(3), at: .start)
        var expected = Invite.make(3, study: 4, source: .audience)
        expected.audienceID = audience
        expected.distinctID = .make("d1")
        expected.traits = member.traits
        #expect(invite == expected)
        let stranger = LaunchRule.make().invite(
            .make("user-1"), as: nil, from: .event, code: .make(1), at: .start)
        #expect(stranger == .make())
    }

    @Test func anAppReportsTheEventsOfWhatIsOn() {
        let rules: [(LaunchRule, Study)] = [
            (.make(1, trigger: .event(.make("b"))), .make()),
            (.make(2, trigger: .event(.make("a"))), .make()),
            (.make(3, trigger: .event(.make("b"))), .make()),
            (.make(4, status: .draft, trigger: .event(.make("c"))), .make()),
            (.make(5, trigger: .event(.make("d")), surface: .directLink), .make()),
            (.make(6, trigger: .event(.make("e"))), .make(status: .paused)),
            (.make(7, trigger: .audience(.make(from: [1]))), .make()),
        ]
        let candidates = rules.map { LaunchCandidate(rule: $0, study: $1) }
        #expect(candidates.events == [.make("a"), .make("b")])
        #expect([LaunchCandidate]().events == [])
    }

    /// Others may be offered something else only after the last start that a limit leaves.
    @Test func theLastStartOfALimitIsToldFromThoseBefore() {
        let candidates: [(LaunchPacing, Study)] = [
            (LaunchPacing(startsTotalMax: 3), .make()), (LaunchPacing(), .make(weekly: 3)),
            (LaunchPacing(), .make(monthly: 3)),
        ]
        func isFull(_ pacing: LaunchPacing, _ study: Study, _ starts: Int) -> Bool {
            LaunchCandidate(
                rule: .make(pacing: pacing), study: study,
                usage: LaunchUsage(
                    rulesStarts: starts, studysStartsThisWeek: starts,
                    studysStartsThisMonth: starts)
            ).isFullAfterNextStart
        }
        for (pacing, study) in candidates {
            #expect([0, 1, 2, 3].map { isFull(pacing, study, $0) } == [false, false, true, true])
        }
        #expect(!isFull(LaunchPacing(startsPerPersonMax: 1), .make(), 0))
    }
}

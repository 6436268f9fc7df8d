import Audiences
import TestSupport
import Testing

@Suite struct InviteTests {
    /// Every status with every report.
    @Test(arguments: [
        ("open", InviteEvent.shown, "shown"), ("open", .dismissed, "dismissed"),
        ("open", .started, "open"), ("open", .completed, "open"),
        ("shown", .shown, "shown"), ("shown", .dismissed, "dismissed"),
        ("shown", .started, "shown"), ("shown", .completed, "shown"),
        ("dismissed", .shown, "dismissed"), ("dismissed", .dismissed, "dismissed"),
        ("dismissed", .started, "dismissed"), ("dismissed", .completed, "dismissed"),
        ("started", .shown, "started"), ("started", .dismissed, "started"),
        ("started", .started, "started"), ("started", .completed, "completed"),
        ("completed", .shown, "completed"), ("completed", .dismissed, "completed"),
        ("completed", .started, "completed"), ("completed", .completed, "completed"),
    ])
    func aReportLeadsToOneStatus(before: String, event: InviteEvent, after: String) {
        var invite = Invite.made(before)
        #expect(invite.status.rawValue == before)
        let old = invite
        let later = Timestamp.start.after(hours: 1)
        let isNew = invite.note(event, at: later)
        #expect(invite.status.rawValue == after)
        #expect(isNew == (invite != old))
        // Once more, at the same time, is nothing new.
        let isNewAgain = invite.note(event, at: later)
        #expect(!isNewAgain)
    }

    @Test func whenItHappenedFirstStaysAndWhenItWasShownMoves() {
        var invite = Invite.make()
        for hour in 1...3 as ClosedRange<Int64> {
            invite.note(.shown, at: .start.after(hours: hour))
            #expect(invite.shownAt == .start.after(hours: hour))
        }
        // A clock that went back.
        let isNew = invite.note(.shown, at: .start)
        #expect(!isNew)
        #expect(invite.touchedAt == .start.after(hours: 3))
        invite.startedAt = .start.after(hours: 4)
        for hour in 5...6 as ClosedRange<Int64> {
            invite.note(.completed, at: .start.after(hours: hour))
            #expect(invite.completedAt == .start.after(hours: 5))
        }
        #expect(invite.touchedAt == .start.after(hours: 5))
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func whateverIsReportedInWhicheverOrderMakesSense(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var invite = Invite.make()
        var now = Timestamp.start
        for _ in 0..<30 {
            now = now.after(Int64.random(in: -500...1000, using: &random))
            let before = invite
            let event = InviteEvent.allCases.randomElement(using: &random) ?? .shown
            if invite.isOpen, Int.random(in: 0..<10, using: &random) == 0 {
                invite.startedAt = now
            } else {
                invite.note(event, at: now)
            }
            #expect(invite.startedAt == nil || invite.dismissedAt == nil)
            #expect(invite.completedAt == nil || invite.startedAt != nil)
            #expect(before.isOpen || !invite.isOpen)
            #expect(before.dismissedAt == nil || before == invite)
            #expect(before.completedAt == nil || before == invite)
            #expect(before.startedAt == nil || before.startedAt == invite.startedAt)
        }
    }

    @Test func anUntouchedInviteHoldsUpNothing() {
        #expect(Invite.make().touchedAt == nil)
        #expect(Invite.make().isOpen)
    }

    @Test func theSameAcceptIsAnsweredTheSame() {
        var invite = Invite.make()
        #expect(!invite.isStartedAgain(by: nil, isLink: true))
        invite.startedAt = .start
        #expect(!invite.isStartedAgain(by: nil, isLink: false))
        #expect(invite.isStartedAgain(by: nil, isLink: true))
        invite.attempt = .make("a")
        #expect(invite.isStartedAgain(by: .make("a"), isLink: false))
        #expect(!invite.isStartedAgain(by: .make("b"), isLink: false))
        #expect(!invite.isStartedAgain(by: nil, isLink: false))
        invite.completedAt = .start
        #expect(invite.isStartedAgain(by: .make("a"), isLink: false))
        #expect(!invite.isStartedAgain(by: nil, isLink: true))
    }

    @Test func hooksHearOfWhatIsReportedAndOfStartsWhenTheyHappen() {
        #expect(
            InviteEvent.allCases.map(\.hookKind)
                == [nil, .inviteDismissed, nil, .inviteCompleted])
    }

    @Test func aCodeIsMadeOfLettersThatCanBeTyped() throws {
        let code = try InviteCode.make(by: .counting)
        #expect(code.text.utf8.count == 20)
        #expect(InviteCode(code.text) == code)
        #expect(!code.text.contains { "0OIl".contains($0) })
    }

    @Test func codesUseEveryLetterAndComeOutEven() throws {
        let secrets = Secrets(
            random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
            sha256: { _ in [] }, equal: { $0 == $1 })
        var counts: [Character: Int] = [:]
        for _ in 0..<2000 {
            for letter in try InviteCode.make(by: secrets).text { counts[letter, default: 0] += 1 }
        }
        #expect(counts.count == 58)
        // 40,000 letters: 690 of each, give or take seven times the deviation.
        #expect(counts.values.allSatisfy { (500...880).contains($0) })
    }

    @Test(arguments: [
        "", "1111111111111111111", "111111111111111111111", "1111111111111111111O",
        "1111111111111111111 ", "111111111111111111é", "1111111111111111111\u{301}",
    ])
    func whatNobodyMadeIsNoCode(text: String) {
        #expect(InviteCode(text) == nil)
    }
}

extension Invite {
    /// One that is in a status.
    fileprivate static func made(_ status: String) -> Invite {
        switch status {
        case "shown": .make(shown: .start)
        case "dismissed": .make(shown: .start, dismissed: .start)
        case "started": .make(shown: .start, started: .start)
        case "completed": .make(shown: .start, started: .start, completed: .start)
        default: .make()
        }
    }
}

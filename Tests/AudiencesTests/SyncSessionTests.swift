import Audiences
import TestSupport
import Testing

/// The decision what a replacement's pages do, without a store.
struct SyncSessionTests {
    /// A session and the tallies a store would keep for it.
    private struct Play {
        var session: SyncSession
        var tallies: [Int: PageTally] = [:]

        init(_ page: SyncPage, members: Int = 0) {
            session = SyncSession(
                of: page, audience: AudienceState(memberCount: members), at: .start)
        }

        mutating func receive(
            _ page: SyncPage, audience: AudienceState = AudienceState(),
            at now: Timestamp = .start
        ) -> Change {
            let earlier = page.position.number.flatMap { tallies[$0] }
            let change = session.receive(page, earlierCopy: earlier, audience: audience, at: now)
            if let number = change.pageNumber {
                tallies[number] = PageTally(entries: page.entryCount, notes: page.notes)
            }
            return change
        }
    }

    @Test func aNewSessionHasReceivedNothing() {
        var play = Play(.make(), members: 7)
        #expect(play.session.isNew)
        #expect([play.session.membersBefore, play.session.membersAfter] == [7, 7])
        #expect(play.session.startedAt == .start)
        _ = play.receive(.make(.members, [], page: 1, of: 2))
        #expect(!play.session.isNew)
    }

    @Test func theFirstPageBeginsAndTheLastOneMakesTheWhole() {
        var play = Play(.make())
        let first = play.receive(.make(.members, ["a"], page: 2, of: 2))
        let last = play.receive(.make(.members, ["b"], page: 1, of: 2))
        #expect(first == Change(effect: .stage, pageNumber: 2, beginsStaging: true))
        #expect(last == Change(effect: .stage, pageNumber: 1, isWhole: true))
        // Only now are its members counted, and that decides what becomes of it.
        #expect(play.session.status == .filling)
        #expect(play.session.finishedAt == nil)
    }

    @Test func aReplacementWithAnIrregularPageIsInDoubtAlsoWhenItIsComplete() {
        var play = Play(.make())
        _ = play.receive(.make(.members, ["a"], page: 3, of: 2))
        _ = play.receive(.make(.members, ["b"], page: 1, of: 2))
        #expect(play.receive(.make(.members, ["c"], page: 2, of: 2)).isWhole)
        #expect(play.session.reconcileReason == .pageIrregular)
    }

    @Test func aReplacementOfRegularPagesIsInNoDoubt() {
        var play = Play(.make())
        _ = play.receive(.make(.members, ["a"]))
        #expect(play.session.reconcileReason == nil)
    }

    /// In whatever order and however often pages come, the set is complete exactly once.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func aSetOfPagesIsCompleteExactlyOnce(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let total = Int.random(in: 1...6, using: &random)
        let repeats = (0..<8).map { _ in Int.random(in: 1...total, using: &random) }
        let order = (Array(1...total) + repeats).shuffled(using: &random)
        var play = Play(.make())
        var seen: Set<Int> = []
        for number in order {
            let wasComplete = seen.count == total
            seen.insert(number)
            let change = play.receive(.make(.members, ["p\(number)"], page: number, of: total))
            if change.isWhole { play.session.accept(at: .start) }
            #expect(change.isWhole == (!wasComplete && seen.count == total))
            #expect((change.effect == .none) == wasComplete)
        }
        #expect(play.session.pagesReceived == total)
        #expect(play.session.pagesRepeated == order.count - total)
        #expect(play.session.membersReceived == total)
    }

    @Test func theLastCopyOfAPageCounts() {
        var play = Play(.make())
        _ = play.receive(
            .make(.members, ["a", "b"], page: 1, of: 2, unusable: [.idEmpty: 2, .idTooLong: 1]))
        _ = play.receive(.make(.members, ["a"], page: 1, of: 2, unusable: [.idEmpty: 1]))
        #expect(play.session.membersReceived == 2)
        #expect(play.session.notes == PageNotes(unusable: [.idEmpty: 1]))
    }

    @Test func theLargestTotalCounts() {
        var play = Play(.make())
        #expect(!play.receive(.make(.members, [], page: 1, of: 3)).isWhole)
        #expect(!play.receive(.make(.members, [], page: 2, of: 2)).isWhole)
        #expect(play.session.pagesTotal == 3)
        #expect(play.receive(.make(.members, [], page: 3, of: 3)).isWhole)
    }

    @Test(arguments: [
        SyncSession.Status.committed, .superseded, .held, .rejected, .expired,
    ])
    func aPageThatIsTooLateDoesNothing(_ status: SyncSession.Status) {
        var play = Play(.make())
        _ = play.receive(.make(.members, ["a"], page: 1, of: 3))
        play.session.status = status
        for position in [(1, 3), (2, 3), (9, 3)] {
            let page = SyncPage.make(.members, ["b"], page: position.0, of: position.1)
            #expect(play.receive(page) == Change(effect: .none))
        }
        #expect(play.session.pagesReceived == 1)
        #expect(play.session.pagesRepeated == 1)
        #expect(play.session.membersReceived == 1)
    }

    // MARK: Pages without a usable number

    @Test func aPageWithoutNumberIsTheWholeIfItCanBeProved() {
        var whole = Play(.make())
        let most = crowd(Limits.provablePageMembersMax)
        let small = whole.receive(.make(.members, most, page: nil, of: nil))
        #expect(small.isWhole)
        #expect(small.pageNumber == 1)
        var part = Play(.make())
        let full = part.receive(.make(.members, most + ["one more"], page: nil, of: nil))
        #expect(full == Change(effect: .add, reconcile: .pageInfoMissing))
        #expect(part.session.pagesIrregular == 1)
        #expect(part.session.finishedAt == nil)
    }

    /// Unusable entries took a place on the page, too.
    @Test func entriesCountForTheProofUsableOrNot() {
        var play = Play(.make())
        let page = SyncPage.make(
            .members, crowd(999), page: nil, of: nil, unusable: [.idMissing: 1])
        #expect(play.receive(page).effect == .add)
    }

    @Test func aSecondPageWithoutNumberIsNotTheWhole() {
        var play = Play(.make())
        _ = play.receive(.make(.members, crowd(1000), page: nil, of: nil))
        let change = play.receive(.make(.members, ["last"], page: nil, of: nil))
        #expect(change == Change(effect: .add, reconcile: .pageInfoMissing))
    }

    @Test func aFullPageAfterASmallOneIsAddedToIt() {
        var play = Play(.make())
        #expect(play.receive(.make(.members, ["a"], page: nil, of: nil)).isWhole)
        play.session.accept(at: .start)
        let full = play.receive(.make(.members, crowd(1000), page: nil, of: nil))
        #expect(full == Change(effect: .add, reconcile: .pageInfoMissing))
        let small = play.receive(.make(.members, ["a"], page: nil, of: nil))
        #expect(small == Change(effect: .none))
    }

    @Test func anIrregularPageAddsAndCompletesNothing() {
        var play = Play(.make())
        let odd = play.receive(.make(.members, ["a"], page: 4, of: 3))
        #expect(odd == Change(effect: .add, reconcile: .pageIrregular))
        #expect(play.session.status == .applied)
        let first = play.receive(.make(.members, ["b"], page: 1, of: 1))
        #expect(first.beginsStaging && first.isWhole)
        #expect(play.session.pagesIrregular == 1)
        #expect(play.session.pagesReceived == 1)
    }

    @Test(
        arguments: [
            (nil, nil, PagePosition.absent), (0, 0, .absent), (1, 0, .absent), (1, nil, .absent),
            (nil, 1, .page(number: 1, of: 1)), (3, 3, .page(number: 3, of: 3)),
            (1, Limits.pagesTotalMax, .page(number: 1, of: Limits.pagesTotalMax)),
            (1, Limits.pagesTotalMax + 1, .irregular), (4, 3, .irregular), (0, 3, .irregular),
            (-1, 3, .irregular), (nil, 3, .irregular), (2, nil, .irregular), (1, -1, .irregular),
        ] as [(Int?, Int?, PagePosition)])
    func announcedNumbersAreSorted(_ number: Int?, _ total: Int?, _ position: PagePosition) {
        #expect(PagePosition(number: number, of: total) == position)
    }

    // MARK: Pages without a session id

    @Test(arguments: [
        (SyncAction.members, SyncSession.Status.filling, true), (.members, .applied, true),
        (.members, .committed, false), (.members, .superseded, false), (.members, .held, false),
        (.members, .rejected, false), (.members, .expired, false), (.addMembers, .applied, false),
        (.removeMembers, .applied, false),
    ])
    func onlyAnUnfinishedReplacementTakesUnnamedPages(
        _ action: SyncAction, _ status: SyncSession.Status, _ expected: Bool
    ) {
        var session = SyncSession(of: .make(action), audience: AudienceState(), at: .start)
        session.status = status
        #expect(session.takesUnnamedPages(at: .start) == expected)
        #expect(session.takesUnnamedPages(at: .start.after(hours: -1)) == expected)
        let limit = Timestamp.start.after(Limits.sessionAgeMillisecondsMax)
        #expect(session.takesUnnamedPages(at: limit) == expected)
        #expect(!session.takesUnnamedPages(at: limit.after(1)))
    }
}

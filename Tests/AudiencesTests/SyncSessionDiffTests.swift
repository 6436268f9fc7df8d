import Audiences
import TestSupport
import Testing

/// The decision what a diff's pages do, without a store.
struct SyncSessionDiffTests {
    private func session(_ action: SyncAction) -> SyncSession {
        SyncSession(of: .make(action), audience: AudienceState(), at: .start)
    }

    @Test(arguments: [
        (SyncAction.addMembers, Change.Effect.add), (.removeMembers, .remove),
    ])
    func aDiffActsOnArrivalWhateverItsNumber(_ action: SyncAction, _ effect: Change.Effect) {
        for (number, total) in [(2, 3), (nil, nil), (9, 3), (0, 3)] {
            var session = session(action)
            let change = session.receive(
                .make(action, ["a"], page: number, of: total), earlierCopy: nil,
                audience: AudienceState(), at: .start)
            #expect(change.effect == effect)
            #expect(!change.isWhole && !change.beginsStaging)
            #expect(session.status == .applied)
        }
    }

    @Test func aDiffIsCompleteWhenAllItsNumbersCame() {
        var session = session(.addMembers)
        var completes: [Bool] = []
        for number in [3, 1, 2] {
            let change = session.receive(
                .make(.addMembers, ["a"], page: number, of: 3), earlierCopy: nil,
                audience: AudienceState(), at: .start)
            completes.append(change.completes)
        }
        #expect(completes == [false, false, true])
    }

    @Test func aRepeatedDiffPageIsCountedOnce() {
        var session = session(.addMembers)
        let page = SyncPage.make(.addMembers, ["a", "b"], page: 1, of: 2)
        _ = session.receive(page, earlierCopy: nil, audience: AudienceState(), at: .start)
        let tally = PageTally(entries: 2, notes: PageNotes())
        let change = session.receive(
            page, earlierCopy: tally, audience: AudienceState(), at: .start)
        #expect(!change.completes)
        #expect([session.pagesReceived, session.pagesRepeated] == [1, 1])
        #expect(session.membersReceived == 2)
    }

    @Test func anIrregularDiffPageCompletesNothing() {
        var session = session(.removeMembers)
        let change = session.receive(
            .make(.removeMembers, ["a"], page: 9, of: 3), earlierCopy: nil,
            audience: AudienceState(), at: .start)
        #expect(change == Change(effect: .remove))
        #expect(session.pagesIrregular == 1)
    }

    /// The silence, the size, the action and whether it is the first page: each alone decides.
    @Test(
        arguments: [
            (SyncAction.addMembers, 5, 1, ReconcileReason.addAfterSilence),
            (.addMembers, 5, 0, nil), (.addMembers, 0, 1, nil), (.removeMembers, 5, 1, nil),
        ] as [(SyncAction, Int, Int64, ReconcileReason?)])
    func anAddAfterALongSilenceRaisesADoubt(
        _ action: SyncAction, _ members: Int, _ beyond: Int64, _ expected: ReconcileReason?
    ) {
        var session = session(action)
        let audience = AudienceState(memberCount: members, lastSeenAt: .start)
        let now = Timestamp.start.after(Limits.snapshotSilenceMilliseconds + beyond)
        let first = session.receive(
            .make(action, ["a"], page: 1, of: 2), earlierCopy: nil, audience: audience, at: now)
        #expect(first.reconcile == expected)
        let second = session.receive(
            .make(action, ["a"], page: 2, of: 2), earlierCopy: nil, audience: audience, at: now)
        #expect(second.reconcile == nil)
    }

    @Test func notesAreTakenBackWithTheirPage() {
        var notes = PageNotes(
            unusable: [.idEmpty: 2, .idMissing: 1], referencesIgnored: 3, traitsIgnored: 1)
        notes.add(PageNotes(unusable: [.idEmpty: 1], referencesIgnored: 2))
        #expect(notes.unusable == [.idEmpty: 3, .idMissing: 1])
        notes.subtract(PageNotes(unusable: [.idEmpty: 3], referencesIgnored: 9, traitsIgnored: 9))
        #expect(notes == PageNotes(unusable: [.idMissing: 1]))
    }
}

import Audiences
import TestSupport
import Testing

/// The decision what becomes of a replacement whose pages are all there.
struct ReplacementTests {
    private let guarded = Limits.guardedMembersMin

    private func whole() -> SyncSession {
        var session = SyncSession(of: .make(), audience: AudienceState(), at: .start)
        _ = session.receive(.make(), earlierCopy: nil, audience: AudienceState(), at: .start)
        return session
    }

    @Test func withoutAGuardEverythingIsSwitchedIn() {
        var session = whole()
        let later = Timestamp.start.after(minutes: 4)
        let empty = Replacement(membersBefore: 50_000, membersStaying: 0, membersAfter: 0)
        #expect(session.conclude(empty, guardedBy: nil, at: later) == .switchIn)
        #expect(session.status == .committed)
        #expect(session.finishedAt == later)
        #expect(session.movement == Movement(entering: 0, leaving: 50_000))
    }

    /// A quarter may leave, and not one more; who enters does not matter.
    @Test(arguments: [
        (1000, 1000, SyncSession.Conclusion.switchIn), (1000, 750, .switchIn), (1000, 749, .hold),
        (1000, 0, .hold), (1001, 751, .switchIn), (1001, 750, .hold), (4000, 3000, .switchIn),
        (4000, 2999, .hold),
    ])
    func theGuardHoldsWhatRemovesMoreThanItsShare(
        _ before: Int, _ staying: Int, _ expected: SyncSession.Conclusion
    ) {
        for entering in [0, 5000] {
            var session = whole()
            let replacement = Replacement(
                membersBefore: before, membersStaying: staying, membersAfter: staying + entering)
            let conclusion = session.conclude(
                replacement, guardedBy: RemovedFraction(0.25), at: .start)
            #expect(conclusion == expected)
            #expect(session.status == (expected == .hold ? .held : .committed))
            #expect(session.finishedAt == (expected == .hold ? nil : .start))
            #expect(session.movement == replacement.movement)
        }
    }

    @Test func aSmallAudienceIsNeverGuarded() throws {
        let none = try #require(RemovedFraction(0))
        #expect(!none.isExceeded(by: guarded - 1, of: guarded - 1))
        #expect(none.isExceeded(by: 1, of: guarded))
        #expect(!none.isExceeded(by: 0, of: guarded))
    }

    @Test func aGuardOfOneHoldsNothing() throws {
        let all = try #require(RemovedFraction(1))
        #expect(!all.isExceeded(by: guarded, of: guarded))
    }

    @Test(arguments: [0, 0.5, 1, -0.0])
    func aShareIsFromNoneToAll(_ value: Double) {
        #expect(RemovedFraction(value)?.value == value)
    }

    @Test(arguments: [-0.01, 1.01, .infinity, -.infinity, .nan])
    func everythingElseIsNoShare(_ value: Double) {
        #expect(RemovedFraction(value) == nil)
    }

    @Test func movementIsTheDifference() {
        let replacement = Replacement(membersBefore: 10, membersStaying: 7, membersAfter: 12)
        #expect(replacement.movement == Movement(entering: 5, leaving: 3))
    }

    @Test func whatIsHeldMayBeAcceptedLater() {
        var session = whole()
        let all = Replacement(membersBefore: guarded, membersStaying: 0, membersAfter: 0)
        #expect(session.conclude(all, guardedBy: RemovedFraction(0.5), at: .start) == .hold)
        session.accept(at: .start.after(hours: 5))
        #expect(session.status == .committed)
        #expect(session.finishedAt == .start.after(hours: 5))
        #expect(session.movement == Movement(entering: 0, leaving: guarded))
    }

    @Test func anEditChangesWhatItNames() throws {
        var connection = Connection.make(traitsAllowed: ["plan"])
        connection.guardMaxRemoved = RemovedFraction(0.5)
        let later = Timestamp.start.after(hours: 1)
        var edited = connection
        edited.apply(ConnectionEdit(), at: later)
        var expected = connection
        expected.updatedAt = later
        #expect(edited == expected)
        edited.apply(
            ConnectionEdit(
                name: "Fathom", referenceProperty: "user", traitsAllowed: [],
                guardMaxRemoved: .some(nil)), at: later)
        expected.name = "Fathom"
        expected.referenceProperty = "user"
        expected.traitsAllowed = []
        expected.guardMaxRemoved = nil
        #expect(edited == expected)
    }
}

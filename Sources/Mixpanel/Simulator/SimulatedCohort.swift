internal import Audiences

/// A cohort that lives through a full sync and its diffs, as the plan says.
package struct SimulatedCohort: Sendable {
    package let plan: SimulationPlan
    /// In the order Mixpanel makes them: the full sync, then for each diff those who enter,
    /// then those who leave.
    package let exports: [SimulatedExport]
    /// Who is in the cohort when everything was taken, by number.
    private let finalPeople: [UInt32]

    /// Plays the plan, which must have no ``SimulationPlan/problem``.
    package init(_ plan: SimulationPlan) {
        var life = CohortLife(plan)
        var exports = [life.fullSync()]
        for _ in 0..<plan.diffCount {
            exports += life.diff(of: plan.peoplePerDiff)
        }
        for _ in 0..<plan.emptyDiffCount {
            exports += life.diff(of: 0)
        }
        self.plan = plan
        self.exports = exports
        finalPeople = life.known
    }

    package func person(_ number: UInt32) -> InventedPerson {
        InventedPerson(number, of: plan.seed, referenceShare: plan.referenceShare)
    }

    /// Who a receiver that knew nothing of the cohort must hold in the end, ordered by the bytes
    /// of their distinct ids.
    ///
    /// A full sync with a missing page is never taken over; the diffs that follow are.
    package func expectedMembers() -> [ExpectedMember] {
        finalPeople.map { ExpectedMember(person($0)) }
            .sorted { $0.distinctID.lexicographicallyPrecedes($1.distinctID) }
    }

    package var expectedMemberCount: Int { finalPeople.count }
}

/// The cohort as it changes from sync to sync.
private struct CohortLife {
    /// Who is in the cohort at Mixpanel.
    private var present: [UInt32]
    /// Those who left, from whom some come back.
    private var gone: [UInt32] = []
    /// Those of the present who came with a diff.
    private var entered: Set<UInt32> = []
    private var nextPerson: UInt32
    private let plan: SimulationPlan
    private var random: SplitMix64

    /// One in this many who enter was in the cohort before.
    private static let newcomersPerReturn = 4

    init(_ plan: SimulationPlan) {
        self.plan = plan
        present = Array(0..<UInt32(plan.memberCount))
        nextPerson = UInt32(plan.memberCount)
        // The shape of the full sync belongs to its session id: a receiver that has seen
        // a session complete ignores another one of the same name.
        random = SplitMix64(
            seed: plan.seed, stream: UInt64(plan.memberCount) << 32 | UInt64(plan.pageSize))
    }

    /// Who a receiver knows to be in the cohort: without those of a full sync it never completed.
    var known: [UInt32] {
        plan.missingPage == nil ? present : present.filter(entered.contains)
    }

    mutating func fullSync() -> SimulatedExport {
        export(.members, of: present, session: random.uuid(), missingPage: plan.missingPage)
    }

    mutating func diff(of count: Int) -> [SimulatedExport] {
        let session = random.uuid()
        let leaving = takeLeaving(count)
        let entering = takeEntering(count)
        present += entering
        gone += leaving
        entered.formUnion(entering)
        entered.subtract(leaving)
        return [
            export(.addMembers, of: entering, session: session),
            export(.removeMembers, of: leaving, session: session),
        ]
    }

    private mutating func takeLeaving(_ count: Int) -> [UInt32] {
        (0..<min(count, present.count)).map { _ in random.take(from: &present) }
    }

    private mutating func takeEntering(_ count: Int) -> [UInt32] {
        let returning = min(gone.count, count / Self.newcomersPerReturn)
        var entering = (0..<returning).map { _ in random.take(from: &gone) }
        for _ in returning..<count {
            entering.append(nextPerson)
            nextPerson += 1
        }
        return entering
    }

    private func export(
        _ action: SyncAction, of people: [UInt32], session: [UInt8], missingPage: Int? = nil
    ) -> SimulatedExport {
        SimulatedExport(
            action: action, sessionID: session, people: people, pageSize: plan.pageSize,
            missingPage: missingPage)
    }
}

extension SplitMix64 {
    /// Takes one of `people`, who must not be nobody, and changes the order of the others.
    fileprivate mutating func take(from people: inout [UInt32]) -> UInt32 {
        people.swapAt(index(below: people.count), people.count - 1)
        return people.removeLast()
    }
}

import Testing

@testable import Mixpanel

@Suite struct SimulatorPlanTests {
    @Test func thePlanOfTheDefaultsCanBePlayed() {
        #expect(SimulationPlan(seed: 1).problem == nil)
    }

    @Test(arguments: [
        (0, true), (-1, false), (SimulatorLimits.membersMax, true),
        (SimulatorLimits.membersMax + 1, false),
    ])
    func aCohortHasNoMoreMembersThanMixpanelExports(count: Int, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.memberCount = count
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [
        (1, true), (0, false), (SimulatorLimits.pageMembersMax, true),
        (SimulatorLimits.pageMembersMax + 1, false),
    ])
    func aPageHasMembersWithinLimits(size: Int, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.pageSize = size
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [
        (0, true), (-1, false), (SimulatorLimits.diffsMax, true),
        (SimulatorLimits.diffsMax + 1, false), (Int.max, false),
    ])
    func thereAreOnlySoManyDiffs(count: Int, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.diffCount = count
        #expect((plan.problem == nil) == isFine)
        plan.diffCount = 0
        plan.emptyDiffCount = count
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [(0.0, true), (1, true), (-0.1, false), (1.1, false), (.nan, false)])
    func aShareIsFromNothingToAll(share: Double, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.diffShare = share
        #expect((plan.problem == nil) == isFine)
        plan.diffShare = 0
        plan.referenceShare = share
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [(9, true), (10, false)])
    func aPlanNeedsNoMorePeopleThanFitIntoMemory(diffs: Int, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.memberCount = SimulatorLimits.membersMax
        plan.diffShare = 1
        plan.diffCount = diffs
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [(1, true), (20, true), (0, false), (21, false)])
    func onlyAPageThatIsThereCanBeMissing(page: Int, isFine: Bool) {
        var plan = SimulationPlan(seed: 1)
        plan.missingPage = page
        #expect((plan.problem == nil) == isFine)
    }

    @Test(arguments: [(0, 1), (1, 1), (1000, 1), (1001, 2), (20_000, 20)])
    func anExportHasAsManyPagesAsItNeedsAndAtLeastOne(people: Int, pages: Int) {
        #expect(SimulatedExport.pageCount(of: people, pageSize: 1000) == pages)
    }
}

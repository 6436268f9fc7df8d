/// What a simulation sends: two runs of the same plan send the same bytes.
package struct SimulationPlan: Sendable, Hashable {
    package var seed: UInt64
    /// How many people the full sync has.
    package var memberCount = 20_000
    /// People a page.
    ///
    /// Mixpanel documents 1000 for diffs, and the same is assumed for a full sync.
    package var pageSize = 1000
    /// Syncs after the full one in which people enter and leave.
    package var diffCount = 3
    /// Which share of the cohort enters, and which leaves, with each diff: 0…1.
    package var diffShare = 0.01
    /// Syncs after those in which nothing changed.
    ///
    /// Mixpanel calls the webhook then, too, with an empty add and an empty remove.
    package var emptyDiffCount = 1
    /// Which share of the people has a `reference_id`: 0…1.
    package var referenceShare = 0.8
    /// This page of the full sync is never sent, 1-based; the full sync then never completes.
    package var missingPage: Int?

    package init(seed: UInt64) {
        self.seed = seed
    }

    /// What is wrong with the plan, in a sentence; `nil` if it can be played.
    package var problem: String? {
        if !(0...SimulatorLimits.membersMax).contains(memberCount) {
            return "A cohort has 0 to \(SimulatorLimits.membersMax) members."
        }
        if !(1...SimulatorLimits.pageMembersMax).contains(pageSize) {
            return "A page has 1 to \(SimulatorLimits.pageMembersMax) members."
        }
        let diffsPossible = 0...SimulatorLimits.diffsMax
        if !diffsPossible.contains(diffCount) || !diffsPossible.contains(emptyDiffCount) {
            return "There can be 0 to \(SimulatorLimits.diffsMax) diffs of each kind."
        }
        if !(0...1).contains(diffShare) || !(0...1).contains(referenceShare) {
            return "A share is a number from 0 to 1."
        }
        if memberCount + diffCount * peoplePerDiff > SimulatorLimits.peopleMax {
            return "The plan needs more than \(SimulatorLimits.peopleMax) people."
        }
        if let missingPage, !(1...fullSyncPageCount).contains(missingPage) {
            return "The full sync has the pages 1 to \(fullSyncPageCount)."
        }
        return nil
    }

    /// How many enter, and how many leave, with each diff.
    package var peoplePerDiff: Int {
        Int((Double(memberCount) * diffShare).rounded())
    }

    private var fullSyncPageCount: Int {
        SimulatedExport.pageCount(of: memberCount, pageSize: pageSize)
    }
}

/// Every maximum of the simulator.
package enum SimulatorLimits {
    /// Mixpanel exports no larger cohort.
    package static let membersMax = 10_000_000
    /// A hundred times Mixpanel's page is enough to find where a receiver refuses one.
    package static let pageMembersMax = 100_000
    /// Three weeks of a sync every 30 minutes.
    package static let diffsMax = 1000
    /// People are numbers of four bytes; this many of them take 400 MB.
    package static let peopleMax = 100_000_000
    /// Paged lists that are remembered at once; a client needs one.
    package static let engageSessionsMax = 100
    /// Pages whose fate is remembered: a full sync of the largest cohort has ten times as many,
    /// and nobody reads that.
    package static let deliveriesMax = 1000
    /// Profiles that are written to one project; invented ones are numbers, and need no room.
    package static let profilesMax = 100_000
    /// Events that are imported into one project; those made up need no room.
    package static let eventsMax = 100_000
    /// Events that are made up at once.
    package static let inventedEventsMax = 100_000_000
    /// Projects, cohorts, destinations and faults, each: invented by hand.
    package static let thingsMax = 1000
}

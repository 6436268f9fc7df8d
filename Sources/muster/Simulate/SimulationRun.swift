internal import Audiences
internal import Mixpanel

/// Plays a cohort against a receiver: one export after the other, as many pages at a time as asked.
///
/// An export begins when all pages of the one before have been answered; so the order in which
/// people enter and leave is the same for every way of sending.
struct SimulationRun: Sendable {
    let cohort: SimulatedCohort
    let name: SimulatedCohortName
    let delivery: Delivery
    /// How many pages are under way at once; at least 1.
    let parallel: Int
    let sender: Sender

    /// Sends everything, or stops where Mixpanel would: when the sync is paused or the retries
    /// of a page are used up.
    ///
    /// - Parameter progress: called after each page with what has been done so far.
    /// - Returns: what was sent and how it went.
    /// - Throws: `CancellationError` only.
    func play(progress: (RunTally) -> Void) async throws -> RunTally {
        let schedule = cohort.exports.map { delivery.pages(of: $0, seed: cohort.plan.seed) }
        var tally = RunTally(pagesPlanned: schedule.reduce(0) { $0 + $1.count })
        for (export, pages) in zip(cohort.exports, schedule) where !tally.isStopped {
            try await send(pages, of: export, &tally, progress)
        }
        tally.stopClock()
        return tally
    }

    private func send(
        _ pages: [Int], of export: SimulatedExport, _ tally: inout RunTally,
        _ progress: (RunTally) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (PageReport, Int).self) { group in
            var waiting = pages[...]
            var underWay = 0
            while true {
                while underWay < parallel, let page = waiting.popFirst() {
                    group.addTask { try await send(page, of: export) }
                    underWay += 1
                }
                guard let (report, members) = try await group.next() else { return }
                underWay -= 1
                tally.count(report, members: members)
                progress(tally)
                if tally.isStopped {
                    group.cancelAll()
                    return
                }
            }
        }
    }

    private func send(_ page: Int, of export: SimulatedExport) async throws -> (PageReport, Int) {
        let body = cohort.body(ofPage: page, of: export, as: name)
        let report = try await sender.send(body, export.action)
        return (report, export.people(onPage: page).count)
    }
}

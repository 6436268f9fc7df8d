import Foundation
import Mixpanel
import Synchronization
import Testing

@testable import muster

@Suite struct SimulateRunTests {
    @Test(arguments: [1, 3, 50])
    func everyPageIsSentAndCounted(parallel: Int) async throws {
        let receiver = Receiver()
        var told: [Int] = []
        let tally = try await run(receiver, parallel: parallel).play { told.append($0.pagesSent) }
        #expect(tally.pagesPlanned == 12)
        #expect(tally.pagesSent == 12)
        #expect(tally.pagesAccepted == 12)
        #expect(tally.pagesFailed == 0)
        #expect(tally.membersAccepted == 100 + 2 * 10)
        #expect(tally.latencies.count == 12)
        #expect(tally.elapsed > .zero)
        #expect(tally.exitCode == 0)
        #expect(told == Array(1...12))
        #expect(receiver.underWayMax <= parallel)
    }

    @Test func anExportBeginsWhenTheOneBeforeHasEnded() async throws {
        let receiver = Receiver()
        _ = try await run(receiver, parallel: 4).play { _ in }
        let members = Array(repeating: "members", count: 10)
        #expect(receiver.actions == members + ["add_members", "remove_members"])
    }

    @Test(arguments: [(400, 65), (401, 77), (403, 77), (404, 69)] as [(Int, Int32)])
    func aPausedSyncSendsNothingMore(status: Int, exitCode: Int32) async throws {
        let receiver = Receiver(statuses: [200, 200, status])
        let tally = try await run(receiver, parallel: 1).play { _ in }
        #expect(receiver.actions.count == 3)
        #expect(tally.trouble == .paused(status: status, message: nil))
        #expect(tally.pagesSent == 3)
        #expect(tally.pagesFailed == 1)
        #expect(tally.exitCode == exitCode)
    }

    @Test func aPageThatIsGivenUpEndsTheRun() async throws {
        let receiver = Receiver(statuses: Array(repeating: 503, count: 6))
        let tally = try await run(receiver, parallel: 1).play { _ in }
        #expect(receiver.actions.count == 6)
        #expect(tally.retries == 5)
        #expect(tally.trouble == .exhausted(why: "status 503"))
        #expect(tally.exitCode == 69)
    }

    @Test func anAnswerMixpanelCannotReadIsCountedAndTheRunGoesOn() async throws {
        let receiver = Receiver(statuses: [302, 200, 304])
        let tally = try await run(receiver, parallel: 1).play { _ in }
        #expect(receiver.actions.count == 12)
        #expect(tally.pagesFailed == 2)
        #expect(tally.trouble == .misanswered(why: "status 302"))
        #expect(tally.exitCode == 76)
    }

    @Test func aStopTakesTheWordFromALesserTrouble() async throws {
        let receiver = Receiver(statuses: [302, 401])
        let tally = try await run(receiver, parallel: 1).play { _ in }
        #expect(tally.exitCode == 77)
    }

    private func run(_ receiver: Receiver, parallel: Int) -> SimulationRun {
        var plan = SimulationPlan(seed: 5)
        plan.memberCount = 100
        plan.pageSize = 10
        plan.diffCount = 1
        plan.diffShare = 0.1
        plan.emptyDiffCount = 0
        return SimulationRun(
            cohort: SimulatedCohort(plan),
            name: SimulatedCohortName(projectID: "1", cohortID: "2", name: "n"),
            delivery: Delivery(order: .shuffled, repeatShare: 0), parallel: parallel,
            sender: Sender(retries: RetrySchedule(), sleep: { _ in }, post: receiver.post))
    }
}

/// Answers with the given statuses, then with 200, and notes what it was asked.
private final class Receiver: Sendable {
    private struct State {
        var statuses: ArraySlice<Int>
        var actions: [String] = []
        var underWay = 0
        var underWayMax = 0
    }

    private let state: Mutex<State>

    init(statuses: [Int] = []) {
        state = Mutex(State(statuses: statuses[...]))
    }

    var actions: [String] { state.withLock { $0.actions } }
    var underWayMax: Int { state.withLock { $0.underWayMax } }

    @Sendable func post(_ body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        let page = try JSONDecoder().decode(Page.self, from: Data(body))
        let status = state.withLock { state in
            state.actions.append(page.action)
            state.underWay += 1
            state.underWayMax = max(state.underWayMax, state.underWay)
            return state.statuses.popFirst() ?? 200
        }
        await Task.yield()
        state.withLock { $0.underWay -= 1 }
        return (status, Array(#"{"action":"\#(page.action)","status":"success"}"#.utf8))
    }

    private struct Page: Decodable {
        let action: String
    }
}

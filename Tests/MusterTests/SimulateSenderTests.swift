import Audiences
import Mixpanel
import Synchronization
import Testing

@testable import muster

@Suite struct SimulateSenderTests {
    @Test func aPageThatIsTakenIsSentOnce() async throws {
        let script = Script([.answer(200)])
        let report = try await script.sender().send(Array("page".utf8), .members)
        #expect(report.outcome == .accepted)
        #expect(report.retries == 0)
        #expect(report.latencies.count == 1)
        #expect(script.bodies == [Array("page".utf8)])
        #expect(script.waits.isEmpty)
    }

    @Test func aPageIsSentAgainUntilItIsTaken() async throws {
        let script = Script([.answer(503), .silence, .answer(429), .answer(200)])
        let report = try await script.sender().send(Array("page".utf8), .members)
        #expect(report.outcome == .accepted)
        #expect(report.retries == 3)
        // Silence is no answer, so it has no latency.
        #expect(report.latencies.count == 3)
        #expect(script.bodies == Array(repeating: Array("page".utf8), count: 4))
        #expect(script.waits == (1...3).compactMap { RetrySchedule().wait(beforeRetry: $0) })
    }

    @Test func afterFiveRetriesThePageIsGivenUp() async throws {
        let script = Script(Array(repeating: .answer(500), count: 5) + [.silence, .answer(200)])
        let report = try await script.sender().send([], .members)
        #expect(report.outcome == .exhausted(why: "no answer in time"))
        #expect(report.retries == 5)
        #expect(script.bodies.count == 6)
    }

    @Test(arguments: [400, 401, 403, 404])
    func aRefusalIsNotRepeated(status: Int) async throws {
        let script = Script([.answer(status), .answer(200)])
        let report = try await script.sender().send([], .members)
        #expect(report.outcome == .paused(status: status, message: nil))
        #expect(script.bodies.count == 1)
    }

    @Test func anAnswerThatMeansNothingIsNotRepeated() async throws {
        let script = Script([.answer(302), .answer(200)])
        let report = try await script.sender().send([], .members)
        #expect(report.outcome == .misanswered(why: "status 302"))
        #expect(script.bodies.count == 1)
    }

    @Test func aCancelledWaitEndsTheSending() async throws {
        let script = Script([.answer(503), .answer(200)])
        let sender = Sender(
            retries: RetrySchedule(), sleep: { _ in throw CancellationError() }, post: script.post)
        await #expect(throws: CancellationError.self) { try await sender.send([], .members) }
        #expect(script.bodies.count == 1)
    }
}

/// A receiver that answers by heart, and a clock that only takes notes.
final class Script: Sendable {
    enum Step: Sendable {
        case answer(Int)
        case silence
    }

    private struct State {
        var steps: ArraySlice<Step>
        var bodies: [[UInt8]] = []
        var waits: [Duration] = []
    }

    private let state: Mutex<State>

    init(_ steps: [Step]) {
        state = Mutex(State(steps: steps[...]))
    }

    var bodies: [[UInt8]] { state.withLock { $0.bodies } }
    var waits: [Duration] { state.withLock { $0.waits } }

    func sender() -> Sender {
        Sender(
            retries: RetrySchedule(),
            sleep: { wait in self.state.withLock { $0.waits.append(wait) } }, post: post)
    }

    @Sendable func post(_ body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        let step = state.withLock { state in
            state.bodies.append(body)
            return state.steps.popFirst()
        }
        guard case .answer(let status) = step else { throw HTTPExchangeError.timedOut }
        return (status, Array(#"{"action":"members","status":"success"}"#.utf8))
    }
}

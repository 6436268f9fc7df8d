import Testing

@testable import Mixpanel

@Suite struct SimulatorRetryTests {
    @Test func fiveRetriesTakeAMinute() {
        let waits = (1...5).compactMap { RetrySchedule().wait(beforeRetry: $0) }
        #expect(waits.count == 5)
        let total = waits.reduce(.zero, +)
        #expect(total > .milliseconds(59_999) && total < .milliseconds(60_001))
    }

    @Test(arguments: 1...4)
    func eachWaitIsTwiceTheOneBefore(number: Int) throws {
        let schedule = RetrySchedule()
        let wait = try #require(schedule.wait(beforeRetry: number))
        let next = try #require(schedule.wait(beforeRetry: number + 1))
        #expect(abs(next / wait - 2) < 1e-9)
    }

    @Test(arguments: [0, 6, -1, Int.max])
    func thereIsNoOtherRetry(number: Int) {
        #expect(RetrySchedule().wait(beforeRetry: number) == nil)
    }

    @Test func theScaleShortensAllWaits() throws {
        let short = try #require(RetrySchedule(scale: 0.5).wait(beforeRetry: 3))
        let long = try #require(RetrySchedule().wait(beforeRetry: 3))
        #expect(abs(long / short - 2) < 1e-9)
        #expect(RetrySchedule(scale: 0).wait(beforeRetry: 5) == .zero)
    }
}

import Foundation
import Testing

@testable import muster

@Suite struct SimulateSummaryTests {
    @Test func percentilesAreOfTheNearestRank() throws {
        let latency = try #require(Latency((1...100).reversed().map { .milliseconds($0) }))
        #expect(latency.median == .milliseconds(50))
        #expect(latency.percentile99 == .milliseconds(99))
        #expect(latency.longest == .milliseconds(100))
    }

    @Test(arguments: [(1, 1, 1), (2, 1, 2), (3, 2, 3), (101, 51, 100), (200, 100, 198)])
    func percentilesOfFewAreSomeOfThem(count: Int, median: Int, percentile99: Int) throws {
        let latency = try #require(Latency((1...count).map { .milliseconds($0) }))
        #expect(latency.median == .milliseconds(median))
        #expect(latency.percentile99 == .milliseconds(percentile99))
        #expect(latency.longest == .milliseconds(count))
    }

    @Test func withoutAnswersThereAreNoPercentiles() {
        #expect(Latency([]) == nil)
    }

    @Test func theSummaryForProgramsIsOneLineOfJSON() throws {
        let line = summary(PageReport(outcome: .accepted, retries: 2, latencies: [.seconds(1)]))
            .json
        #expect(!line.contains("\n"))
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["outcome"] as? String == "completed")
        #expect(object["message"] is NSNull)
        #expect(object["seed"] as? String == "18446744073709551615")
        #expect(object["pages_planned"] as? Int == 4)
        #expect(object["pages_accepted"] as? Int == 1)
        #expect(object["pages_failed"] as? Int == 0)
        #expect(object["members_accepted"] as? Int == 1000)
        #expect(object["members_expected"] as? Int == 20_000)
        #expect(object["retries"] as? Int == 2)
        #expect(object["seconds"] as? Double != nil)
        #expect(object["pages_per_second"] as? Double != nil)
        #expect(object["members_per_second"] as? Double != nil)
        #expect(
            object["latency_ms"] as? [String: Double] == ["p50": 1000, "p99": 1000, "max": 1000])
    }

    @Test func aRunWithoutAnswersHasNoLatency() throws {
        let line = summary(PageReport(outcome: .exhausted(why: "no such host"))).json
        #expect(line.contains(#""latency_ms":null"#))
        #expect(line.contains(#""outcome":"exhausted""#))
    }

    @Test(arguments: [
        (PageReport.Outcome.accepted, "The audience must now have 20000 members."),
        (.misanswered(why: "status 302"), "Mixpanel could not tell a success: status 302."),
        (
            .paused(status: 401, message: "Wrong secret."),
            "Mixpanel would pause the sync: status 401, Wrong secret."
        ),
        (
            .paused(status: 404, message: nil),
            "Mixpanel would pause the sync: status 404, no message."
        ),
        (
            .exhausted(why: "status 503"),
            "Mixpanel would give up until the next run after 5 retries: status 503."
        ),
    ])
    func theSummaryForPeopleSaysHowItEnded(outcome: PageReport.Outcome, sentence: String) {
        let lines = summary(PageReport(outcome: outcome, latencies: [.milliseconds(3)])).text
            .split(separator: "\n")
        #expect(lines.contains("Answers took 3.00 ms (p50), 3.00 ms (p99), 3.00 ms (max)."))
        #expect(lines.contains { $0 == sentence }, "\(lines)")
        #expect(lines.last == "The same again: --seed 18446744073709551615")
    }

    private func summary(_ report: PageReport) -> Summary {
        var tally = RunTally(pagesPlanned: 4)
        tally.count(report, members: 1000)
        tally.stopClock()
        return Summary(tally: tally, seed: .max, membersExpected: 20_000)
    }
}

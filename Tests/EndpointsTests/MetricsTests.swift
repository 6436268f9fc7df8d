import Audiences
import Endpoints
import HTTPWire
import MetricsTestKit
import TestSupport
import Testing

@Suite struct MetricsTests {
    private let metrics = TestMetrics()

    private func house() -> House {
        House(metrics: Metrics(factory: metrics) { "muster_ready 1\n" })
    }

    private func count(_ name: String, _ labels: [(String, String)] = []) -> Int64? {
        try? metrics.expectCounter(name, labels).totalValue
    }

    @Test func whatIsScrapedIsTheTextFormat() async throws {
        let answer = try await house().send(.get, "/metrics")
        #expect(answer.status == 200)
        #expect(answer.text == "muster_ready 1\n")
        #expect(
            answer.response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.response.header("Cache-Control") == "no-store")
    }

    @Test func aPageIsCountedWithItsMembersAndThoseLeftOut() async throws {
        let house = house()
        let (connection, headers) = try await house.connect()
        let body = ArrayBody(
            """
            {"action":"add_members","parameters":{"mixpanel_cohort_id":"7","members":[
            {"mixpanel_distinct_id":"ida"},{"mixpanel_distinct_id":"ben"},{},5]}}
            """)
        #expect(
            try await house.send(.post, connection.webhookPath, headers: headers, body: body)
                .status == 200)
        let action = [("action", "add_members")]
        #expect(count(SyncMetrics.pages, action + [("outcome", "applied")]) == 1)
        #expect(count(SyncMetrics.members, action) == 2)
        let unusable = metrics.counters.filter { $0.label == SyncMetrics.unusable }
        #expect(unusable.reduce(0) { $0 + $1.totalValue } == 2)
        #expect(count(SyncMetrics.unusablePages) == 0)
    }

    @Test func aPageOfNothingButUnusableMembersIsCountedForItself() async throws {
        let house = house()
        let (connection, headers) = try await house.connect()
        for members in ["[{},{}]", "[]"] {
            let body = ArrayBody(
                """
                {"action":"members","parameters":{"mixpanel_cohort_id":"7","members":\(members)}}
                """)
            _ = try await house.send(
                .post, connection.webhookPath, headers: headers, body: body)
        }
        #expect(count(SyncMetrics.unusablePages) == 1)
    }

    @Test func aRefusedPageIsNone() async throws {
        let house = house()
        let (connection, headers) = try await house.connect()
        _ = try await house.send(
            .post, connection.webhookPath, headers: headers, body: ArrayBody("{}"))
        #expect(metrics.counters.allSatisfy { $0.label == SyncMetrics.unusablePages })
    }
}

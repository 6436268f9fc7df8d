import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@Suite struct AudienceTests {
    let house = House()

    /// An audience of `count` people, and the key that may ask.
    private func audience(of count: Int) async throws -> (id: String, key: [(String, String)]) {
        let (connection, open) = try await house.connect()
        let ids = (0..<count).map { "p\($0)" }
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open, body: house.page("members", ids))
        #expect(answer.status == 200)
        let key = try await house.operatorKey()
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        return (try #require(list.data.first?["id"] as? String), key)
    }

    @Test func anAudienceShowsAllItsFields() async throws {
        let (id, key) = try await audience(of: 2)
        let answer = try await house.send(.get, "/v1/audiences/\(id)", headers: key)
        let keys = Set(answer.object.keys)
        #expect(
            keys == [
                "id", "name", "description", "connection_id", "mixpanel_project_id",
                "mixpanel_cohort_id", "member_count", "status", "as_of", "needs_reconcile",
                "needs_reconcile_reason", "held", "last_sync", "created_at", "updated_at",
            ])
        #expect(answer.object["member_count"] as? Int == 2)
        #expect(answer.object["name"] as? String == "Buyers")
        #expect(answer.object["mixpanel_cohort_id"] as? String == "5540912")
        #expect(answer.object["mixpanel_project_id"] as? String == "3012457")
        #expect(answer.object["status"] as? String == "live")
        #expect(answer.object["as_of"] as? String == "2026-11-21T09:57:52.007Z")
        #expect(answer.object["needs_reconcile"] as? Bool == false)
        let sync = try #require(answer.object["last_sync"] as? [String: Any])
        #expect(sync["status"] as? String == "committed")
        #expect(sync["members_received"] as? Int == 2)
    }

    @Test func anAudienceGoesStaleWithoutASync() async throws {
        let (id, key) = try await audience(of: 1)
        house.clock.advance(milliseconds: 91 * 60 * 1000)
        let answer = try await house.send(.get, "/v1/audiences/\(id)", headers: key)
        #expect(answer.object["status"] as? String == "stale")
        let found = try await house.send(.get, "/v1/memberships?match_id=ref-p0", headers: key)
        let audiences = try #require(found.object["audiences"] as? [[String: Any]])
        #expect(audiences.first?["status"] as? String == "stale")
    }

    @Test func membersArePagedToTheLast() async throws {
        let (id, key) = try await audience(of: 7)
        var seen: [String] = []
        var path = "/v1/audiences/\(id)/members?limit=3"
        for round in 0..<3 {
            let answer = try await house.send(.get, path, headers: key)
            seen += answer.data.compactMap { $0["mixpanel_distinct_id"] as? String }
            #expect(answer.object["object"] as? String == "list")
            #expect(answer.object["has_more"] as? Bool == (round < 2))
            guard let next = answer.object["next"] as? String else { break }
            path = "/v1/audiences/\(id)/members?limit=3&after=\(next)"
        }
        #expect(Set(seen) == Set((0..<7).map { "p\($0)" }))
        #expect(seen.count == 7)
    }

    @Test func aMemberShowsAllItsFields() async throws {
        let (id, key) = try await audience(of: 1)
        let answer = try await house.send(.get, "/v1/audiences/\(id)/members", headers: key)
        #expect(
            answer.text == """
                {"object":"list","audience":{"id":"\(id)","status":"live",\
                "as_of":"2026-11-21T09:57:52.007Z"},"data":[{"mixpanel_distinct_id":"p0",\
                "reference_id":"ref-p0","match_id":"ref-p0",\
                "entered_at":"2026-11-21T09:57:52.007Z","traits":{}}],\
                "has_more":false,"next":null}
                """)
    }

    @Test(arguments: ["0", "1001", "+5", "x", "", "-1", "1.0", "99999999999999999999"])
    func aLimitOutOfRangeIsSaid(limit: String) async throws {
        let (id, key) = try await audience(of: 1)
        let answer = try await house.send(
            .get, "/v1/audiences/\(id)/members?limit=\(limit)", headers: key)
        #expect(answer.status == 400)
        #expect(answer.errorMessage?.contains("limit") == true)
    }

    @Test func limitsAtBothEndsAreTaken() async throws {
        let (id, key) = try await audience(of: 2)
        for limit in ["1", "1000"] {
            let answer = try await house.send(
                .get, "/v1/audiences/\(id)/members?limit=\(limit)", headers: key)
            #expect(answer.status == 200)
        }
    }

    @Test func anEmptyCursorIsTheFirstPage() async throws {
        let (id, key) = try await audience(of: 2)
        let answer = try await house.send(
            .get, "/v1/audiences/\(id)/members?after=", headers: key)
        #expect(answer.data.count == 2)
    }

    @Test func aCursorNobodyMadeIsInvalid() async throws {
        let (id, key) = try await audience(of: 1)
        let answer = try await house.send(
            .get, "/v1/audiences/\(id)/members?after=nonsense", headers: key)
        #expect(answer.status == 400)
    }

    @Test func exportsAreWholeInBothFormats() async throws {
        let (id, key) = try await audience(of: 5)
        let lines = try await house.send(.get, "/v1/audiences/\(id)/export", headers: key)
        #expect(lines.response.header("Content-Type") == "application/x-ndjson")
        #expect(lines.response.header("Muster-Status") == "live")
        #expect(lines.response.header("Muster-As-Of") == "2026-11-21T09:57:52.007Z")
        #expect(lines.text.split(separator: "\n").count == 5)
        let csv = try await house.send(
            .get, "/v1/audiences/\(id)/export?format=csv", headers: key)
        let rows = csv.text.components(separatedBy: "\r\n")
        #expect(rows.first == "mixpanel_distinct_id,reference_id,match_id,entered_at,traits")
        #expect(rows.count == 7 && rows.last == "")
        let wrong = try await house.send(
            .get, "/v1/audiences/\(id)/export?format=xml", headers: key)
        #expect(wrong.status == 400)
    }

    @Test func csvQuotesWhatWouldBreakARow() async throws {
        let (connection, open) = try await house.connect()
        let body = ArrayBody(
            """
            {"action":"members","parameters":{"mixpanel_cohort_id":"9","members":[
            {"mixpanel_distinct_id":"a,\\"b\\"\\nc"}]}}
            """)
        _ = try await house.send(.post, connection.webhookPath, headers: open, body: body)
        let key = try await house.operatorKey()
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        let id = try #require(list.data.first?["id"] as? String)
        let csv = try await house.send(.get, "/v1/audiences/\(id)/export?format=csv", headers: key)
        #expect(csv.text.contains("\"a,\"\"b\"\"\nc\",,"))
    }

    @Test func theSyncLogIsNewestFirst() async throws {
        let (connection, open) = try await house.connect()
        for (action, session) in [("members", "s1"), ("add_members", "s2")] {
            _ = try await house.send(
                .post, connection.webhookPath, headers: open,
                body: house.page(action, ["a"], session: session))
            house.clock.advance(milliseconds: 1000)
        }
        let key = try await house.operatorKey()
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        let id = try #require(list.data.first?["id"] as? String)
        let syncs = try await house.send(.get, "/v1/audiences/\(id)/syncs", headers: key)
        #expect(syncs.data.compactMap { $0["session_id"] as? String } == ["s2", "s1"])
        #expect(syncs.data[1]["status"] as? String == "committed")
        #expect(syncs.data[1]["pages_total"] as? Int == 1)
    }

    @Test func filtersNarrowTheList() async throws {
        let (_, key) = try await audience(of: 1)
        for (query, count) in [
            ("cohort=5540912", 1), ("cohort=1", 0), ("project=3012457&cohort=5540912", 1),
            ("connection=&project=&cohort=", 1), ("project=9", 0),
            ("connection=conn_0123456789abcdef", 0),
        ] {
            let answer = try await house.send(.get, "/v1/audiences?\(query)", headers: key)
            #expect(answer.data.count == count, "\(query)")
        }
        let wrong = try await house.send(.get, "/v1/audiences?connection=x", headers: key)
        #expect(wrong.status == 400)
    }

    @Test(arguments: ["", "/members", "/export", "/syncs"])
    func anAudienceNobodyKnowsIsNotFound(suffix: String) async throws {
        let key = try await house.operatorKey()
        for id in ["aud_0123456789abcdef", "x"] {
            let answer = try await house.send(
                .get, "/v1/audiences/\(id)\(suffix)", headers: key)
            #expect(answer.status == 404)
            #expect(answer.errorCode == "not_found")
        }
    }
}

import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@testable import Endpoints

/// Launch rules over HTTP.
@Suite struct LaunchRuleTests {
    @Test func aRuleIsMadeWithItsDefaultsAndChanged() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let made = try await house.operate(
            .post, "/launch_rules",
            """
            {"study_id":"\(study)","name":"Leavers","event_name":"checkout_abandoned"}
            """, answers: 201)
        #expect(made.object["status"] as? String == "draft")
        #expect(made.object["connection_id"] as? String == house.connection)
        #expect(made.object["surface"] as? String == "sdk_prompt")
        #expect(made.object["priority"] as? Int == 0)
        #expect(made.object["starts_per_person_max"] as? Int == 1)
        #expect(made.object["sample_percent"] as? Int == 100)
        #expect(made.object["audience_id"] is NSNull)
        let path = "/launch_rules/" + (try #require(made.object["id"] as? String))
        let changed = try await house.operate(
            .patch, path,
            """
            {"event_name":"basket_left","surface":"direct_link","priority":-5,
            "cooldown_hours":24,"starts_per_person_max":null,"starts_total_max":500,
            "starts_at":"2026-12-01T08:00:00Z","ends_at":"2026-12-24T08:00:00+01:00",
            "sample_percent":12.34,"excluded_audience_ids":["\(house.audience)"],
            "prompt":{"title":"Five minutes?","start_label":"Go"}}
            """)
        #expect(changed.object["event_name"] as? String == "basket_left")
        #expect(changed.object["priority"] as? Int == -5)
        #expect(changed.object["starts_per_person_max"] is NSNull)
        #expect(changed.object["ends_at"] as? String == "2026-12-24T07:00:00.000Z")
        #expect(changed.text.contains("\"sample_percent\":12.34"))
        let cleared = try await house.operate(
            .patch, path, #"{"starts_at":null,"cooldown_hours":null,"prompt":{"title":null}}"#)
        #expect(cleared.object["starts_at"] is NSNull)
        let prompt = cleared.object["prompt"] as? [String: Any]
        #expect(prompt?["title"] is NSNull)
        #expect(prompt?["start_label"] as? String == "Go")
    }

    @Test(arguments: [
        #""name":"x""#, #""event_name":"e","audience_id":"AUDIENCE""#, #""event_name":"""#,
        #""audience_id":"x""#, #""event_name":"e","status":"paused""#,
        #""event_name":"e","surface":"popup""#, #""event_name":"e","priority":1000001"#,
        #""event_name":"e","cooldown_hours":0"#, #""event_name":"e","cooldown_hours":8761"#,
        #""event_name":"e","starts_per_person_max":0"#, #""event_name":"e","starts_at":"today""#,
        #""event_name":"e","sample_percent":100.01"#, #""event_name":"e","sample_percent":-1"#,
        #""event_name":"e","sample_percent":0.001"#, #""event_name":"e","prompt":"Hello""#,
        #""event_name":"e","prompt":{"text":"Hello"}"#,
        #""event_name":"e","prompt":{"title":""}"#,
        #""event_name":"e","excluded_audience_ids":"AUDIENCE""#,
        #""event_name":"e","excluded_audience_ids":["x"]"#,
        #""event_name":"e","starts_at":"2026-12-02T00:00:00Z","ends_at":"2026-12-02T00:00:00Z""#,
    ])
    func aRuleThatCannotBeMeantIsInvalid(settings: String) async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let settings = settings.replacing("AUDIENCE", with: house.audience)
        try await house.operate(
            .post, "/launch_rules",
            "{\"study_id\":\"\(study)\",\"name\":\"r\",\(settings)}"
                .replacing(#""name":"r","name":"x""#, with: #""name":"x""#), answers: 400)
    }

    /// The bounds of what a rule may be, at each and one past it.
    @Test(arguments: [
        ("priority", 1_000_000, 1_000_001), ("priority", -1_000_000, -1_000_001),
        ("cooldown_hours", 8760, 8761), ("starts_total_max", 1_000_000_000, 1_000_000_001),
    ])
    func aNumberHasItsBounds(key: String, taken: Int, refused: Int) async throws {
        let house = try await AppHouse()
        let path = "/launch_rules/" + (try await house.audienceRule(of: house.study()))
        try await house.operate(.patch, path, "{\"\(key)\":\(taken)}")
        try await house.operate(.patch, path, "{\"\(key)\":\(refused)}", answers: 400)
    }

    @Test func aTextOfThePromptHasABound() async throws {
        let house = try await AppHouse()
        let path = "/launch_rules/" + (try await house.audienceRule(of: house.study()))
        for (count, status) in [(1000, 200), (1001, 400)] {
            let text = String(repeating: "a", count: count)
            try await house.operate(
                .patch, path, "{\"prompt\":{\"message\":\"\(text)\"}}", answers: status)
        }
        let event = try await house.rule(of: house.study(), #""event_name":"e""#)
        try await house.operate(.patch, "/launch_rules/\(event)", #"{"status":"paused"}"#)
        for (count, status) in [(255, 200), (256, 400)] {
            let name = String(repeating: "a", count: count)
            try await house.operate(
                .patch, "/launch_rules/\(event)", "{\"event_name\":\"\(name)\"}", answers: status)
        }
    }

    @Test func aRuleLeavesOutSoManyAudiencesAndNotOneMore() async throws {
        let house = try await AppHouse()
        let path = "/launch_rules/" + (try await house.audienceRule(of: house.study()))
        for (count, status) in [(100, 200), (101, 400)] {
            let ids = Array(repeating: "\"\(house.audience)\"", count: count)
            try await house.operate(
                .patch, path,
                "{\"excluded_audience_ids\":[\(ids.joined(separator: ","))]}", answers: status)
        }
    }

    @Test func aTriggersKindIsFixedAndItsTargetIsWhileItActs() async throws {
        let house = try await AppHouse()
        let path =
            "/launch_rules/" + (try await house.rule(of: house.study(), #""event_name":"e""#))
        try await house.operate(.patch, path, #"{"event_name":"f"}"#, answers: 409)
        try await house.operate(.patch, path, #"{"status":"paused"}"#)
        try await house.operate(.patch, path, #"{"event_name":"f"}"#)
        try await house.operate(
            .patch, path, "{\"audience_id\":\"\(house.audience)\"}", answers: 409)
    }

    @Test func rulesAreListedByStudyAndStatus() async throws {
        let house = try await AppHouse()
        let (first, second) = (try await house.study(), try await house.study())
        let rule = try await house.audienceRule(of: first)
        _ = try await house.audienceRule(of: second)
        try await house.operate(.patch, "/launch_rules/\(rule)", #"{"status":"archived"}"#)
        func ids(_ query: String) async throws -> [String] {
            try await house.operate(.get, "/launch_rules" + query).data
                .compactMap { $0["id"] as? String }
        }
        #expect(try await ids("?study=\(first)") == [rule])
        #expect(try await ids("?status=archived") == [rule])
        #expect(try await ids("").count == 2)
        try await house.operate(.get, "/launch_rules?status=gone", answers: 400)
        try await house.operate(
            .patch, "/launch_rules/\(rule)", #"{"status":"active"}"#, answers: 409)
    }

    @Test func whatNobodyKnowsIsNotFound() async throws {
        let house = try await AppHouse()
        for id in [LaunchRuleID.make(9).text, "x"] {
            try await house.operate(.get, "/launch_rules/\(id)", answers: 404)
            try await house.operate(.get, "/launch_rules/\(id)/funnel", answers: 404)
            try await house.operate(.patch, "/launch_rules/\(id)", "{}", answers: 404)
        }
        try await house.operate(
            .post, "/launch_rules",
            "{\"study_id\":\"\(StudyID.make(9).text)\",\"name\":\"r\",\"event_name\":\"e\"}",
            answers: 404)
        let study = try await house.study()
        try await house.operate(
            .post, "/launch_rules",
            """
            {"study_id":"\(study)","name":"r",
            "audience_id":"\(AudienceID.make(from: [UInt8](repeating: 9, count: 16)).text)"}
            """, answers: 404)
    }

    @Test func aFunnelCountsWhatBecameOfInvites() async throws {
        let house = try await AppHouse()
        let rule = try await house.audienceRule(of: house.study())
        let ana = try #require(try await house.pending("ref-ana"))
        let bo = try #require(try await house.pending("ref-bo"))
        try await house.report("shown", of: ana)
        try await house.report("shown", of: bo)
        try await house.report("dismissed", of: bo)
        #expect(try await house.accept(ana, "ref-ana").decision == "webview")
        try await house.report("completed", of: ana)
        let funnel = try await house.operate(.get, "/launch_rules/\(rule)/funnel").object
        let counts = ["audience_members", "invited", "shown", "dismissed", "started", "completed"]
        #expect(counts.map { funnel[$0] as? Int } == [2, 2, 2, 1, 1, 1])
    }

    @Test func anOperatorSeesWhatAPersonWouldBeOfferedAndWhyNotTheRest() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let low = try await house.audienceRule(of: study)
        let high = try await house.audienceRule(of: study, #","priority":9"#)
        let other = try await house.rule(
            of: study,
            "\"event_name\":\"e\",\"excluded_audience_ids\":[\"\(house.audience)\"]")
        let answer = try await house.operate(.get, "/eligibility?match_id=ref-ana")
        let connections = answer.object["connections"] as? [[String: Any]]
        #expect(connections?.first?["offered_rule_id"] as? String == high)
        #expect(try await house.reason(low, for: "ref-ana") == "outranked")
        #expect(try await house.reason(other, for: "ref-ana") == "excluded")
        #expect(try await house.reason(low, for: "stranger") == "not_a_member")
        // Asking makes no invite.
        #expect(try await house.operate(.get, "/invites").data.isEmpty)
        try await house.operate(.get, "/eligibility", answers: 400)
        try await house.operate(
            .get, "/eligibility?match_id=ref-ana&connection=\(ConnectionID.make(9).text)",
            answers: 404)
    }

    /// The audit log names a setting as whoever changed it did.
    @Test func whatWasChangedIsToldByTheNameItHasInABody() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let made = try await house.operate(
            .post, "/launch_rules",
            "{\"study_id\":\"\(study)\",\"name\":\"Rule\",\"event_name\":\"a\"}", answers: 201)
        let rule = "/launch_rules/" + (try #require(made.object["id"] as? String))
        let studyValues = [
            "name": #""Other""#, "status": #""paused""#, "launch_url": #""https://ask.example/2""#,
            "opens_in": #""external_browser""#, "weekly_starts_max": "3", "monthly_starts_max": "4",
        ]
        let ruleValues = [
            "name": #""Other""#, "status": #""active""#, "event_name": #""b""#,
            "surface": #""direct_link""#, "prompt": #"{"title":"Hm"}"#, "priority": "2",
            "cooldown_hours": "5", "starts_per_person_max": "6", "starts_total_max": "7",
            "starts_at": #""2026-12-01T08:00:00Z""#, "ends_at": #""2026-12-24T08:00:00Z""#,
            "sample_percent": "8", "excluded_audience_ids": "[\"\(house.audience)\"]",
        ]
        func change(_ path: String, _ key: String, _ value: String) async throws {
            try await house.operate(.patch, path, "{\"\(key)\":\(value)}")
            let log = try await house.operate(.get, "/audit?limit=1")
            #expect(log.data.first?["details"] as? [String] == [key])
        }
        #expect(Set(studyValues.keys) == Set(StudyBody.keys))
        for key in StudyBody.keys {
            try await change("/studies/\(study)", key, studyValues[key] ?? "")
        }
        #expect(Set(ruleValues.keys) == Set(LaunchRuleBody.keys).subtracting(["audience_id"]))
        // Its target can be changed while it is a draft.
        for key in ruleValues.keys.filter({ $0 != "status" }) + ["status"] {
            try await change(rule, key, ruleValues[key] ?? "")
        }
    }

    @Test(arguments: [
        (0, "0"), (1, "0.01"), (10, "0.1"), (1234, "12.34"), (1250, "12.5"), (10_000, "100"),
    ])
    func aShareIsWrittenAsItWasRead(basisPoints: Int, percent: String) throws {
        let number = try #require(Double(percent))
        let sample = try #require(LaunchSample(percent: number))
        #expect(sample.basisPoints == basisPoints)
        #expect(sample.percent == percent)
    }

    @Test(arguments: [-0.01, 100.01, 0.001, Double.nan, Double.infinity])
    func aShareThatThereCannotBeIsNone(percent: Double) {
        #expect(LaunchSample(percent: percent) == nil)
    }
}

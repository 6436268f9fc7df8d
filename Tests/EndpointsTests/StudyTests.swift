import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Studies over HTTP.
@Suite struct StudyTests {
    @Test func aStudyIsMadeShownAndChanged() async throws {
        let house = try await AppHouse()
        let made = try await house.operate(
            .post, "/studies",
            """
            {"connection_id":"\(house.connection)","name":"Checkout",
            "launch_url":"https://ask.example/s/1","weekly_starts_max":50}
            """, answers: 201)
        #expect(made.object["status"] as? String == "draft")
        #expect(made.object["opens_in"] as? String == "webview")
        #expect(made.object["weekly_starts_max"] as? Int == 50)
        let path = "/studies/" + (try #require(made.object["id"] as? String))
        let shown = try await house.operate(.get, path).object
        #expect(shown["launch_url"] as? String == "https://ask.example/s/1")
        #expect(shown["weekly_starts"] as? Int == 0)
        let changed = try await house.operate(
            .patch, path,
            """
            {"status":"active","opens_in":"external_browser","weekly_starts_max":null,
            "monthly_starts_max":100}
            """)
        #expect(changed.object["status"] as? String == "active")
        #expect(changed.object["weekly_starts_max"] is NSNull)
        #expect(changed.object["monthly_starts_max"] as? Int == 100)
        #expect(changed.object["name"] as? String == "Checkout")
        let list = try await house.operate(.get, "/studies?connection=\(house.connection)")
        #expect(list.data.count == 1)
    }

    @Test func howFullAStudyIsIsToldBesideItsCapacity() async throws {
        let house = try await AppHouse()
        let study = try await house.study(#","weekly_starts_max":5"#)
        _ = try await house.audienceRule(of: study)
        for person in ["ref-ana", "ref-bo"] {
            let code = try #require(try await house.pending(person))
            if person == "ref-ana" { _ = try await house.accept(code, person) }
        }
        let shown = try await house.operate(.get, "/studies/\(study)").object
        #expect(shown["weekly_starts_max"] as? Int == 5)
        #expect(shown["weekly_starts"] as? Int == 1)
        #expect(shown["monthly_starts"] as? Int == 1)
        house.house.clock.advance(milliseconds: 40 * 86_400_000)
        let later = try await house.operate(.get, "/studies/\(study)").object
        #expect(later["monthly_starts"] as? Int == 0)
    }

    @Test(arguments: [
        #"{}"#, #"{"name":""}"#, #"{"launch_url":"http://ask.example/s"}"#,
        #"{"launch_url":"https://"}"#, #"{"launch_url":7}"#, #"{"status":"open"}"#,
        #"{"opens_in":"app"}"#, #"{"weekly_starts_max":0}"#, #"{"weekly_starts_max":1.5}"#,
        #"{"weekly_starts_max":"5"}"#, #"{"monthly_starts_max":1000000001}"#,
        #"{"colour":"red"}"#,
    ])
    func aStudyThatCannotBeMeantIsInvalid(settings: String) async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        // Nothing is nothing to change.
        if settings != "{}" {
            try await house.operate(.patch, "/studies/\(study)", settings, answers: 400)
        }
        let rest = settings.dropFirst()
        try await house.operate(
            .post, "/studies",
            "{\"connection_id\":\"\(house.connection)\"" + (rest == "}" ? "}" : ",\(rest)"),
            answers: 400)
    }

    @Test(arguments: [(1, 201), (1_000_000_000, 201), (1_000_000_001, 400), (0, 400)])
    func aLimitOfStartsHasItsBounds(starts: Int, status: Int) async throws {
        let house = try await AppHouse()
        try await house.operate(
            .post, "/studies",
            """
            {"connection_id":"\(house.connection)","name":"Checkout",
            "launch_url":"https://ask.example/s/1","monthly_starts_max":\(starts)}
            """, answers: status)
    }

    @Test func aClosedStudyStaysClosed() async throws {
        let house = try await AppHouse()
        let path = "/studies/" + (try await house.study())
        try await house.operate(.patch, path, #"{"status":"paused"}"#)
        try await house.operate(.patch, path, #"{"status":"closed"}"#)
        for status in ["active", "paused", "draft"] {
            let answer = try await house.operate(
                .patch, path, "{\"status\":\"\(status)\"}", answers: 409)
            #expect(answer.errorCode == "conflict")
        }
        try await house.operate(.patch, path, #"{"status":"closed"}"#)
    }

    @Test func aNewStudyIsDraftOrActive() async throws {
        let house = try await AppHouse()
        for status in ["paused", "closed"] {
            try await house.operate(
                .post, "/studies",
                """
                {"connection_id":"\(house.connection)","name":"Checkout","status":"\(status)",
                "launch_url":"https://ask.example/s/1"}
                """, answers: 400)
        }
    }

    @Test func whatNobodyKnowsIsNotFound() async throws {
        let house = try await AppHouse()
        let nobody = StudyID.make(9).text
        for id in [nobody, "x"] {
            try await house.operate(.get, "/studies/\(id)", answers: 404)
            try await house.operate(.patch, "/studies/\(id)", #"{"name":"x"}"#, answers: 404)
        }
        try await house.operate(
            .post, "/studies",
            """
            {"connection_id":"\(ConnectionID.make(9).text)","name":"Checkout",
            "launch_url":"https://ask.example/s/1"}
            """, answers: 404)
        try await house.operate(.get, "/studies?connection=x", answers: 400)
    }

    @Test func whoMadeAndChangedAStudyIsInTheAuditLog() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        try await house.operate(.patch, "/studies/\(study)", #"{"name":"Private name"}"#)
        let log = try await house.operate(.get, "/audit?target=\(study)")
        #expect(log.data.map { $0["action"] as? String } == ["study.changed", "study.created"])
        #expect(log.data.first?["details"] as? [String] == ["name"])
        #expect(!log.text.contains("Private name"))
    }

    @Test func aStudyIsMadeOnceForOneIdempotencyKey() async throws {
        let house = try await AppHouse()
        let body = ArrayBody(
            """
            {"connection_id":"\(house.connection)","name":"Checkout",
            "launch_url":"https://ask.example/s/1"}
            """)
        let headers = house.admin + [("idempotency-key", "study-1")]
        let first = try await house.house.send(.post, "/v1/studies", headers: headers, body: body)
        let second = try await house.house.send(
            .post, "/v1/studies", headers: headers,
            body: ArrayBody(
                """
                {"connection_id":"\(house.connection)","name":"Checkout",
                "launch_url":"https://ask.example/s/1"}
                """))
        #expect(first.text == second.text)
        #expect(try await house.operate(.get, "/studies").data.count == 1)
    }
}

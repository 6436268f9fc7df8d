import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@testable import Endpoints

/// No answer that apps or browsers can get has anything in it of another person, of an audience, or
/// of what operators call their things.
@Suite struct SDKPrivacyTests {
    @Test func noAnswerHoldsAnythingOfAnotherPersonOrOfAnAudience() async throws {
        let house = try await AppHouse(traits: ["email"])
        let hidden = try await everything(of: house)
        var answers: [Answer] = []
        for person in ["ref-ana", "ana", "stranger", "ref-bo", nil] {
            let config = try await house.config(person)
            answers.append(config)
            let pending = config.object["pending_invite"] as? [String: Any]
            answers += try await calls(
                house, as: person, code: pending?["invite_code"] as? String ?? "x")
        }
        #expect(answers.count > 60)
        for answer in answers {
            let all = answer.text + answer.response.headers.map(\.value).joined(separator: "\n")
            for secret in hidden {
                #expect(!all.contains(secret), "\(secret) in \(all)")
            }
        }
    }

    /// What must be seen in no answer.
    private func everything(of house: AppHouse) async throws -> [String] {
        let study = try await house.study(#","weekly_starts_max":3"#)
        let rules = [
            try await house.audienceRule(of: study, #","priority":1,"starts_per_person_max":2"#),
            try await house.rule(of: study, #""event_name":"left""#),
            try await house.rule(
                of: study,
                """
                "event_name":"paid","excluded_audience_ids":["\(house.audience)"]
                """),
        ]
        return [
            "ana@example.com", "bo@example.com", "ref-ana", "ref-bo", house.audience, "Buyers",
            "5540912", "3012457", house.connection, study, "Checkout", "\"Rule\"", "not_a_member",
            "excluded", "sampled", "cooling", "outranked", "mixpanel",
        ] + rules
    }

    private func calls(
        _ house: AppHouse, as person: String?, code: String
    ) async throws -> [Answer] {
        let who = person.map { ",\"reference_id\":\"\($0)\"" } ?? ""
        var answers: [Answer] = []
        for body in [
            #"{"source":"event","event_name":"left"\#(who)}"#,
            #"{"source":"event","event_name":"paid"\#(who)}"#,
            #"{"source":"link","rule_id":"rule_0123456789abcdef"\#(who)}"#,
            #"{"source":"audience","invite_code":"\#(code)"\#(who)}"#,
            #"{"source":"audience","invite_code":"\#(code)"\#(who)}"#,
            #"{"source":"link","invite_code":"\#(code)","reference_id":"somebody else"}"#,
            "{}", "{",
        ] {
            answers.append(
                try await house.house.send(
                    .post, "/sdk/v1/launches", headers: house.app, body: ArrayBody(body)))
        }
        for event in ["shown", "dismissed", "completed", "nothing"] {
            answers.append(try await house.report(event, of: code))
        }
        for headers in [[], [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]] {
            answers.append(try await house.house.send(.get, "/i/\(code)", headers: headers))
        }
        return answers
    }

    /// Two answers to two names must not tell who is in an audience, or who took part.
    @Test func whoOnlyNamesPeopleLearnsNothingFromReasons() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        _ = try await house.rule(
            of: study, "\"event_name\":\"e\",\"excluded_audience_ids\":[\"\(house.audience)\"]")
        let paused = try await house.rule(of: study, #""event_name":"f""#)
        try await house.operate(.patch, "/launch_rules/\(paused)", #"{"status":"paused"}"#)
        for (event, person) in [("e", "ref-ana"), ("f", "ref-ana"), ("g", "x"), ("f", "x")] {
            let answer = try await house.launch(
                """
                {"source":"event","event_name":"\(event)","reference_id":"\(person)"}
                """)
            #expect(answer.text == #"{"decision":"not_eligible","reason":"not_eligible"}"#)
        }
    }

    @Test func whatIsToldOfReasonsNamesNoAudience() {
        #expect(LaunchRefusal.told.first == "not_eligible")
        for refusal in [LaunchRefusal.notAMember, .excluded, .notSampled] {
            #expect(refusal.toldToHolder == "not_eligible")
            #expect(!LaunchRefusal.told.contains(refusal.rawValue))
        }
        for refusal in LaunchRefusal.allCases where refusal != .unknownPerson {
            #expect(refusal.toldToAnybody == "not_eligible")
        }
    }
}

import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@testable import Endpoints

/// What apps ask, and are told.
@Suite struct SDKTests {
    @Test func anAppIsToldOfEventsAndOfThePersonsInvite() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        _ = try await house.audienceRule(
            of: study, #","prompt":{"title":"Five minutes?","dismiss_label":"No"}"#)
        _ = try await house.rule(of: study, #""event_name":"b""#)
        _ = try await house.rule(of: study, #""event_name":"a""#)
        _ = try await house.rule(of: study, #""event_name":"a""#)
        let config = try await house.config("ref-ana")
        #expect(config.object["ttl_seconds"] as? Int == 300)
        let triggers = config.object["triggers"] as? [[String: String]]
        #expect(triggers == [["event_name": "a"], ["event_name": "b"]])
        let pending = try #require(config.object["pending_invite"] as? [String: Any])
        #expect(pending["source"] as? String == "audience")
        #expect(
            pending["prompt"] as? [String: String]
                == ["title": "Five minutes?", "dismiss_label": "No"])
        #expect(config.response.header("Cache-Control") == "private, no-store")
        // The same offer again, not another one.
        #expect(try await house.pending("ref-ana") == pending["invite_code"] as? String)
    }

    @Test(arguments: [
        nil, "stranger", "", "undefined", "null", "00000000-0000-0000-0000-000000000000",
    ])
    func whoIsInNoAudienceIsToldOfEventsOnly(person: String?) async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        _ = try await house.rule(of: house.study(), #""event_name":"a""#)
        let config = try await house.config(person)
        #expect(config.object["pending_invite"] is NSNull)
        #expect((config.object["triggers"] as? [Any])?.count == 1)
    }

    @Test func anAcceptIsTheStartAndLeadsToTheStudy() async throws {
        let house = try await AppHouse()
        let study = try await house.study(#","opens_in":"external_browser""#)
        let rule = try await house.audienceRule(of: study)
        let code = try #require(try await house.pending("ref-ana"))
        try await house.report("shown", of: code)
        let accepted = try await house.accept(code, "ref-ana", attempt: "a-1")
        #expect(accepted.decision == "external_browser")
        #expect(accepted.launchURL == "https://ask.example/s/1?invite_code=\(code)")
        // The answer was lost on the way: the same one comes again.
        #expect(try await house.accept(code, "ref-ana", attempt: "a-1").text == accepted.text)
        let other = try await house.accept(code, "ref-ana", attempt: "a-2")
        #expect(other.decision == "not_eligible")
        #expect(other.reason == "already_started")
        let funnel = try await house.operate(.get, "/launch_rules/\(rule)/funnel").object
        #expect(funnel["started"] as? Int == 1)
        #expect(try await house.pending("ref-ana") == nil)
    }

    @Test func anEventOffersAndStartsNothing() async throws {
        let house = try await AppHouse()
        let rule = try await house.rule(of: house.study(), #""event_name":"left""#)
        let offer = try await house.launch(
            #"{"source":"event","event_name":"left","reference_id":42}"#)
        #expect(offer.decision == "webview")
        let invite = try #require(offer.object["invite"] as? [String: Any])
        let code = try #require(invite["invite_code"] as? String)
        #expect(invite["source"] as? String == "event")
        #expect(offer.launchURL == "https://hooks.example.com/i/\(code)")
        let shown = try await house.operate(.get, "/invites/\(code)").object
        #expect(shown["status"] as? String == "open")
        #expect(shown["match_id"] as? String == "42")
        #expect(shown["audience_id"] is NSNull)
        let other = try await house.launch(
            #"{"source":"event","event_name":"Left","reference_id":42}"#)
        #expect(other.decision == "not_eligible")
        let funnel = try await house.operate(.get, "/launch_rules/\(rule)/funnel").object
        #expect(funnel["started"] as? Int == 0)
        #expect(try await house.accept(code, "42").decision == "webview")
    }

    @Test func anAppsOwnEntryOffersARuleOfDirectLinksAlone() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let direct = try await house.rule(
            of: study, #""event_name":"menu","surface":"direct_link""#)
        let prompted = try await house.rule(of: study, #""event_name":"left""#)
        func enter(_ rule: String) async throws -> Answer {
            try await house.launch(
                "{\"source\":\"link\",\"rule_id\":\"\(rule)\",\"reference_id\":\"ref-ana\"}")
        }
        let offer = try await enter(direct)
        #expect(offer.decision == "webview")
        #expect((offer.object["invite"] as? [String: Any])?["source"] as? String == "link")
        for rule in [prompted, LaunchRuleID.make(9).text, "x"] {
            #expect(try await enter(rule).decision == "not_eligible")
        }
        #expect(try await house.pending("ref-ana") == nil)
    }

    @Test func aDismissalIsForGoodWithoutACooldownAndRestsWithOne() async throws {
        let house = try await AppHouse()
        let rule = try await house.audienceRule(of: house.study(), #","cooldown_hours":24"#)
        let code = try #require(try await house.pending("ref-ana"))
        try await house.report("dismissed", of: code)
        #expect(try await house.pending("ref-ana") == nil)
        #expect(try await house.reason(rule, for: "ref-ana") == "cooling_down")
        #expect(try await house.accept(code, "ref-ana").reason == "dismissed")
        house.house.clock.advance(milliseconds: 24 * 3_600_000)
        let again = try #require(try await house.pending("ref-ana"))
        #expect(again != code)
        try await house.operate(.patch, "/launch_rules/\(rule)", #"{"cooldown_hours":null}"#)
        try await house.report("dismissed", of: again)
        house.house.clock.advance(milliseconds: 365 * 24 * 3_600_000)
        #expect(try await house.pending("ref-ana") == nil)
        #expect(try await house.reason(rule, for: "ref-ana") == "dismissed")
    }

    @Test func twoRulesKeepTheConnectionsPause() async throws {
        let house = try await AppHouse()
        try await house.operate(
            .put, "/connections/\(house.connection)/sdk", #"{"cooldown_hours":48}"#)
        _ = try await house.audienceRule(of: house.study(), #","priority":1"#)
        let second = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        try await house.report("dismissed", of: code)
        #expect(try await house.pending("ref-ana") == nil)
        #expect(try await house.reason(second, for: "ref-ana") == "connection_cooling_down")
        house.house.clock.advance(milliseconds: 48 * 3_600_000)
        #expect(try await house.pending("ref-ana") != nil)
    }

    /// Each is asked again when the person says yes, however long the prompt has waited.
    @Test(arguments: [
        ("/launch_rules/RULE", #"{"status":"paused"}"#, "rule_paused"),
        ("/launch_rules/RULE", #"{"status":"archived"}"#, "rule_archived"),
        ("/studies/STUDY", #"{"status":"paused"}"#, "study_paused"),
        ("/studies/STUDY", #"{"status":"closed"}"#, "study_closed"),
        ("/launch_rules/RULE", #"{"ends_at":"2026-01-01T00:00:00Z"}"#, "ended"),
    ])
    func whatHasEndedMeanwhileIsNotStarted(path: String, body: String, reason: String) async throws
    {
        let house = try await AppHouse()
        let study = try await house.study()
        let rule = try await house.audienceRule(of: study)
        let ana = try #require(try await house.pending("ref-ana"))
        let bo = try #require(try await house.pending("ref-bo"))
        _ = try await house.accept(ana, "ref-ana")
        let place = path.replacing("RULE", with: rule).replacing("STUDY", with: study)
        try await house.operate(.patch, place, body)
        let late = try await house.accept(bo, "ref-bo")
        #expect(late.decision == "not_eligible")
        #expect(late.reason == reason)
        #expect(try await house.pending("ref-bo") == nil)
        // Who has started may finish.
        let done = try await house.report("completed", of: ana)
        #expect((done.object["invite"] as? [String: Any])?["status"] as? String == "completed")
    }

    @Test func whoHasLeftTheAudienceIsNotLaunchedAndNotToldWhy() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        try await house.remove("ana")
        let late = try await house.accept(code, "ref-ana")
        #expect(late.decision == "not_eligible")
        #expect(late.reason == "not_eligible")
        #expect(try await house.pending("ref-ana") == nil)
    }

    @Test func aFullStudyTakesNobody() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study(#","weekly_starts_max":1"#))
        let ana = try #require(try await house.pending("ref-ana"))
        let bo = try #require(try await house.pending("ref-bo"))
        #expect(try await house.accept(ana, "ref-ana").decision == "webview")
        #expect(try await house.accept(bo, "ref-bo").reason == "study_full_this_week")
    }

    @Test func aReportMayComeAgainAndTooLate() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        func status(after event: String) async throws -> String? {
            let answer = try await house.report(event, of: code)
            #expect(answer.status == 200)
            return (answer.object["invite"] as? [String: Any])?["status"] as? String
        }
        #expect(try await status(after: "completed") == "open")
        #expect(try await status(after: "started") == "open")
        #expect(try await status(after: "shown") == "shown")
        #expect(try await status(after: "shown") == "shown")
        _ = try await house.accept(code, "ref-ana")
        #expect(try await status(after: "dismissed") == "started")
        #expect(try await status(after: "completed") == "completed")
        #expect(try await status(after: "completed") == "completed")
        for code in ["x", InviteCode.make(1).text] {
            #expect(try await house.report("shown", of: code).status == 404)
        }
        #expect(try await house.report("opened", of: code).status == 400)
    }

    @Test(arguments: [
        "{}", #"{"source":"menu"}"#, #"{"source":"event"}"#, #"{"source":"audience"}"#,
        #"{"source":"link"}"#, #"{"source":"event","event_name":""}"#,
        #"{"source":"event","rule_id":"x"}"#, #"{"source":"link","event_name":"e"}"#,
        #"{"source":"event","event_name":"e","invite_code":"x"}"#,
        #"{"source":"event","event_name":"e","reference_id":[1]}"#,
        #"{"source":"event","event_name":"e","identity":7}"#,
        #"{"source":"event","event_name":"e","metadata":{}}"#, "[]", "",
    ])
    func aLaunchThatCannotBeMeantIsInvalid(body: String) async throws {
        let house = try await AppHouse()
        let answer = try await house.house.send(
            .post, "/sdk/v1/launches", headers: house.app, body: ArrayBody(body))
        #expect(answer.status == 400)
        #expect(answer.errorCode == "invalid")
        #expect(answer.response.header("Access-Control-Allow-Origin") == "*")
    }

    @Test(arguments: [
        #""event_name":"e""#, #""event_name":"e","reference_id":null"#,
        #""event_name":"e","reference_id":"""#, #""event_name":"e","reference_id":"undefined""#,
    ])
    func whoIsNotSignedInIsNotLaunchedByAnEvent(rest: String) async throws {
        let house = try await AppHouse()
        _ = try await house.rule(of: house.study(), #""event_name":"e""#)
        let answer = try await house.launch("{\"source\":\"event\",\(rest)}")
        #expect(answer.decision == "not_eligible")
        #expect(answer.reason == "unknown_person")
    }

    /// The code is what a link has, too: whoever holds it was given it.
    @Test func aCodeAloneIsEnoughToAccept() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        let answer = try await house.launch("{\"source\":\"link\",\"invite_code\":\"\(code)\"}")
        #expect(answer.decision == "webview")
    }

    @Test func anotherPersonsInviteIsUnknown() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        for code in [code, InviteCode.make(1).text, "x"] {
            #expect(try await house.accept(code, "ref-bo").reason == "unknown_invite")
        }
    }
}

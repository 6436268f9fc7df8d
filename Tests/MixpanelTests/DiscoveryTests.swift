import Audiences
import Testing

@testable import Mixpanel

/// Who a service account is: rows 64 to 69 of the references' test table.
@Suite struct DiscoveryTests {
    @Test func theFirstRegionThatKnowsTheAccountCounts() async throws {
        let mixpanel = ScriptedMixpanel(us: [.unauthorized], eu: [.oneProject])
        let discovery = await mixpanel.api.discover(try .made())
        let account = try #require(discovery.account)
        #expect(account.region == .eu)
        #expect(account.projects.map(\.id.text) == ["3713224"])
        #expect(account.projects.map(\.region) == [.eu])
        #expect(discovery.status == .connected)
        let me = "/api/app/me?include_workspace_users=false"
        #expect(mixpanel.urls == ["http://us\(me)", "http://eu\(me)"])
        #expect(mixpanel.requests.allSatisfy { $0.timeout == .seconds(5) && $0.method == .get })
    }

    @Test(arguments: [
        (#""domain":"""#, MixpanelRegion.us), (#""domain":"mixpanel.com""#, .us),
        (#""domain":"in.mixpanel.com""#, .india), (#""domain":"x.example""#, nil),
        (#""domain":null"#, .eu), (#""name":"P""#, .eu),
    ])
    func theRegionOfAProjectIsThatOfItsDomain(field: String, region: MixpanelRegion?) async throws {
        let mixpanel = ScriptedMixpanel(us: [.unauthorized], eu: [.me("{\"1\":{\(field)}}")])
        let account = try #require(await mixpanel.api.discover(try .made()).account)
        #expect(account.projects.map(\.region) == [region])
    }

    @Test func severalProjectsNeedAChoice() async throws {
        let mixpanel = ScriptedMixpanel(us: [.me(#"{"2":{"name":"b"},"1":{"name":"a"}}"#)])
        let discovery = await mixpanel.api.discover(try .made())
        #expect(discovery.status == .needsProject)
        #expect(discovery.account?.projects.map(\.name) == ["a", "b"])
    }

    typealias Answer = ScriptedMixpanel.Answer

    static let failures: [([Answer], DiscoveryFailure.Reason, ServiceAccount.Status)] = [
        ([.forbidden, .forbidden, .forbidden], .scopeMissing, .needsProject),
        ([.unauthorized, .forbidden, .unauthorized], .scopeMissing, .needsProject),
        ([.unauthorized, .unauthorized, .unauthorized], .badCredentials, .rejected),
        (Array(repeating: .failure(.timedOut), count: 3), .unreachable, .unreachable),
        ([.unauthorized, .failure(.timedOut), .unauthorized], .mixed, .unreachable),
        ([.unauthorized, .status(429), .unauthorized], .mixed, .unreachable),
        ([.unauthorized, .unauthorized, .status(503)], .mixed, .unreachable),
        ([.status(503), .status(429), .failure(.noSuchHost)], .unreachable, .unreachable),
        ([.page, .page, .page], .unreachable, .unreachable),
        ([.redirect, .redirect, .redirect], .unreachable, .unreachable),
        ([.unauthorized, .status(401, #"{"error":"Account Expired"}"#)], .expired, .expired),
        ([.me("{}")], .noProjects, .rejected),
        ([.status(200, #"{"status":"ok"}"#)], .unreachable, .unreachable),
        ([.status(200, "[]")], .unreachable, .unreachable),
        ([.status(200, #"{"results":{"#)], .unreachable, .unreachable),
    ]

    @Test(arguments: failures)
    func whyAnAccountIsNotFoundIsToldApart(
        answers: [Answer], reason: DiscoveryFailure.Reason, status: ServiceAccount.Status
    ) async throws {
        let filler = Array(repeating: Answer.failure(.connectionRefused), count: 3)
        let all = (answers + filler).prefix(3).map { [$0] }
        let mixpanel = ScriptedMixpanel(us: all[0], eu: all[1], india: all[2])
        let failure = try #require(await mixpanel.api.discover(try .made()).failure)
        #expect(failure.reason == reason)
        #expect(failure.status == status)
        #expect(failure.message.hasSuffix("."))
        #expect(!failure.message.contains("Sup3r-Secret"))
    }

    @Test func everyFailureHasASentenceOfItsOwn() async throws {
        var sentences: Set<String> = []
        for answers in Self.failures.prefix(5).map(\.0) + [[.page, .page, .page], [.me("{}")]] {
            let all = (answers + answers + answers).prefix(3).map { [$0] }
            let mixpanel = ScriptedMixpanel(us: all[0], eu: all[1], india: all[2])
            sentences.insert(try #require(await mixpanel.api.discover(try .made()).failure).message)
        }
        // The two of a missing scope are the same.
        #expect(sentences.count == 6)
        #expect(sentences.contains { $0.contains("EU: no answer in time") })
        #expect(sentences.contains { $0.contains("enter the project id") })
    }

    @Test func aPageOfAProxyIsNoAccount() async throws {
        for answer in [Answer.page, .redirect, .status(200, "<html>"), .status(511)] {
            let mixpanel = ScriptedMixpanel(us: [answer], eu: [.oneProject])
            #expect(await mixpanel.api.discover(try .made()).account?.region == .eu)
        }
    }
}

/// A project whose id somebody entered, because the account may not list its projects.
@Suite struct ProjectCheckTests {
    typealias Answer = ScriptedMixpanel.Answer

    static let wrongRegion = Answer.status(
        400, #"{"request":"/api/query/x","error":"invalid project id for cluster mixpanel-prod-1"}"#
    )

    @Test func itsRegionIsFoundByTrying() async throws {
        let mixpanel = ScriptedMixpanel(
            us: [Self.wrongRegion], eu: [.unauthorized], india: [.status(200, "[]")])
        #expect(try await mixpanel.api.check(id("7"), .made()) == .india)
        #expect(mixpanel.urls.last == "http://in/api/query/cohorts/list?project_id=7")
    }

    @Test func aKnownRegionIsAskedFirst() async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, "[]")])
        #expect(try await mixpanel.api.check(id("7"), in: .eu, .made()) == .eu)
        #expect(mixpanel.requests.count == 1)
    }

    @Test func noRegionIsAskedTwice() async throws {
        let mixpanel = ScriptedMixpanel()
        let credential = try ServiceCredential.made()
        await #expect(throws: DiscoveryFailure.self) {
            try await mixpanel.api.check(id("7"), in: .india, credential)
        }
        #expect(mixpanel.urls.map { $0.prefix(9) } == ["http://in", "http://us", "http://eu"])
    }

    @Test(arguments: [
        ([wrongRegion, wrongRegion, .unauthorized], DiscoveryFailure.Reason.noSuchProject, 3),
        ([.unauthorized, .unauthorized, .unauthorized], .badCredentials, 3),
        ([.status(402), wrongRegion, wrongRegion], .forbidden, 1),
        ([wrongRegion, .forbidden, wrongRegion], .forbidden, 3),
        ([.status(503), .page, .failure(.timedOut)], .unreachable, 3),
        ([wrongRegion, .page, .unauthorized], .mixed, 3),
    ])
    func whyItCanNotBeUsedIsToldApart(
        answers: [Answer], reason: DiscoveryFailure.Reason, calls: Int
    ) async throws {
        let mixpanel = ScriptedMixpanel(us: [answers[0]], eu: [answers[1]], india: [answers[2]])
        let credential = try ServiceCredential.made()
        let failure = await #expect(throws: DiscoveryFailure.self) {
            try await mixpanel.api.check(id("7"), credential)
        }
        #expect(failure?.reason == reason)
        #expect(failure?.message.hasSuffix(".") == true)
        #expect(mixpanel.requests.count == calls)
    }
}

extension Discovery {
    var account: MixpanelAccount? {
        if case .account(let account) = self { account } else { nil }
    }

    var failure: DiscoveryFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}

import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

/// The client against the server it is tested with, without a socket between.
@Suite struct SimulatedMixpanelTests {
    @Test func anAccountOfAnyRegionIsFound() async throws {
        for region in MixpanelRegion.allCases {
            let house = try SimulatedHouse(region: region)
            let account = try #require(await house.api.discover(house.credential).account)
            #expect(account.region == region)
            #expect(account.projects.map(\.id.text) == ["7"])
            #expect(account.projects.map(\.region) == [region])
            #expect(account.projects[0].organization == "Invented Inc.")
        }
    }

    @Test func aWrongSecretIsRefusedEverywhere() async throws {
        let house = try SimulatedHouse()
        let failure = try #require(await house.api.discover(.made("wrong")).failure)
        #expect(failure.reason == .badCredentials)
        #expect(failure.errors.count == 3)
    }

    @Test(arguments: [
        (#"{"do":"account","expired":true}"#, DiscoveryFailure.Reason.expired),
        (#"{"do":"account","lists_projects":false}"#, .scopeMissing),
        (#"{"do":"account","secret":"another"}"#, .badCredentials),
        (#"{"do":"fault","kind":"web_page"}"#, .unreachable),
        (#"{"do":"fault","kind":"redirect","call":"me"}"#, .unreachable),
        (#"{"do":"fault","kind":"broken","region":"eu"}"#, .mixed),
        (#"{"do":"fault","kind":"status","status":503,"region":"eu"}"#, .mixed),
    ])
    func whatStandsInTheWayIsToldApart(
        command: String, reason: DiscoveryFailure.Reason
    ) async throws {
        let house = try SimulatedHouse()
        try house.obey(command)
        #expect(await house.api.discover(house.credential).failure?.reason == reason)
    }

    @Test func aProjectIsFoundByItsIdWhereTheAccountMayNotListIt() async throws {
        let house = try SimulatedHouse(region: .india)
        try house.obey(#"{"do":"account","lists_projects":false}"#)
        #expect(try await house.api.check(id("7"), house.credential) == .india)
    }

    @Test func theCohortsOfAProjectAreListed() async throws {
        let house = try SimulatedHouse(members: 2500)
        let cohorts = try await house.api.cohorts(of: id("7"), in: .eu, house.credential)
        #expect(cohorts.map(\.id.text) == ["21"])
        #expect(cohorts.map(\.count) == [2500])
    }

    @Test(arguments: [0, 1, 999, 1000, 1001, 2500])
    func engageListsWhomTheWebhookIsSent(members: Int) async throws {
        let house = try SimulatedHouse(members: members)
        let expected = house.mixpanel.withLock { mixpanel in
            mixpanel.world.cohorts[0].exported.map {
                ExpectedMember(mixpanel.world.person($0)).line
            }
        }
        let listed = try await house.engage(includesAllUsers: false)
        #expect(listed.map(line) == expected)
    }

    @Test func whoHasNoProfileIsListedOnlyOnRequest() async throws {
        let house = try SimulatedHouse(members: 1200)
        try house.obey(#"{"do":"no_profile","cohort":"21","count":5}"#)
        #expect(try await house.engage(includesAllUsers: true).count == 1200)
        #expect(try await house.engage(includesAllUsers: false).count == 1195)
    }

    @Test func aLaterPageNeedsTheSessionOfTheFirst() async throws {
        let house = try SimulatedHouse(members: 3)
        let query = try house.query().asking(forPage: 1, of: "another")
        let credential = house.credential
        let error = await #expect(throws: MixpanelError.self) {
            try await house.api.engage(query, credential)
        }
        #expect(error?.reason == .refused(status: 400))
    }

    @Test(arguments: [
        (#"{"do":"project","project":"7","paid":false}"#, MixpanelError.Reason.plan),
        (#"{"do":"project","project":"7","role":"consumer"}"#, .forbidden),
        (#"{"do":"fault","kind":"broken"}"#, .notMixpanel(.otherText)),
        (#"{"do":"fault","kind":"web_page"}"#, .notMixpanel(.webPage)),
        (#"{"do":"fault","kind":"redirect"}"#, .notMixpanel(.redirect)),
        (#"{"do":"fault","kind":"status","status":429}"#, .rateLimited(retryAfter: nil)),
        (
            #"{"do":"fault","kind":"status","status":429,"retry_after":"7"}"#,
            .rateLimited(retryAfter: .seconds(7))
        ),
        (#"{"do":"fault","kind":"status","status":500}"#, .server(status: 500)),
    ])
    func aRefusedQueryIsClassified(command: String, reason: MixpanelError.Reason) async throws {
        let house = try SimulatedHouse()
        try house.obey(command)
        let credential = house.credential
        let error = await #expect(throws: MixpanelError.self) {
            try await house.api.cohorts(of: id("7"), in: .eu, credential)
        }
        #expect(error?.reason == reason)
    }

    @Test func aProjectOfAnotherRegionIsRefusedWithTheRequestRepeated() async throws {
        let house = try SimulatedHouse(region: .eu)
        let credential = house.credential
        let error = await #expect(throws: MixpanelError.self) {
            try await house.api.cohorts(of: id("7"), in: .us, credential)
        }
        #expect(error?.reason == .wrongRegion(other: nil))
        let body = String(decoding: house.lastBody, as: UTF8.self)
        #expect(body.contains(#""request":"/api/query/cohorts/list?project_id=7""#))
    }

    @Test(arguments: [true, false])
    func theSixtyFirstQueryOfAnHourIsTooMany(tellsRetryAfter: Bool) async throws {
        let house = try SimulatedHouse()
        try house.obey(#"{"do":"quota","retry_after":\#(tellsRetryAfter)}"#)
        for _ in 0..<60 {
            _ = try await house.api.cohorts(of: id("7"), in: .eu, house.credential)
        }
        let credential = house.credential
        let error = await #expect(throws: MixpanelError.self) {
            try await house.api.cohorts(of: id("7"), in: .eu, credential)
        }
        #expect(error?.reason == .rateLimited(retryAfter: tellsRetryAfter ? .seconds(3600) : nil))
        try house.obey(#"{"do":"advance","seconds":3600}"#)
        _ = try await house.api.cohorts(of: id("7"), in: .eu, house.credential)
    }

    @Test func aSixthQueryAtOnceIsTooMany() throws {
        var quota = SimulatedQuota()
        func take(at seconds: Int64) -> Int64? {
            quota.take(
                at: Timestamp(milliseconds: seconds * 1000), lasting: .seconds(10), perHour: 60,
                atOnce: 5)
        }
        for _ in 0..<5 { #expect(take(at: 0) == nil) }
        #expect(take(at: 0) == 1)
        #expect(take(at: 9) == 1)
        #expect(take(at: 10) == nil)
    }

    @Test func aFaultEndsAfterItsTimes() async throws {
        let house = try SimulatedHouse()
        try house.obey(#"{"do":"fault","kind":"web_page","times":2,"call":"cohorts"}"#)
        let credential = house.credential
        for _ in 0..<2 {
            await #expect(throws: MixpanelError.self) {
                try await house.api.cohorts(of: id("7"), in: .eu, credential)
            }
        }
        #expect(try await house.api.cohorts(of: id("7"), in: .eu, credential).count == 1)
    }

    @Test func aSlowAnswerIsTheRightOneLater() throws {
        let house = try SimulatedHouse()
        try house.obey(#"{"do":"fault","kind":"slow","delay_ms":2500}"#)
        let request = MixpanelRequest(
            method: .get, url: "http://x/eu/api/app/me",
            headers: [("Authorization", house.credential.authorization)], timeout: .zero)
        let answer = house.mixpanel.withLock {
            $0.answer(to: SimulatedRequest(request), at: Timestamp(milliseconds: 0))
        }
        #expect(answer.status == 200 && answer.delay == .milliseconds(2500))
    }

    @Test(arguments: [
        ("GET", "/eu/api/query/cohorts/list?project_id=7", 405), ("POST", "/eu/api/app/me", 405),
        ("GET", "/eu/api/app/you", 404), ("GET", "/xx/api/app/me", 404), ("GET", "/", 404),
        ("POST", "/eu/api/query/engage?project_id=7", 200), ("GET", "/eu/engage", 405),
        ("GET", "/eu/api/2.0/export?project_id=7", 400), ("POST", "/eu/import?strict=1", 401),
        ("POST", "/eu/api/query/engage?project_id=8", 403),
    ])
    func otherRequestsAreRefused(method: String, path: String, status: Int) throws {
        let house = try SimulatedHouse()
        let request = MixpanelRequest(
            method: method == "GET" ? .get : .post, url: "http://x" + path,
            headers: [("Authorization", house.credential.authorization)], timeout: .zero)
        let answer = house.mixpanel.withLock {
            $0.answer(to: SimulatedRequest(request), at: Timestamp(milliseconds: 0))
        }
        #expect(answer.status == status)
    }

    private func line(_ member: MemberRecord) -> [UInt8] {
        var reference = "null"
        if case .set(let id) = member.reference { reference = "\"\(id.text)\"" }
        let id = member.distinctID.text
        return Array("{\"mixpanel_distinct_id\":\"\(id)\",\"reference_id\":\(reference)}\n".utf8)
    }
}

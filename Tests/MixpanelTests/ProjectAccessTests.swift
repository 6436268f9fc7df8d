import Audiences
import Testing

@testable import Mixpanel

/// Whom Mixpanel believes, and where.
@Suite struct ProjectAccessTests {
    @Test func aSecretIsAUsernameWithoutAPassword() throws {
        #expect(try ProjectAccess.secret().authorization == "Basic NWVjcmV0Og==")
        #expect(try ProjectAccess.token().authorization == "Basic dDBrZW46")
        #expect(try ProjectAccess.secret().projectFields.isEmpty)
        let account = try ProjectAccess.account()
        #expect(account.authorization == (try ServiceCredential.made().authorization))
        #expect(account.projectFields.map(\.name) == ["project_id"])
    }

    @Test func aSecretIsNeverPrinted() throws {
        let access = try ProjectAccess.secret("5ecret-of-the-project")
        var shown = "\(access) \(String(reflecting: access))"
        dump(access, to: &shown)
        #expect(!shown.contains("5ecret"))
    }

    @Test(arguments: [
        ("a", true), ("", false), ("a:b", false), ("a\n", false),
        (String(repeating: "s", count: 512), true), (String(repeating: "s", count: 513), false),
    ])
    func aSecretMustFitIntoTheHeader(text: String, fits: Bool) {
        #expect((ProjectSecret(text) != nil) == fits)
        #expect((ProjectToken(text) != nil) == fits)
    }

    @Test(arguments: [
        (MixpanelRegion.us, "https://api.mixpanel.com", "https://data.mixpanel.com"),
        (.eu, "https://api-eu.mixpanel.com", "https://data-eu.mixpanel.com"),
        (.india, "https://api-in.mixpanel.com", "https://data-in.mixpanel.com"),
    ])
    func eventsHaveHostsOfTheirOwn(region: MixpanelRegion, ingestion: String, export: String) {
        let official = MixpanelHosts.official
        #expect(official.address(of: .ingestion, in: region) == ingestion)
        #expect(official.address(of: .export, in: region) == export)
        let gateway = MixpanelHosts(us: "http://g/u", eu: "http://g/e", india: "http://g/i")
        for service in MixpanelService.allCases {
            #expect(gateway.address(of: service, in: region) == gateway[region])
        }
    }

    @Test(arguments: MixpanelRegion.allCases)
    func theRegionOfASecretIsFound(region: MixpanelRegion) async throws {
        let house = try SimulatedHouse(region: region).opened()
        let secret = try #require(ProjectSecret("5ecret"))
        #expect(try await house.api.check(secret) == region)
        #expect(try await house.api.check(secret, in: .india) == region)
    }

    @Test(arguments: [
        ("another", #"{"do":"clear_faults"}"#, DiscoveryFailure.Reason.badCredentials),
        ("5ecret", #"{"do":"project_secrets","end":"2026-11-22T00:00:00Z"}"#, .badCredentials),
        ("5ecret", #"{"do":"project","project":"7","paid":false}"#, .forbidden),
        ("5ecret", #"{"do":"fault","kind":"web_page"}"#, .unreachable),
        ("5ecret", #"{"do":"fault","kind":"status","status":503,"region":"eu"}"#, .mixed),
    ])
    func whySecretsAreRefusedIsToldApart(
        secret: String, command: String, reason: DiscoveryFailure.Reason
    ) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(command)
        let secret = try #require(ProjectSecret(secret))
        let failure = await #expect(throws: DiscoveryFailure.self) {
            _ = try await house.api.check(secret)
        }
        #expect(failure?.reason == reason)
        #expect(failure?.secretMessage.contains("service account's page") == false)
    }

    @Test(arguments: [("2026-11-22T00:00:01Z", true), ("2026-11-22T00:00:00Z", false)])
    func secretsAreTakenUntilTheirDay(end: String, isTaken: Bool) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(#"{"do":"project_secrets","end":"\#(end)"}"#)
        let secret = try #require(ProjectSecret("5ecret"))
        let region = try? await house.api.check(secret)
        #expect((region != nil) == isTaken)
        try house.obey(#"{"do":"project_secrets"}"#)
        #expect(try await house.api.check(secret) == .eu)
    }

    @Test func everyReasonHasASentenceForWhoeverCalls() {
        let reasons: [MixpanelError.Reason] = [
            .credentials, .expired, .wrongRegion(other: .eu), .wrongRegion(other: nil), .forbidden,
            .plan, .notFound, .rateLimited(retryAfter: .seconds(7)), .rateLimited(retryAfter: nil),
            .server(status: 500), .unreachable(.timedOut), .notMixpanel(.webPage),
            .refused(status: 400),
        ]
        let messages = reasons.map { ProviderError(MixpanelError($0, in: .eu)).message }
        #expect(Set(messages).count == reasons.count)
        #expect(messages.allSatisfy { $0.hasSuffix(".") })
        #expect(!messages.prefix(6).contains { $0.contains("service account") })
        #expect(messages[7].contains("7 s"))
    }
}

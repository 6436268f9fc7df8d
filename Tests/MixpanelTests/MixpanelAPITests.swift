import Audiences
import Testing

@testable import Mixpanel

@Suite struct MixpanelAPITests {
    @Test func cohortsAreReadLeniently() async throws {
        let mixpanel = ScriptedMixpanel(us: [
            .status(
                200,
                """
                [{"id":12345,"name":"Power users","description":"d","count":150,"is_visible":1,
                "created":"2026-01-02 03:04:05","project_id":7},
                {"id":"x","name":null,"count":null,"is_visible":0},{"name":"no id"},7,{"id":9}]
                """)
        ])
        let cohorts = try await mixpanel.api.cohorts(of: id("a b&c"), in: .us, .made())
        #expect(
            cohorts == [
                SavedCohort(
                    id: try id("12345"), name: "Power users", description: "d", count: 150,
                    createdAt: "2026-01-02 03:04:05"),
                SavedCohort(id: try id("x"), name: "", isVisible: false),
                SavedCohort(id: try id("9"), name: ""),
            ])
        let request = try #require(mixpanel.requests.first)
        #expect(request.url == "http://us/api/query/cohorts/list?project_id=a%20b%26c")
        #expect(request.method == .post && request.timeout == .seconds(120))
    }

    @Test(arguments: [(0, 10_000), (1, 10_000)])
    func cohortsHaveALimit(extra: Int, kept: Int) throws {
        let list = Array(repeating: #"{"id":1}"#, count: MixpanelLimits.cohortsMax + extra)
        let cohorts = SavedCohort.list(Array("[\(list.joined(separator: ","))]".utf8))
        #expect(cohorts?.count == kept)
    }

    @Test(arguments: [(0, true), (1, false)])
    func anAnswerHasALimit(extra: Int, fits: Bool) async throws {
        let blank = String(repeating: " ", count: MixpanelLimits.answerBytesMax + extra - 2)
        let mixpanel = ScriptedMixpanel(us: [.status(200, "[]" + blank)])
        let credential = try ServiceCredential.made()
        do {
            #expect(try await mixpanel.api.cohorts(of: id("1"), in: .us, credential).isEmpty)
            #expect(fits)
        } catch let error as MixpanelError {
            #expect(!fits && error.reason == .unreachable(.answerTooLarge))
        }
    }

    @Test(arguments: [
        ("", nil), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA=="),
        ("\u{FF}\u{3FF}>?", "w7/Pvz4/"),
    ])
    func base64IsThatOfTheRFC(text: String, encoded: String?) {
        #expect(Base64.encode(Array(text.utf8)) == encoded ?? "")
    }

    @Test func aCredentialGoesIntoABasicHeaderAndNowhereElse() throws {
        let credential = try ServiceCredential.made("Sup3r-Secret")
        #expect(
            credential.authorization
                == "Basic c3luYy4xYTJiM2MubXAtc2VydmljZS1hY2NvdW50OlN1cDNyLVNlY3JldA==")
        var shown = "\(credential) \(String(reflecting: credential))"
        dump(credential, to: &shown)
        let request = MixpanelRequest(
            method: .get, url: "http://x/", headers: [("Authorization", credential.authorization)],
            timeout: .zero)
        shown += "\(request) \(String(reflecting: request))"
        dump(request, to: &shown)
        for secret in ["sync.1a", "Sup3r", "c3luYy4x", "- 83"] {
            #expect(!shown.contains(secret))
        }
    }

    @Test(arguments: [
        ("a", "b", true), ("", "b", false), ("a", "", false), ("a:b", "c", false),
        ("a", "b:c", true), ("a\n", "b", false), ("a", "b\r\n", false), ("é", "ü", true),
        (String(repeating: "u", count: 512), String(repeating: "s", count: 512), true),
        (String(repeating: "u", count: 513), "s", false),
        ("u", String(repeating: "s", count: 513), false),
    ])
    func aCredentialMustFitIntoTheHeader(username: String, secret: String, fits: Bool) {
        let credential = ServiceCredential(username: username, secret: Array(secret.utf8))
        #expect((credential != nil) == fits)
    }

    @Test(arguments: [
        ("", MixpanelRegion.us), ("mixpanel.com", .us), ("MIXPANEL.COM", .us),
        ("https://mixpanel.com/", .us), ("data.mixpanel.com", .us), ("api.mixpanel.com", .us),
        ("eu.mixpanel.com", .eu), ("https://eu.mixpanel.com/project/1", .eu),
        ("data-eu.mixpanel.com", .eu), ("api-eu.mixpanel.com", .eu),
        ("eu.mixpanel.com:443", .eu), ("in.mixpanel.com", .india),
        ("http://data-in.mixpanel.com", .india), ("api-in.mixpanel.com", .india),
        ("x.example", nil), ("mixpanel.com.example", nil), ("eumixpanel.com", nil),
        ("mixpanel.\u{212A}om", nil), ("https://", .us),
    ])
    func aDomainMeansARegion(domain: String, region: MixpanelRegion?) {
        #expect(MixpanelRegion(domain: domain) == region)
    }

    @Test func theOfficialHostsAreMixpanels() {
        for region in MixpanelRegion.allCases {
            let host = MixpanelHosts.official[region]
            #expect(host.hasPrefix("https://") && MixpanelRegion(domain: host) == region)
        }
    }
}

import Audiences
import TestSupport
import Testing

@testable import Mixpanel

/// Connecting, choosing, verifying: what becomes of an account, row by row of the table.
@Suite struct ServiceAccountsTests {
    private let mixpanel: ScriptedMixpanel
    private let store = MemoryStore()

    init() {
        mixpanel = ScriptedMixpanel()
    }

    private func accounts(_ mixpanel: ScriptedMixpanel) -> ServiceAccounts {
        ServiceAccounts(
            mixpanel: mixpanel.api, connections: store, quota: store, sealing: .plain,
            now: { .start })
    }

    private func connect(
        _ mixpanel: ScriptedMixpanel, project: String? = nil
    ) async throws -> ServiceAccount {
        try await accounts(mixpanel).connect(
            username: "sync.1a2b3c.mp-service-account", secret: Array("Sup3r-Secret".utf8),
            project: project.map { .make($0) }, for: .make())
    }

    private static let cohorts = ScriptedMixpanel.Answer.status(200, "[]")
    private static let wrongRegion = ScriptedMixpanel.Answer.status(
        400, #"{"error":"request failed with error: invalid project id for cluster"}"#)

    @Test func theOnlyProjectIsConnected() async throws {
        let account = try await connect(ScriptedMixpanel(us: [.unauthorized], eu: [.oneProject]))
        #expect(account.status == .connected)
        #expect(account.message == nil)
        #expect(
            account.project == MixpanelProject(id: .make("3713224"), name: "Prod", region: .eu))
        #expect(account.projects == [account.project])
        #expect(account.checkedAt == .start)
    }

    @Test func theSecretIsSealedForTheConnection() async throws {
        let account = try await connect(ScriptedMixpanel(us: [.oneProject]))
        #expect(
            try Sealing.plain.open(account.secret, ConnectionID.make().text)
                == Array("Sup3r-Secret".utf8))
    }

    /// A rotation of keys waits for seconds, and Mixpanel's regions may take longer.
    @Test func theSecretIsSealedUnderTheKeyThatIsUsedWhenMixpanelHasAnswered() async throws {
        let mixpanel = ScriptedMixpanel(us: [.oneProject])
        var sealing = Sealing.plain
        sealing.seal = { _, _ in SealedSecret(mixpanel.requests.isEmpty ? "old" : "new") }
        sealing.isCurrent = { $0.text == (mixpanel.requests.isEmpty ? "old" : "new") }
        let accounts = ServiceAccounts(
            mixpanel: mixpanel.api, connections: store, quota: store, sealing: sealing,
            now: { .start })
        let account = try await accounts.connect(
            username: "sync.1a2b3c.mp-service-account", secret: Array("Sup3r-Secret".utf8),
            for: .make())
        #expect(account.status == .connected)
        #expect(account.secret == SealedSecret("new"))
    }

    private static let two = ScriptedMixpanel.Answer.me(
        #"{"1":{"name":"A","domain":""},"2":{"name":"B","domain":"in.mixpanel.com"}}"#)

    @Test func ofSeveralProjectsOneHasToBeChosen() async throws {
        let mixpanel = ScriptedMixpanel(us: [Self.two])
        let account = try await connect(mixpanel)
        #expect(account.status == .needsProject)
        #expect(account.message?.contains("choose") == true)
        #expect(account.project == nil)
        #expect(account.projects.map(\.region) == [.us, .india])
        let chosen = try await accounts(mixpanel).choose(.make("2"), for: account, of: .make())
        #expect(chosen.status == .connected)
        #expect(chosen.message == nil)
        #expect(chosen.project?.region == .india)
        #expect(mixpanel.requests.count == 1)
    }

    @Test func aProjectGivenWithTheAccountIsChosen() async throws {
        let account = try await connect(ScriptedMixpanel(us: [Self.two]), project: "2")
        #expect(account.status == .connected)
        #expect(account.project?.id == .make("2"))
    }

    @Test func aProjectThatTheAccountCantSeeIsNotChosen() async throws {
        let mixpanel = ScriptedMixpanel(
            us: [Self.two, Self.wrongRegion], eu: [Self.wrongRegion], india: [Self.wrongRegion])
        let account = try await connect(mixpanel, project: "9")
        #expect(account.status == .needsProject)
        #expect(account.project == nil)
        #expect(account.projects.count == 2)
        #expect(account.message?.contains("check the project id") == true)
    }

    /// Row 65: the domain is none we know, so the regions are tried.
    @Test func theRegionOfAnUnknownDomainIsTried() async throws {
        let mixpanel = ScriptedMixpanel(
            us: [.me(#"{"1":{"name":"A","domain":"x.example"}}"#), Self.wrongRegion],
            eu: [Self.cohorts])
        let account = try await connect(mixpanel)
        #expect(account.status == .connected)
        #expect(account.project == MixpanelProject(id: .make("1"), name: "A", region: .eu))
    }

    /// Row 66.
    @Test func anAccountThatMayNotListItsProjectsIsToldOne() async throws {
        let mixpanel = ScriptedMixpanel(us: [.forbidden], eu: [.forbidden], india: [.forbidden])
        let account = try await connect(mixpanel)
        #expect(account.status == .needsProject)
        #expect(account.message?.contains("enter the project id") == true)
        let answering = ScriptedMixpanel(
            us: [.forbidden, .unauthorized], eu: [.forbidden, Self.cohorts],
            india: [.forbidden])
        let chosen = try await accounts(answering).choose(.make("7"), for: account, of: .make())
        #expect(chosen.status == .connected)
        #expect(chosen.project == MixpanelProject(id: .make("7"), region: .eu))
    }

    @Test(
        arguments: [
            ([.unauthorized, .unauthorized, .unauthorized], .rejected, "accepts this username"),
            (
                [.failure(.timedOut), .failure(.timedOut), .failure(.timedOut)], .unreachable,
                "check the network"
            ),
            ([.unauthorized, .failure(.timedOut), .unauthorized], .unreachable, "others did not"),
            ([.page, .redirect, .page], .unreachable, "proxy"),
            ([.me("{}")], .rejected, "no project"),
            (
                [.status(401, #"{"error":"Service account has expired"}"#)], .expired,
                "has expired"
            ),
        ] as [([ScriptedMixpanel.Answer], ServiceAccount.Status, String)])
    func everyFailureHasItsSentence(
        answers: [ScriptedMixpanel.Answer], status: ServiceAccount.Status, words: String
    ) async throws {
        let mixpanel = ScriptedMixpanel(
            us: [answers[0]], eu: [answers.count > 1 ? answers[1] : answers[0]],
            india: [answers.count > 2 ? answers[2] : answers[0]])
        let account = try await connect(mixpanel)
        #expect(account.status == status)
        #expect(account.message?.contains(words) == true, "\(account.message ?? "")")
        #expect(account.project == nil)
    }

    @Test func anAccountKeepsItsProjectWhileMixpanelCantBeReached() async throws {
        let account = try await connect(ScriptedMixpanel(us: [.oneProject]))
        let silent = try await accounts(ScriptedMixpanel()).verify(account, of: .make())
        #expect(silent.status == .unreachable)
        #expect(silent.message != nil)
        #expect(silent.project == account.project)
        #expect(silent.projects == account.projects)
        let back = try await accounts(ScriptedMixpanel(us: [.oneProject]))
            .verify(silent, of: .make())
        #expect(back == account)
    }

    @Test func anAccountThatLostItsProjectHasToChooseAgain() async throws {
        let account = try await connect(ScriptedMixpanel(us: [.oneProject]))
        let mixpanel = ScriptedMixpanel(
            us: [Self.two, Self.wrongRegion], eu: [.unauthorized], india: [Self.wrongRegion])
        let verified = try await accounts(mixpanel).verify(account, of: .make())
        #expect(verified.status == .needsProject)
        #expect(verified.project == nil)
        #expect(verified.projects.map(\.id.text) == ["1", "2"])
    }

    @Test func aChoiceThatCantBeProvedChangesNothing() async throws {
        let account = try await connect(ScriptedMixpanel(us: [Self.two]))
        let refusing = ScriptedMixpanel(
            us: [Self.two, Self.wrongRegion], eu: [Self.wrongRegion], india: [.unauthorized])
        for (mixpanel, code) in [(refusing, .conflict), (ScriptedMixpanel(), .unavailable)]
            as [(ScriptedMixpanel, Failure.Code)]
        {
            let failure = await #expect(throws: Failure.self) {
                try await accounts(mixpanel).choose(.make("9"), for: account, of: .make())
            }
            #expect(failure?.code == code)
            #expect(failure?.message.isEmpty == false)
        }
    }

    @Test(arguments: [("", "secret"), ("a:b", "secret"), ("user", ""), ("user", "a\nb")])
    func whatCantBeCredentialsIsRefused(username: String, secret: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await accounts(mixpanel).connect(
                username: username, secret: Array(secret.utf8), for: .make())
        }
        #expect(failure?.code == .invalid)
        #expect(mixpanel.requests.isEmpty)
    }

    // MARK: Using it

    private func connection(_ account: ServiceAccount?) async throws -> Connection {
        var connection = Connection.make()
        connection.serviceAccount = account
        try await store.create(connection)
        return connection
    }

    @Test func withoutAUsableAccountNobodyIsCalled() async throws {
        let accounts = accounts(mixpanel)
        var account = try await connect(ScriptedMixpanel(us: [Self.two]))
        var connection = Connection.make()
        for state in [nil, account] {
            connection.serviceAccount = state
            let failure = #expect(throws: Failure.self) { try accounts.access(to: connection) }
            #expect(failure?.code == .conflict)
        }
        account = try await accounts.choose(.make("1"), for: account, of: connection.id)
        account.status = .rejected
        account.message = "Why."
        connection.serviceAccount = account
        let failure = #expect(throws: Failure.self) { try accounts.access(to: connection) }
        #expect(failure?.message == "Why.")
        account.status = .unreachable
        connection.serviceAccount = account
        #expect(try accounts.access(to: connection).region == .us)
    }

    @Test func cohortsAreListedAndAnAccountThatIsBackIsConnected() async throws {
        var account = try await connect(ScriptedMixpanel(us: [.oneProject]))
        account.status = .unreachable
        let connection = try await connection(account)
        let mixpanel = ScriptedMixpanel(eu: [.status(200, #"[{"id":21,"name":"Buyers"}]"#)])
        let cohorts = try await accounts(mixpanel).cohorts(of: connection)
        #expect(cohorts.map(\.name) == ["Buyers"])
        #expect(try await store.connection(.make())?.serviceAccount?.status == .connected)
    }

    /// Row 70: the region is wrong, and the account says so until a project is chosen again.
    @Test func aWrongRegionIsOfferedToBeSwitched() async throws {
        let account = try await connect(ScriptedMixpanel(us: [.oneProject]))
        let connection = try await connection(account)
        let mixpanel = ScriptedMixpanel(
            us: [.oneProject, Self.cohorts], eu: [Self.wrongRegion])
        let failure = await #expect(throws: Failure.self) {
            try await accounts(mixpanel).cohorts(of: connection)
        }
        #expect(failure?.code == .conflict)
        #expect(failure?.message.contains("switch") == true)
        let marked = try #require(try await store.connection(.make())?.serviceAccount)
        #expect(marked.status == .needsProject)
        #expect(marked.project == nil)
        #expect(marked.projects.map(\.region) == [nil])
    }

    @Test(
        arguments: [
            (.status(429, "{}", [("Retry-After", "7")]), 7), (.status(429, "{}"), 300),
            (.status(500, "{}"), 60), (.failure(.timedOut), 60),
        ] as [(ScriptedMixpanel.Answer, Int)])
    func mixpanelBusyTellsWhenToComeBack(
        answer: ScriptedMixpanel.Answer, seconds: Int
    ) async throws {
        let connection = try await connection(connect(ScriptedMixpanel(us: [.oneProject])))
        let busy = await #expect(throws: MixpanelBusy.self) {
            try await accounts(ScriptedMixpanel(eu: [answer])).cohorts(of: connection)
        }
        #expect(busy?.retryAfterSeconds == seconds)
    }

    @Test func theQuotaOfTheProjectIsKept() async throws {
        let connection = try await connection(connect(ScriptedMixpanel(us: [.oneProject])))
        let mixpanel = ScriptedMixpanel(eu: [Self.cohorts])
        for _ in 0..<60 { _ = try await accounts(mixpanel).cohorts(of: connection) }
        let busy = await #expect(throws: MixpanelBusy.self) {
            try await accounts(mixpanel).cohorts(of: connection)
        }
        #expect(busy?.retryAfterSeconds == 3600)
        #expect(mixpanel.requests.count == 60)
    }
}

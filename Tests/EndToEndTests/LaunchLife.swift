import Foundation
import Testing

/// A server with a cohort of its own, studies and rules made by commands, and an app's calls, whose
/// answers are all kept.
actor LaunchLife {
    private(set) var server: MusterServer
    let directory: TestDirectory
    private let webhook: Webhook
    private let admin: OperatorKey
    private(set) var key = ""
    private(set) var audience = ""
    /// Everything that apps and browsers were answered.
    private(set) var told: [Answer] = []

    static let cohortName = "Checkout abandoners"

    init() async throws {
        directory = try TestDirectory()
        server = try await MusterServer.start(in: directory)
        do {
            webhook = try await server.connect()
            admin = try await server.operatorKey()
        } catch {
            await server.kill()
            throw error
        }
    }

    func restart() async throws {
        await server.kill()
        server = try await MusterServer.start(in: directory)
    }

    func end() async {
        await server.kill()
    }

    // MARK: - Mixpanel's part

    func sync(_ action: String, _ people: [String], session: String) async throws {
        let answer = try await server.call(
            "POST", webhook.path, [webhook.header],
            body: page(action, name: Self.cohortName, session: session, people))
        #expect(answer.status == 200)
        if audience.isEmpty {
            let found = try await server.audience(ofCohort: "77", admin)
            audience = try #require(found?["id"] as? String)
        }
    }

    // MARK: - The operator's part

    /// A command, which must succeed, and the id of what it prints.
    @discardableResult
    func muster(_ words: String..., shows name: String = "id") async throws -> String {
        let done = try await Muster.run(words + ["--json"], in: directory)
        #expect(done.code == 0, "\(words): \(done.errors)")
        return try #require(try done.object()[name] as? String)
    }

    func setUpApp() async throws {
        key = try await muster("sdk", "set-up", shows: "public_key")
    }

    /// Why a rule does not choose somebody; `nil` if it does.
    func reason(_ rule: String, for person: String) async throws -> String? {
        let answer = try await server.call(
            "GET", "/v1/eligibility?match_id=\(person)", [admin.header])
        let connections = try answer.object()["connections"] as? [[String: Any]] ?? []
        let refused = connections.flatMap { $0["refused"] as? [[String: Any]] ?? [] }
        return refused.first { $0["rule_id"] as? String == rule }?["reason"] as? String
    }

    func api(_ method: String, _ path: String) async throws -> Answer {
        let answer = try await server.call(method, "/v1" + path, [admin.header])
        #expect(answer.status == 200, "\(answer.text)")
        return answer
    }

    func started(_ rule: String) async throws -> Int? {
        try await api("GET", "/launch_rules/\(rule)/funnel").object()["started"] as? Int
    }

    // MARK: - The app's part

    private func app(_ method: String, _ path: String, _ body: String? = nil) async throws -> Answer
    {
        let answer = try await server.call(
            method, "/sdk/v1" + path, ["Authorization: Bearer \(key)"],
            body: body.map { Data($0.utf8) })
        told.append(answer)
        return answer
    }

    /// The code of the invite that an app is told of when this person opens it.
    func open(_ person: String) async throws -> String? {
        let config = try await app("GET", "/config?reference_id=\(person)")
        #expect(config.status == 200, "\(config.text)")
        let pending = try config.object()["pending_invite"] as? [String: Any]
        return pending?["invite_code"] as? String
    }

    func report(_ event: String, of code: String) async throws {
        let answer = try await app("POST", "/invites/\(code)/events", "{\"event\":\"\(event)\"}")
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// What an accept is answered.
    struct Launch: Sendable, Hashable {
        var decision: String?
        var reason: String?
        var url: String?
    }

    func accept(_ code: String, as person: String, attempt: String) async throws -> Launch {
        let answer = try await app(
            "POST", "/launches",
            """
            {"source":"audience","invite_code":"\(code)","reference_id":"\(person)",
            "attempt_id":"\(attempt)"}
            """)
        #expect(answer.status == 200, "\(answer.text)")
        let object = try answer.object()
        return Launch(
            decision: object["decision"] as? String, reason: object["reason"] as? String,
            url: object["launch_url"] as? String)
    }

    /// Somebody, or something, opens the invite's link.
    func openLink(_ code: String, _ headers: String...) async throws -> Answer {
        let answer = try await server.call("GET", "/i/\(code)", headers)
        told.append(answer)
        return answer
    }
}

import Audiences
import Endpoints
import HTTPWire
import TestSupport
import Testing

/// A house with an audience of two, ana and bo, whom the app knows as `ref-ana` and `ref-bo`, and
/// with a public key for the app.
final class AppHouse: Sendable {
    let house: House
    let admin: [(String, String)]
    let connection: String
    let webhook: (path: String, open: [(String, String)])
    let audience: String
    let key: String

    var app: [(String, String)] { [("authorization", "Bearer \(key)")] }

    init(
        limits: EndpointLimits = House.limits, apps: AssociatedApps = AssociatedApps(),
        traits: [String] = [], asksAtOnce: Bool = true
    ) async throws {
        let house = House(
            publicURL: "https://hooks.example.com", apps: apps, limits: limits,
            asksAtOnce: asksAtOnce)
        self.house = house
        admin = try await house.operatorKey()
        let connected = try await house.connect(traits: traits)
        connection = connected.connection.id.text
        webhook = (connected.connection.webhookPath, connected.open)
        let page = house.page("members", ["ana", "bo"])
        let received = try await house.send(
            .post, webhook.path, headers: webhook.open, body: page)
        #expect(received.status == 200)
        let list = try await house.send(.get, "/v1/audiences", headers: admin)
        audience = try #require(list.data.first?["id"] as? String)
        let settings = try await house.send(
            .put, "/v1/connections/\(connection)/sdk", headers: admin, body: ArrayBody("{}"))
        key = try #require(settings.object["public_key"] as? String)
    }

    // MARK: - As an operator

    @discardableResult
    func operate(
        _ method: Method, _ path: String, _ body: String? = nil, answers status: Int = 200,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await house.send(
            method, "/v1" + path, headers: admin, body: body.map { ArrayBody($0) } ?? ArrayBody())
        #expect(
            answer.status == status, "\(method.name) \(path): \(answer.text)",
            sourceLocation: sourceLocation)
        return answer
    }

    /// An active study; `more` are further settings, with a comma before.
    func study(_ more: String = "") async throws -> String {
        let made = try await operate(
            .post, "/studies",
            """
            {"connection_id":"\(connection)","name":"Checkout","status":"active",
            "launch_url":"https://ask.example/s/1"\(more)}
            """, answers: 201)
        return try #require(made.object["id"] as? String)
    }

    /// An active rule for the members of the audience.
    func audienceRule(of study: String, _ more: String = "") async throws -> String {
        try await rule(of: study, "\"audience_id\":\"\(audience)\"" + more)
    }

    func rule(of study: String, _ settings: String) async throws -> String {
        let made = try await operate(
            .post, "/launch_rules",
            """
            {"study_id":"\(study)","name":"Rule","status":"active",\(settings)}
            """, answers: 201)
        return try #require(made.object["id"] as? String)
    }

    /// People leave the cohort at Mixpanel.
    func remove(_ people: String...) async throws {
        let page = house.page("remove_members", people, session: "leave")
        let received = try await house.send(
            .post, webhook.path, headers: webhook.open, body: page)
        #expect(received.status == 200)
    }

    // MARK: - As an app

    func config(_ person: String?, identity: String? = nil) async throws -> Answer {
        let query = [person.map { "reference_id=\($0)" }, identity.map { "identity=\($0)" }]
            .compactMap(\.self).joined(separator: "&")
        let answer = try await house.send(
            .get, "/sdk/v1/config" + (query.isEmpty ? "" : "?" + query), headers: app)
        #expect(answer.status == 200, "\(answer.text)")
        return answer
    }

    /// The code of the invite that the app is told of, if there is one.
    func pending(_ person: String?) async throws -> String? {
        let pending = try await config(person).object["pending_invite"] as? [String: Any]
        return pending?["invite_code"] as? String
    }

    @discardableResult
    func launch(_ body: String) async throws -> Answer {
        let answer = try await house.send(
            .post, "/sdk/v1/launches", headers: app, body: ArrayBody(body))
        #expect(answer.status == 200, "\(answer.text)")
        return answer
    }

    func accept(_ code: String, _ person: String, attempt: String? = nil) async throws -> Answer {
        let attempt = attempt.map { ",\"attempt_id\":\"\($0)\"" } ?? ""
        return try await launch(
            """
            {"source":"audience","invite_code":"\(code)","reference_id":"\(person)"\(attempt)}
            """)
    }

    @discardableResult
    func report(_ event: String, of code: String) async throws -> Answer {
        let answer = try await house.send(
            .post, "/sdk/v1/invites/\(code)/events", headers: app,
            body: ArrayBody("{\"event\":\"\(event)\"}"))
        return answer
    }

    /// Why a rule does not choose a person, as operators see it; `nil` if it does.
    func reason(_ rule: String, for person: String) async throws -> String? {
        let answer = try await operate(.get, "/eligibility?match_id=\(person)")
        let connections = answer.object["connections"] as? [[String: Any]] ?? []
        let refused = connections.flatMap { $0["refused"] as? [[String: Any]] ?? [] }
        return refused.first { $0["rule_id"] as? String == rule }?["reason"] as? String
    }
}

extension Answer {
    var decision: String? { object["decision"] as? String }
    var reason: String? { object["reason"] as? String }
    var launchURL: String? { object["launch_url"] as? String }
}

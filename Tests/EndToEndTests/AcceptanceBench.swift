import Foundation
import Testing

/// A server, and a cohort of one's own on it: what a row of the acceptance table is tried with.
struct AcceptanceBench: Sendable {
    let server: MusterServer
    let webhook: Webhook
    let key: OperatorKey
    var cohort: String
    var project = "3012457"

    /// Where a page says it stands.
    enum Position: Sendable {
        case page(Int, of: Int)
        case raw(String)
        case absent

        fileprivate var json: String {
            switch self {
            case .page(let number, let total):
                #""page_info":{"total_pages":\#(total),"page_count":\#(number)},"#
            case .raw(let text): #""page_info":\#(text),"#
            case .absent: ""
            }
        }
    }

    /// A bench on a running server, with a connection that keeps a few traits.
    static func make(on server: MusterServer, cohort: String) async throws -> AcceptanceBench {
        let made = try await Muster.run(
            "connection", "create", "--name", "Lumen", "--cohort-sync", "--json", "--trait", "plan",
            "--trait", "$email", "--trait", "¿Cuál es tu rol?", in: server.directory)
        let object = try made.object()
        return AcceptanceBench(
            server: server,
            webhook: Webhook(
                path: try #require(object["webhook_path"] as? String),
                user: try #require(object["username"] as? String),
                secret: try #require(object["secret"] as? String)),
            key: try await server.operatorKey(), cohort: cohort)
    }

    // MARK: - Sending

    /// A call with `members` as JSON and, before them, further raw parameters.
    func body(
        _ action: String, _ members: String? = "[]", session: String = "S1",
        at position: Position = .page(1, of: 1), more: String = ""
    ) -> Data {
        let list = members.map { #","members":\#($0)"# } ?? ""
        return Data(
            """
            {"action":"\(action)","parameters":{\(more)\(position.json)"mixpanel_project_id":\
            "\(project)","mixpanel_cohort_id":"\(cohort)","mixpanel_session_id":"\(session)"\
            \(list)}}
            """.utf8)
    }

    /// Posts a body with the right credentials.
    func post(_ body: Data, _ headers: [String] = []) async throws -> Answer {
        try await server.call("POST", webhook.path, [webhook.header] + headers, body: body)
    }

    /// Posts a call that must be taken.
    func send(
        _ action: String, _ members: String? = "[]", session: String = "S1",
        at position: Position = .page(1, of: 1), more: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await post(
            body(action, members, session: session, at: position, more: more))
        #expect(
            answer.text == #"{"action":"\#(action)","status":"success"}"#,
            sourceLocation: sourceLocation)
        #expect(answer.status == 200, sourceLocation: sourceLocation)
    }

    /// The same for members with nothing but an id.
    func send(
        _ action: String, ids: [String], session: String = "S1",
        at position: Position = .page(1, of: 1),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await send(
            action, Self.list(ids), session: session, at: position, sourceLocation: sourceLocation)
    }

    static func list(_ ids: [String]) -> String {
        "[" + ids.map { #"{"mixpanel_distinct_id":"\#($0)"}"# }.joined(separator: ",") + "]"
    }

    /// Refused in Mixpanel's shape, with a sentence that names `word`.
    func expectRefusal(
        _ answer: Answer, _ status: Int, action: String? = nil, naming word: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        let object = try answer.object()
        #expect(object["action"] as? String == action, sourceLocation: sourceLocation)
        #expect(object["status"] as? String == "failure", sourceLocation: sourceLocation)
        let error = object["error"] as? [String: Any]
        #expect(error?["code"] as? Int == status, sourceLocation: sourceLocation)
        let message = error?["message"] as? String ?? ""
        #expect(
            word.isEmpty || message.contains(word), "\(message)", sourceLocation: sourceLocation)
    }

    // MARK: - Administering

    /// A call to the API.
    func api(
        _ method: String, _ path: String, _ body: [String: any Sendable]? = nil,
        answers status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await server.call(
            method, "/v1" + path, [key.header],
            body: try body.map { try JSONSerialization.data(withJSONObject: $0) })
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        return answer
    }

    // MARK: - Reading back

    /// The audience as the API shows it; `nil` if there is none.
    func audience() async throws -> [String: Any]? {
        let id = webhook.path.split(separator: "/").last ?? ""
        let answer = try await server.call(
            "GET", "/v1/audiences?connection=\(id)&project=\(project)&cohort=\(cohort)",
            [key.header])
        #expect(answer.status == 200, "\(answer.text)")
        return (try answer.object()["data"] as? [[String: Any]])?.first
    }

    /// Every member as the export shows it; none if there is no audience.
    func members() async throws -> [[String: Any]] {
        guard let audience = try await audience(), let id = audience["id"] as? String else {
            return []
        }
        let answer = try await server.call("GET", "/v1/audiences/\(id)/export", [key.header])
        #expect(answer.status == 200)
        let members = try answer.body.split(separator: 0x0A).map { line in
            try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        }
        #expect(audience["member_count"] as? Int == members.count)
        return members
    }

    /// Their distinct ids, each of which must be there once.
    func ids() async throws -> Set<String> {
        let list = try await members().compactMap { $0["mixpanel_distinct_id"] as? String }
        #expect(Set(list).count == list.count)
        return Set(list)
    }

    func member(_ id: String) async throws -> [String: Any] {
        let found = try await members().first { $0["mixpanel_distinct_id"] as? String == id }
        return try #require(found)
    }

    /// The newest session of the sync log.
    func lastSync() async throws -> [String: Any] {
        try #require(try await syncs().first)
    }

    func syncs() async throws -> [[String: Any]] {
        let audience = try #require(try await audience())
        let id = try #require(audience["id"] as? String)
        let answer = try await server.call("GET", "/v1/audiences/\(id)/syncs", [key.header])
        return try #require(try answer.object()["data"] as? [[String: Any]])
    }

    /// The sessions of the sync log by their outcome.
    func outcomes() async throws -> [String: String] {
        try await syncs().reduce(into: [:]) { outcomes, sync in
            outcomes[sync["session_id"] as? String ?? ""] = sync["status"] as? String
        }
    }

    /// Whether somebody who matches the id is in this audience.
    func isIn(_ matchID: String) async throws -> Bool {
        guard let id = try await audience()?["id"] as? String else { return false }
        let answer = try await server.call(
            "GET", "/v1/memberships?match_id=\(matchID)&audience_id=\(id)", [key.header])
        #expect(answer.status == 200)
        return (try answer.object()["audiences"] as? [Any])?.isEmpty == false
    }
}

/// `numbered(1..<4)` is p1, p2, p3.
func numbered(_ range: Range<Int>) -> [String] {
    range.map { "p\($0)" }
}

import HTTPWire
import TestSupport
import Testing

/// Studies, launch rules, invites, and what apps ask.
extension ContractLife {
    func ofLaunching(_ audience: String) async throws {
        let key = try await ofSDKSettings()
        let app = [("authorization", "Bearer \(key)")]
        let rule = try await ofRules(audience.split(separator: "/").last.map(String.init) ?? "")
        try await ofAnApp(app)
        try await call(.get, rule + "/funnel")
        try await call(.get, "/eligibility?match_id=ref-p3")
    }

    /// Returns the public key.
    private func ofSDKSettings() async throws -> String {
        let sdk = connection + "/sdk"
        try await call(.put, sdk, #"{"cooldown_hours":24}"#)
        try await call(.post, sdk + "/identity_secret")
        let made = try await call(.post, sdk + "/key")
        try await call(.get, sdk)
        return try #require(made.object["public_key"] as? String)
    }

    /// Returns the path of one for an audience; another is for an event.
    private func ofRules(_ audience: String) async throws -> String {
        let study = try await call(
            .post, "/studies",
            """
            {"connection_id":"\(connection.dropFirst("/connections/".count))","name":"Checkout",
            "launch_url":"https://ask.example/s/1"}
            """, answers: 201)
        let id = try #require(study.object["id"] as? String)
        try await call(.patch, "/studies/\(id)", #"{"status":"active"}"#)
        try await call(.get, "/studies/\(id)")
        try await call(.get, "/studies")
        for target in [#""event_name":"left""#, "\"audience_id\":\"\(audience)\""] {
            try await call(
                .post, "/launch_rules",
                """
                {"study_id":"\(id)","name":"Rule","status":"active",\(target)}
                """, answers: 201)
        }
        let rules = try await call(.get, "/launch_rules")
        let rule = "/launch_rules/" + (rules.data.last?["id"] as? String ?? "")
        try await call(
            .patch, rule,
            #"{"prompt":{"title":"a","message":"b","start_label":"c","dismiss_label":"d"}}"#)
        try await call(.get, rule)
        return rule
    }

    private func ofAnApp(_ app: [(String, String)]) async throws {
        let config = try await house.send(
            .get, "/sdk/v1/config?reference_id=ref-p2", headers: app)
        let pending = try #require(config.object["pending_invite"] as? [String: Any])
        let code = try #require(pending["invite_code"] as? String)
        for body in [
            #"{"source":"event","event_name":"left","reference_id":"x"}"#,
            #"{"source":"event","event_name":"right","reference_id":"x"}"#,
        ] {
            let answer = try await house.send(
                .post, "/sdk/v1/launches", headers: app, body: ArrayBody(body))
            #expect(answer.status == 200)
        }
        let events = "/sdk/v1/invites/\(code)/events"
        _ = try await house.send(
            .post, events, headers: app, body: ArrayBody(#"{"event":"shown"}"#))
        for path in ["/sdk/v1/config", "/sdk/v1/launches", events] {
            #expect(try await house.send(.options, path).status == 204)
        }
        try await call(.get, "/invites")
        try await call(.get, "/invites/\(code)")
        try await call(.get, "/invites/export")
        try await ofLinks(code)
    }

    private func ofLinks(_ code: String) async throws {
        #expect(try await house.send(.get, "/i/\(code)").status == 200)
        #expect(try await house.send(.post, "/i/\(code)").status == 303)
        // Once started it leads on, until it is completed or dead: another's is over.
        let list = try await call(.get, "/invites")
        let other = list.data.compactMap { $0["code"] as? String }.first { $0 != code } ?? ""
        try await call(.patch, "/launch_rules/" + ruleOf(list, other), #"{"status":"archived"}"#)
        #expect(try await house.send(.post, "/i/\(other)").status == 200)
        for name in ["apple-app-site-association", "assetlinks.json"] {
            #expect(try await house.send(.get, "/.well-known/\(name)").status == 200)
        }
    }

    private func ruleOf(_ list: Answer, _ code: String) -> String {
        list.data.first { $0["code"] as? String == code }?["rule_id"] as? String ?? ""
    }
}

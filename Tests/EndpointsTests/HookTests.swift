import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// The hook of a connection over HTTP.
@Suite struct HookTests {
    private let house = House()

    private func rig() async throws -> Rig {
        let (connection, _) = try await house.connect()
        return Rig(
            house: house, id: connection.id,
            path: "/v1/connections/\(connection.id.text)/hook",
            key: try await house.operatorKey())
    }

    @Test func theSecretIsShownWhenTheHookIsMadeAndNeverAgain() async throws {
        let rig = try await rig()
        #expect(try await rig.call(.get).status == 404)
        let made = try await rig.put()
        #expect(made.status == 200)
        #expect(made.response.header("Cache-Control") == "no-store")
        let secret = try #require(made.object["secret"] as? String)
        #expect(secret.hasPrefix("whsec_"))
        #expect(Data(base64Encoded: String(secret.dropFirst(6)))?.count == 32)
        #expect(made.object["enabled"] as? Bool == true)
        #expect((made.object["secrets"] as? [Any])?.count == 1)
        let shown = [try await rig.put(), try await rig.call(.get)]
        for answer in shown {
            #expect(answer.status == 200)
            #expect(answer.object["secret"] == nil)
            #expect(answer.object["url"] as? String == "https://hooks.lumen.example/")
        }
        #expect(!house.log.lines.joined().contains(secret))
        let stored = try await house.store.hook(of: rig.id)
        #expect(stored?.secrets.count == 1)
    }

    @Test func aHookIsChangedSwitchedOffAndRemoved() async throws {
        let rig = try await rig()
        _ = try await rig.put()
        let changed = try await rig.put(
            #"{"url":"http://localhost:3000/","events":["audience.left","audience.left"],"#
                + #""enabled":false}"#)
        #expect(changed.object["url"] as? String == "http://localhost:3000/")
        #expect(changed.object["events"] as? [String] == ["audience.left"])
        #expect(changed.object["enabled"] as? Bool == false)
        for _ in 0..<2 { #expect(try await rig.call(.delete).status == 204) }
        #expect(try await rig.call(.get).status == 404)
        let audit = try await house.send(.get, "/v1/audit?target=\(rig.id.text)", headers: rig.key)
        #expect(
            audit.data.compactMap { $0["action"] as? String }.filter { $0.hasPrefix("hook") }
                == ["hook.removed", "hook.changed", "hook.changed"])
    }

    @Test(arguments: [
        "{}", #"{"url":"https://a.example/"}"#, #"{"events":["invite.started"]}"#,
        #"{"url":"http://a.example/","events":["invite.started"]}"#,
        #"{"url":7,"events":["invite.started"]}"#,
        #"{"url":"https://a.example/","events":[]}"#,
        #"{"url":"https://a.example/","events":"invite.started"}"#,
        #"{"url":"https://a.example/","events":["invite.begun"]}"#,
        #"{"url":"https://a.example/","events":["hook.test"]}"#,
        #"{"url":"https://a.example/","events":[7]}"#,
        #"{"url":"https://a.example/","events":["invite.started"],"enabled":1}"#,
        #"{"url":"https://a.example/","events":["invite.started"],"secret":"whsec_"}"#,
        """
        {"url":"https://a.example/","events":["invite.started","invite.started","invite.started",\
        "invite.started","invite.started","invite.started"]}
        """,
    ])
    func aHookThatCanNotBeMeantIsInvalid(body: String) async throws {
        let rig = try await rig()
        #expect(try await rig.put(body).status == 400)
        #expect(try await house.store.hook(of: rig.id) == nil)
    }

    @Test func aNewSecretIsShownOnceAndTheOldOneSignsUntilTheOverlapEnds() async throws {
        let rig = try await rig()
        #expect(try await rig.call(.post, "/secret").status == 404)
        let first = try await rig.put().object["secret"] as? String
        let made = try await rig.call(.post, "/secret", #"{"overlap_seconds":60}"#)
        #expect(made.status == 200)
        #expect(made.response.header("Cache-Control") == "no-store")
        #expect(made.object["secret"] as? String != first)
        let secrets = try #require(made.object["secrets"] as? [[String: Any]])
        #expect(secrets.count == 2)
        #expect(secrets[0]["expires_at"] is NSNull)
        #expect(secrets[1]["expires_at"] is String)
        house.clock.advance(milliseconds: 60_000)
        let later = try await rig.call(.get)
        #expect((later.object["secrets"] as? [Any])?.count == 1)
        #expect(try await rig.call(.post, "/secret", #"{"overlap_seconds":-1}"#).status == 400)
        for _ in 1..<Limits.hookSecretsMax {
            let more = try await rig.call(.post, "/secret", #"{"overlap_seconds":60}"#)
            #expect(more.status == 200)
        }
        #expect(try await rig.call(.post, "/secret", #"{"overlap_seconds":60}"#).status == 409)
    }

    @Test func theSameIdempotencyKeyMakesOneSecretAndOneTest() async throws {
        let rig = try await rig()
        _ = try await rig.put()
        for path in ["/secret", "/test"] {
            let twice = [("idempotency-key", "twice\(path.utf8.count)")]
            let first = try await rig.call(.post, path, headers: twice)
            let second = try await rig.call(.post, path, headers: twice)
            #expect(first.text == second.text)
            #expect(second.response.header("Idempotency-Replayed") == "true")
        }
        #expect(try await rig.call(.get, "/deliveries").data.count == 1)
    }

    @Test func aTestIsSentListedAndReplayed() async throws {
        let rig = try await rig()
        #expect(try await rig.call(.post, "/test").status == 404)
        #expect(try await rig.call(.get, "/deliveries").status == 404)
        _ = try await rig.put()
        let made = try await rig.call(.post, "/test")
        #expect(made.status == 202)
        let id = try #require(made.object["id"] as? String)
        #expect(made.object["type"] as? String == "hook.test")
        try await rig.deliver(HookAttempt(answer: 500, problem: "It answered 500."))
        let listed = try await rig.call(.get, "/deliveries?status=waiting").data
        #expect(listed.count == 1)
        #expect(listed[0]["id"] as? String == id)
        #expect(listed[0]["attempts"] as? Int == 1)
        #expect(listed[0]["last_status"] as? Int == 500)
        #expect(listed[0]["last_problem"] as? String == "It answered 500.")
        house.clock.advance(milliseconds: 60_000)
        try await rig.deliver(HookAttempt(answer: 204))
        let delivered = try await rig.call(.get, "/deliveries?status=delivered").data
        #expect(delivered.count == 1)
        #expect(delivered[0]["next_attempt_at"] is NSNull)
        let replayed = try await rig.call(.post, "/deliveries/\(id)/replay")
        #expect(replayed.status == 202)
        #expect(replayed.object["status"] as? String == "waiting")
        #expect(replayed.object["attempts"] as? Int == 0)
        for other in ["msg_0000000000000000", "nonsense"] {
            #expect(try await rig.call(.post, "/deliveries/\(other)/replay").status == 404)
        }
        #expect(try await rig.call(.get, "/deliveries?status=lost").status == 400)
    }

    @Test func aHookThatIsOffPromisesNothing() async throws {
        let rig = try await rig()
        _ = try await rig.put()
        let id = try #require(try await rig.call(.post, "/test").object["id"] as? String)
        _ = try await rig.put(
            #"{"url":"https://a.example/","events":["invite.started"],"enabled":false}"#)
        #expect(try await rig.call(.post, "/test").status == 409)
        #expect(try await rig.call(.post, "/deliveries/\(id)/replay").status == 409)
    }

    @Test func onlyAnAdminKeyChangesAHook() async throws {
        let rig = try await rig()
        _ = try await rig.put()
        let reader = try await house.operatorKey(.read)
        for path in ["", "/deliveries"] {
            #expect(try await house.send(.get, rig.path + path, headers: reader).status == 200)
        }
        for (method, path) in [
            (Method.put, ""), (.delete, ""), (.post, "/secret"), (.post, "/test"),
            (.post, "/deliveries/msg_0000000000000000/replay"),
        ] {
            let answer = try await house.send(method, rig.path + path, headers: reader)
            #expect(answer.status == 403, "\(path)")
        }
    }

    @Test func anUnknownConnectionHasNoHook() async throws {
        let rig = try await rig()
        let unknown = "/v1/connections/\(ConnectionID.make(9).text)/hook"
        for (method, path) in [
            (Method.get, ""), (.put, ""), (.delete, ""), (.post, "/secret"),
            (.get, "/deliveries"), (.post, "/test"),
        ] {
            let body = method == .put ? ArrayBody(Rig.wish) : ArrayBody()
            let answer = try await house.send(
                method, unknown + path, headers: rig.key, body: body)
            #expect(answer.status == 404, "\(method.name) \(path)")
        }
    }
}

private struct Rig {
    let house: House
    let id: ConnectionID
    let path: String
    let key: [(String, String)]

    static let wish =
        #"{"url":"https://hooks.lumen.example/","events":["invite.started","invite.completed"]}"#

    func call(
        _ method: Method, _ path: String = "", _ body: String = "",
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await house.send(
            method, self.path + path, headers: key + headers,
            body: body.isEmpty ? ArrayBody() : ArrayBody(body))
    }

    func put(_ body: String = Rig.wish) async throws -> Answer {
        try await call(.put, "", body)
    }

    /// Plays the service's part once.
    func deliver(_ attempt: HookAttempt) async throws {
        let now = house.clock.now
        let hook = try #require(try await house.store.hook(of: id))
        for message in try await house.store.claimDeliveries(
            of: id, limit: 10, until: now, at: now)
        {
            var delivery = message.delivery
            delivery.note(attempt, at: now, jitter: 0)
            try await house.store.conclude(delivery, sentTo: hook.url, at: now)
        }
    }
}

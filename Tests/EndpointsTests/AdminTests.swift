import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@Suite struct AdminTests {
    let house = House()

    @Test func theAPINeedsAKey() async throws {
        let body = ArrayBody("{}")
        for headers in [[], [("authorization", "Bearer x")], house.basic("a", "b")] {
            for (method, path) in [(Method.get, "/v1/audiences"), (.post, "/v1/connections")] {
                let answer = try await house.send(method, path, headers: headers, body: body)
                #expect(answer.status == 401)
                #expect(answer.errorCode == "unauthorized")
                #expect(answer.response.header("WWW-Authenticate") == "Bearer realm=\"muster\"")
            }
        }
        #expect(!body.wasRead)
    }

    @Test func aKeyWithOneWrongCharacterAndARevokedOneOpenNothing() async throws {
        let issued = try OperatorKey.issue(name: "app", at: house.clock.now, by: .plain)
        try await house.store.create(issued.stored)
        func status(_ key: String) async throws -> Int {
            try await house.send(
                .get, "/v1/audiences", headers: [("authorization", "Bearer \(key)")]
            ).status
        }
        #expect(try await status(issued.secret) == 200)
        #expect(try await status(String(issued.secret.dropLast()) + "_") == 401)
        try await house.store.revoke(issued.stored.id, at: house.clock.now)
        #expect(try await status(issued.secret) == 401)
    }

    @Test func aConnectionIsMadeSetUpAndUsed() async throws {
        let key = try await house.operatorKey()
        let made = try await house.send(
            .post, "/v1/connections", headers: key, body: ArrayBody(#"{"name":"Shop"}"#))
        #expect(made.status == 201)
        let id = try #require(made.object["id"] as? String)
        #expect(made.object["cohort_sync"] is NSNull)
        let path = "/v1/connections/\(id)/cohort_sync"
        #expect(try await house.send(.get, path, headers: key).status == 404)
        let sync = try await house.send(.post, path, headers: key)
        #expect(sync.status == 201)
        let secret = try #require(sync.object["secret"] as? String)
        let username = try #require(sync.object["username"] as? String)
        #expect(sync.object["webhook_path"] as? String == "/webhooks/mixpanel/\(id)")
        #expect(
            sync.object["webhook_url"] as? String
                == "http://muster.example/webhooks/mixpanel/\(id)")
        let page = try await house.send(
            .post, "/webhooks/mixpanel/\(id)", headers: house.basic(username, secret),
            body: house.page("members", ["a"]))
        #expect(page.status == 200)
    }

    @Test func theSecretIsShownOnceAndASecondSetUpIsAConflict() async throws {
        let key = try await house.operatorKey()
        let made = try await house.send(
            .post, "/v1/connections", headers: key, body: ArrayBody(#"{"name":"Shop"}"#))
        let id = try #require(made.object["id"] as? String)
        let path = "/v1/connections/\(id)/cohort_sync"
        let first = try await house.send(.post, path, headers: key)
        let secret = try #require(first.object["secret"] as? String)
        let second = try await house.send(.post, path, headers: key)
        #expect(second.status == 409)
        for path in [path, "/v1/connections/\(id)", "/v1/connections"] {
            let answer = try await house.send(.get, path, headers: key)
            #expect(answer.status == 200)
            #expect(!answer.text.contains("muster_secret_"))
            #expect(!answer.text.contains("$sha256$"))
        }
        #expect(!house.log.lines.joined().contains(secret))
    }

    @Test func theConfiguredAddressGoesBeforeTheHostOfTheRequest() async throws {
        let house = House(publicURL: "https://hooks.example.com")
        let (connection, _) = try await house.connect()
        let key = try await house.operatorKey()
        let answer = try await house.send(
            .get, "/v1/connections/\(connection.id.text)/cohort_sync", headers: key)
        #expect(
            answer.object["webhook_url"] as? String
                == "https://hooks.example.com" + connection.webhookPath)
    }

    @Test(arguments: [
        "", "{}", #"{"name":""}"#, #"{"name":7}"#, #"{"name":"a","username":"u"}"#,
        #"{"name":"a","traits":"plan"}"#, #"{"name":"a","traits":[""]}"#,
        #"{"name":"a","reference_property":""}"#,
    ])
    func settingsThatCannotBeMeantAreInvalid(body: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(
            .post, "/v1/connections", headers: key, body: ArrayBody(body))
        #expect(answer.status == 400)
        #expect(answer.errorCode == "invalid")
    }

    @Test func aConnectionNobodyKnowsIsNotFound() async throws {
        let key = try await house.operatorKey()
        for id in ["conn_0123456789abcdef", "x"] {
            for (method, suffix) in [
                (Method.get, ""), (.get, "/cohort_sync"), (.post, "/cohort_sync"),
            ] {
                let answer = try await house.send(
                    method, "/v1/connections/\(id)\(suffix)", headers: key)
                #expect(answer.status == 404)
            }
        }
    }

    @Test func errorsNameTheRequest() async throws {
        let answer = try await house.send(.get, "/nowhere")
        #expect(answer.status == 404)
        let error = try #require(answer.object["error"] as? [String: Any])
        #expect(Set(error.keys) == ["code", "message", "request_id"])
        #expect(error["request_id"] as? String == answer.response.header("X-Request-Id"))
    }

    @Test func anUnknownMethodIsNotImplemented() async throws {
        #expect(try await house.send(.other("BREW"), "/livez").status == 501)
    }

    @Test func aBodyOfTheAPIOverItsLimitIs413() async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(
            .post, "/v1/connections", headers: key,
            body: ArrayBody([[UInt8](repeating: 0x20, count: 65_537)]))
        #expect(answer.status == 413)
        #expect(answer.errorCode == "too_large")
    }
}

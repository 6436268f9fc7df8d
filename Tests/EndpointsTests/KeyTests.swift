import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Keys over HTTP, and what the audit log says of them.
@Suite struct KeyTests {
    let house = House()

    @Test func aKeyIsMadeUsedAndRevoked() async throws {
        let admin = try await house.operatorKey()
        let made = try await house.send(
            .post, "/v1/keys", headers: admin, body: ArrayBody(#"{"name":"app","scope":"read"}"#))
        #expect(made.status == 201)
        #expect(made.response.header("Cache-Control") == "no-store")
        let id = try #require(made.object["id"] as? String)
        let secret = try #require(made.object["key"] as? String)
        let own = [("authorization", "Bearer \(secret)")]
        #expect(try await house.send(.get, "/v1/audiences", headers: own).status == 200)
        #expect(try await house.send(.delete, "/v1/keys/\(id)", headers: own).status == 403)
        for path in ["/v1/keys", "/v1/keys/\(id)"] {
            let shown = try await house.send(.get, path, headers: own)
            #expect(shown.status == 200)
            #expect(!shown.text.contains("muster_key_") && !shown.text.contains("sha256"))
        }
        let revoked = try await house.send(.delete, "/v1/keys/\(id)", headers: admin)
        #expect(revoked.object["revoked_at"] as? String == house.clock.now.rfc3339)
        #expect(try await house.send(.get, "/v1/audiences", headers: own).status == 401)
        #expect(!house.log.lines.joined().contains(secret))
    }

    @Test func withoutAScopeAKeyIsAnAdministrators() async throws {
        let admin = try await house.operatorKey()
        for scope in ["", #","scope":null"#] {
            let made = try await house.send(
                .post, "/v1/keys", headers: admin, body: ArrayBody("{\"name\":\"ops\"\(scope)}"))
            #expect(made.object["scope"] as? String == "admin")
        }
    }

    @Test func aKeyMayRevokeItself() async throws {
        let admin = try await house.operatorKey()
        let list = try await house.send(.get, "/v1/keys", headers: admin)
        let id = try #require(list.data.first?["id"] as? String)
        #expect(try await house.send(.delete, "/v1/keys/\(id)", headers: admin).status == 200)
        #expect(try await house.send(.get, "/v1/keys", headers: admin).status == 401)
    }

    @Test(arguments: [
        "", "{}", #"{"name":""}"#, #"{"name":7}"#, #"{"name":"a","scope":"write"}"#,
        #"{"name":"a","scope":""}"#, #"{"name":"a","key":"mine"}"#,
    ])
    func aKeyThatCannotBeMeantIsInvalid(body: String) async throws {
        let admin = try await house.operatorKey()
        let answer = try await house.send(
            .post, "/v1/keys", headers: admin, body: ArrayBody(body))
        #expect(answer.status == 400)
    }

    @Test(arguments: ["key_0123456789abcdef", "x"])
    func aKeyNobodyKnowsIsNotFound(id: String) async throws {
        let admin = try await house.operatorKey()
        for method in [Method.get, .delete] {
            #expect(try await house.send(method, "/v1/keys/\(id)", headers: admin).status == 404)
        }
    }

    @Test func theAuditLogTellsWhoDidWhatAndToWhat() async throws {
        let admin = try await house.operatorKey()
        let made = try await house.send(
            .post, "/v1/connections", headers: admin + [("x-request-id", "mine-1")],
            body: ArrayBody(#"{"name":"Shop"}"#))
        let id = try #require(made.object["id"] as? String)
        let edited = try await house.send(
            .patch, "/v1/connections/\(id)", headers: admin,
            body: ArrayBody(#"{"name":"Shop 2","traits":["plan"]}"#))
        #expect(edited.status == 200)
        let log = try await house.send(.get, "/v1/audit?target=\(id)", headers: admin)
        #expect(
            log.data.map { $0["action"] as? String } == [
                "connection.changed", "connection.created",
            ])
        #expect(log.data[0]["details"] as? [String] == ["name", "traits"])
        #expect(log.data[1]["request_id"] as? String == "mine-1")
        #expect(!log.text.contains("Shop 2"))
        let none = try await house.send(
            .get, "/v1/audit?target=\(id)&action=key.created", headers: admin)
        #expect(none.data.isEmpty)
        let wrong = try await house.send(.get, "/v1/audit?action=no.such", headers: admin)
        #expect(wrong.status == 400)
    }

    @Test func anErasureIsLoggedWithoutTheID() async throws {
        let admin = try await house.operatorKey()
        _ = try await house.send(.delete, "/v1/people?match_id=user-42", headers: admin)
        let log = try await house.send(.get, "/v1/audit?action=person.erased", headers: admin)
        #expect(log.data.count == 1)
        #expect(log.data[0]["target"] is NSNull)
        #expect(!log.text.contains("user-42"))
    }
}

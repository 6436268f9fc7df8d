import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// The life of a cohort sync over HTTP, and whom its webhook lets in meanwhile.
@Suite struct CohortSyncAdministrationTests {
    let house = House()

    /// A connection, and the way to call its cohort sync.
    private func rig() async throws -> Rig {
        let (connection, open) = try await house.connect()
        return Rig(
            house: house, path: "/v1/connections/\(connection.id.text)/cohort_sync",
            webhook: connection.webhookPath, open: open,
            key: try await house.operatorKey())
    }

    @Test func aNewSecretEndsTheOldOneAtOnce() async throws {
        let rig = try await rig()
        let answer = try await rig.call(.post, "/secret")
        #expect(answer.status == 200)
        #expect(answer.response.header("Cache-Control") == "no-store")
        #expect(try await rig.post(rig.open) == 401)
        #expect(try await rig.post(rig.opening(answer)) == 200)
        let secrets = try #require(answer.object["secrets"] as? [[String: Any]])
        #expect(secrets.count == 2)
        #expect(secrets[0]["expires_at"] is NSNull)
        #expect(secrets[1]["expires_at"] as? String == house.clock.now.rfc3339)
        #expect(!house.log.lines.joined().contains("muster_secret_"))
    }

    @Test func withAnOverlapBothOpenUntilItIsOver() async throws {
        let rig = try await rig()
        let answer = try await rig.call(.post, "/secret", #"{"overlap_seconds":60}"#)
        house.clock.advance(milliseconds: 59_999)
        #expect(try await rig.post(rig.open) == 200)
        house.clock.advance(milliseconds: 1)
        #expect(try await rig.post(rig.open) == 401)
        #expect(try await rig.post(rig.opening(answer)) == 200)
    }

    @Test(arguments: [
        ("0", 200), ("604800", 200), ("604801", 400), ("-1", 400), ("60.0", 200),
        ("1.5", 400), ("1e999", 400), ("\"60\"", 400),
    ])
    func anOverlapHasItsLimits(seconds: String, status: Int) async throws {
        let body = "{\"overlap_seconds\":\(seconds)}"
        #expect(try await rig().call(.post, "/secret", body).status == status)
    }

    @Test func switchingOffAndOnIsShownAndCanBeRepeated() async throws {
        let rig = try await rig()
        for _ in 0..<2 {
            let off = try await rig.call(.delete)
            #expect(off.status == 200)
            #expect(off.object["enabled"] as? Bool == false)
            #expect(off.object["switched_off_at"] as? String == house.clock.now.rfc3339)
        }
        let on = try await rig.call(.patch, "", #"{"enabled":true}"#)
        #expect(on.object["enabled"] as? Bool == true)
        #expect(on.object["switched_off_at"] is NSNull)
        #expect(try await rig.post(rig.open) == 200)
        let entries = try await house.send(
            .get, "/v1/audit?action=cohort_sync.switched_off", headers: rig.key)
        #expect(entries.data.count == 1)
    }

    @Test(arguments: ["{}", #"{"enabled":null}"#, #"{"enabled":1}"#, #"{"enabled":"true"}"#])
    func aSwitchThatCannotBeMeantIsInvalid(body: String) async throws {
        #expect(try await rig().call(.patch, "", body).status == 400)
    }

    @Test func oneSecretIsRevokedOrAllOfThem() async throws {
        let rig = try await rig()
        let second = try await rig.call(.post, "/secret", #"{"overlap_seconds":600}"#)
        let secrets = try #require(second.object["secrets"] as? [[String: Any]])
        let old = try #require(secrets[1]["id"] as? String)
        #expect(try await rig.call(.delete, "/secrets/\(old)").status == 200)
        #expect(try await rig.post(rig.open) == 401)
        #expect(try await rig.post(rig.opening(second)) == 200)
        #expect(try await rig.call(.delete, "/secret").status == 200)
        #expect(try await rig.post(rig.opening(second)) == 401)
        for unknown in ["sec_0123456789abcdef", "x"] {
            #expect(try await rig.call(.delete, "/secrets/\(unknown)").status == 404)
        }
    }

    @Test func withoutACohortSyncThereIsNothingToDo() async throws {
        let key = try await house.operatorKey()
        let connection = try Connection.make(name: "Bare", at: house.clock.now, by: .plain)
        try await house.store.create(connection)
        let path = "/v1/connections/\(connection.id.text)/cohort_sync"
        for (method, suffix, body) in [
            (Method.get, "", ""), (.delete, "", ""), (.patch, "", #"{"enabled":true}"#),
            (.post, "/secret", ""), (.delete, "/secret", ""),
        ] {
            let answer = try await house.send(
                method, path + suffix, headers: key, body: ArrayBody(body))
            #expect(answer.status == 404, "\(method) \(suffix)")
            #expect(answer.errorMessage?.contains("no cohort sync") == true)
        }
    }

    @Test func aDeletedConnectionIsGoneEverywhere() async throws {
        let rig = try await rig()
        #expect(try await rig.post(rig.open) == 200)
        let connection = rig.path.replacing("/cohort_sync", with: "")
        let deleted = try await house.send(.delete, connection, headers: rig.key)
        #expect(deleted.status == 204)
        #expect(deleted.bytes.isEmpty)
        #expect(try await rig.post(rig.open) == 404)
        #expect(try await house.send(.get, rig.webhook).status == 404)
        #expect(try await house.send(.get, connection, headers: rig.key).status == 404)
        #expect(try await house.send(.delete, connection, headers: rig.key).status == 404)
        let audiences = try await house.send(.get, "/v1/audiences", headers: rig.key)
        #expect(audiences.data.isEmpty)
    }
}

private struct Rig {
    let house: House
    let path: String
    let webhook: String
    let open: [(String, String)]
    let key: [(String, String)]

    func call(_ method: Method, _ suffix: String = "", _ body: String = "") async throws -> Answer {
        try await house.send(
            method, path + suffix, headers: key, body: body.isEmpty ? ArrayBody() : ArrayBody(body))
    }

    /// The headers that an answer with a secret gives.
    func opening(_ answer: Answer) -> [(String, String)] {
        house.basic(
            answer.object["username"] as? String ?? "", answer.object["secret"] as? String ?? "")
    }

    func post(_ headers: [(String, String)]) async throws -> Int {
        try await house.send(
            .post, webhook, headers: headers, body: house.page("members", ["a"])
        ).status
    }
}

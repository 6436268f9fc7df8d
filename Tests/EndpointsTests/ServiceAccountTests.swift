import Audiences
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// Service accounts on connections, as far as HTTP goes; what Mixpanel says is told elsewhere.
@Suite struct ServiceAccountTests {
    let house = House()

    private func create(
        _ username: String, secret: String = MadeUpMixpanel.secret, more: String = ""
    ) async throws -> (answer: Answer, path: String, key: [(String, String)]) {
        let key = try await house.operatorKey()
        let body = """
            {"name":"Shop","username":"\(username)","secret":"\(secret)"\(more)}
            """
        let answer = try await house.send(
            .post, "/v1/connections", headers: key, body: ArrayBody(body))
        return (answer, "/v1/connections/\(answer.object["id"] as? String ?? "")", key)
    }

    private func account(_ answer: Answer) throws -> [String: Any] {
        try #require(answer.object["service_account"] as? [String: Any])
    }

    @Test func oneProjectIsConnected() async throws {
        let made = try await create("shop").answer
        #expect(made.status == 201)
        #expect(made.object["status"] as? String == "connected")
        let account = try account(made)
        #expect(account["username"] as? String == "shop")
        #expect(account["message"] is NSNull)
        let project = try #require(account["project"] as? [String: Any])
        #expect(project["id"] as? String == "3012457")
        #expect(project["name"] as? String == "Shop (production)")
        #expect(project["region"] as? String == "us")
    }

    @Test func ofSeveralOneIsChosen() async throws {
        let (made, path, key) = try await create("agency")
        #expect(made.object["status"] as? String == "needs_project")
        let waiting = try account(made)
        #expect(waiting["project"] is NSNull)
        #expect((waiting["projects"] as? [Any])?.count == 2)
        #expect((waiting["message"] as? String)?.isEmpty == false)
        let chosen = try await house.send(
            .patch, path, headers: key, body: ArrayBody(#"{"project_id":3012458}"#))
        #expect(chosen.object["status"] as? String == "connected")
        let project = try account(chosen)["project"] as? [String: Any]
        #expect(project?["region"] as? String == "eu")
    }

    @Test(arguments: [("shop", "wrong", "rejected"), ("nobody-home", "any", "unreachable")])
    func aConnectionIsMadeWhateverMixpanelSays(
        username: String, secret: String, status: String
    ) async throws {
        let made = try await create(username, secret: secret).answer
        #expect(made.status == 201)
        #expect(made.object["status"] as? String == status)
        #expect((try account(made)["message"] as? String)?.isEmpty == false)
    }

    @Test func anAccountIsReplacedVerifiedAndTakenAway() async throws {
        let (_, path, key) = try await create("shop", secret: "wrong")
        let body = ArrayBody(#"{"username":"shop","secret":"\#(MadeUpMixpanel.secret)"}"#)
        let replaced = try await house.send(.patch, path, headers: key, body: body)
        #expect(replaced.object["status"] as? String == "connected")
        house.clock.advance(milliseconds: 60_000)
        let verified = try await house.send(.post, path + "/verify", headers: key)
        #expect(verified.status == 200)
        #expect(try account(verified)["checked_at"] as? String == house.clock.now.rfc3339)
        let gone = try await house.send(
            .patch, path, headers: key, body: ArrayBody(#"{"service_account":null}"#))
        #expect(gone.object["service_account"] is NSNull)
        #expect(gone.object["status"] is NSNull)
        for (method, path) in [(Method.post, path + "/verify"), (.get, path + "/cohorts")] {
            let answer = try await house.send(method, path, headers: key)
            #expect(answer.status == 409)
            #expect(answer.errorMessage?.contains("no service account") == true)
        }
    }

    /// Asking takes up to 15 seconds, in which somebody else may have made up his mind.
    @Test(arguments: [(Method.post, "/verify", ""), (.patch, "", #"{"project_id":"77"}"#)])
    func whatIsSetWhileMixpanelIsAskedStays(
        method: Method, path: String, body: String
    ) async throws {
        let meanwhile = Mutex<(@Sendable () async throws -> Void)?>(nil)
        let house = House(mixpanel: { request throws(MixpanelUnreachable) in
            let act = meanwhile.withLock { $0 }
            try? await act?()
            return try await MadeUpMixpanel.exchange(request)
        })
        let key = try await house.operatorKey()
        let store = house.store
        let other = ServiceAccount(
            username: "somebody-else", secret: SealedSecret("v1.other"), status: .connected,
            checkedAt: .start)
        for account in [other, nil] {
            meanwhile.withLock { $0 = nil }
            let made = try await house.send(
                .post, "/v1/connections", headers: key,
                body: ArrayBody(
                    #"{"name":"Shop","username":"shop","secret":"\#(MadeUpMixpanel.secret)"}"#))
            let text = made.object["id"] as? String ?? ""
            let id = try #require(ConnectionID(text))
            meanwhile.withLock {
                $0 = { _ = try await store.set(account, of: id, at: .start, for: .test) }
            }
            let answer = try await house.send(
                method, "/v1/connections/\(text)\(path)", headers: key, body: ArrayBody(body))
            #expect(answer.status == 409)
            #expect(answer.errorMessage?.contains("was changed while") == true)
            #expect(try await store.connection(id)?.serviceAccount == account)
        }
    }

    @Test func whatIsWrongChangesNothing() async throws {
        let (_, path, key) = try await create("shop")
        let before = try await house.send(.get, path, headers: key)
        for body in [
            #"{"name":"New","username":"shop"}"#, #"{"name":"New","secret":"s"}"#,
            #"{"name":"New","username":"sh:op","secret":"s"}"#,
            #"{"name":"New","service_account":{}}"#,
            #"{"name":"New","service_account":null,"project_id":"1"}"#,
            #"{"name":"New","service_account":null,"username":"a","secret":"b"}"#,
            #"{"name":"New","project_id":""}"#, #"{"name":"New","project_id":[]}"#,
        ] {
            let answer = try await house.send(
                .patch, path, headers: key, body: ArrayBody(body))
            #expect(answer.status == 400, "\(body)")
        }
        #expect(try await house.send(.get, path, headers: key).bytes == before.bytes)
    }

    @Test func aProjectTakesAnAccount() async throws {
        let key = try await house.operatorKey()
        let body = ArrayBody(#"{"name":"Shop","project_id":"1"}"#)
        let made = try await house.send(.post, "/v1/connections", headers: key, body: body)
        #expect(made.status == 400)
        let (connection, _) = try await house.connect()
        let edited = try await house.send(
            .patch, "/v1/connections/\(connection.id.text)", headers: key,
            body: ArrayBody(#"{"project_id":"1"}"#))
        #expect(edited.status == 409)
    }

    @Test func anEditOfNothingIsNoEntryInTheAuditLog() async throws {
        let (_, path, key) = try await create("shop")
        func entries() async throws -> Int {
            try await house.send(.get, "/v1/audit", headers: key).data.count
        }
        let before = try await entries()
        let answer = try await house.send(.patch, path, headers: key, body: ArrayBody("{}"))
        #expect(answer.status == 200)
        #expect(try await entries() == before)
    }

    @Test func theSecretIsNeitherAnsweredNorLogged() async throws {
        let (made, path, key) = try await create("shop")
        for answer in [made, try await house.send(.get, path, headers: key)] {
            #expect(!answer.text.contains(MadeUpMixpanel.secret))
        }
        #expect(!house.log.lines.joined().contains(MadeUpMixpanel.secret))
    }
}

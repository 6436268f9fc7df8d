import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Product rules of the webhook: admission, vocabulary, envelope.
@Suite struct WebhookTests {
    let house = House()

    @Test func aPageIsTakenAndCanBeAskedFor() async throws {
        let (connection, open) = try await house.connect()
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open, body: house.page("members", ["a", "b"]))
        #expect(answer.status == 200)
        #expect(answer.text == #"{"action":"members","status":"success"}"#)
        #expect(answer.response.header("Content-Type") == "application/json")
        let key = try await house.operatorKey()
        let found = try await house.send(.get, "/v1/memberships?match_id=ref-a", headers: key)
        #expect((found.object["audiences"] as? [Any])?.count == 1)
    }

    @Test func nothingOfAStrangersBodyIsRead() async throws {
        let (connection, _) = try await house.connect()
        for headers in [[], house.basic("mixpanel_x", "wrong"), [("authorization", "Bearer x")]] {
            let body = house.page("members", ["a"])
            let answer = try await house.send(
                .post, connection.webhookPath, headers: headers, body: body)
            #expect(answer.status == 401)
            #expect(!body.wasRead)
            #expect(answer.object["action"] is NSNull)
            #expect(answer.object["status"] as? String == "failure")
            #expect(
                answer.response.header("WWW-Authenticate")
                    == #"Basic realm="muster", charset="UTF-8""#)
        }
    }

    @Test func everyRefusedCredentialGetsTheSameAnswer() async throws {
        let (connection, _) = try await house.connect()
        let user = try #require(
            try await house.store.connection(connection.id)?.cohortSync?.username)
        var answers: Set<String> = []
        for headers in [
            house.basic(user, "wrong"), house.basic("wrong", "wrong"), house.basic("", ""), [],
            [("authorization", "Basic not-base64!!")],
        ] {
            let answer = try await house.send(.post, connection.webhookPath, headers: headers)
            let fields = answer.response.headers.filter { $0.name != "X-Request-Id" }
            answers.insert("\(answer.status) \(fields) \(answer.text)")
        }
        #expect(answers.count == 1)
    }

    @Test func anUnknownConnectionIsNotFoundWhateverTheCredentials() async throws {
        for id in ["conn_0123456789abcdef", "nonsense", "conn_"] {
            let body = house.page("members", ["a"])
            let answer = try await house.send(
                .post, "/webhooks/mixpanel/\(id)", headers: house.basic("a", "b"), body: body)
            #expect(answer.status == 404)
            #expect(!body.wasRead)
            #expect((answer.object["error"] as? [String: Any])?["code"] as? Int == 404)
        }
    }

    @Test func aConnectionWithoutACohortSyncAcceptsNobody() async throws {
        let connection = try Connection.make(name: "Bare", at: house.clock.now, by: .plain)
        try await house.store.create(connection)
        let answer = try await house.send(
            .post, connection.webhookPath, headers: house.basic("", ""))
        #expect(answer.status == 401)
    }

    @Test(
        arguments: [
            ("{not json", nil), ("", nil), ("[1]", nil), ("\"x\"", nil), ("null", nil),
            (#"{"action":"members"}"#, "members"),
            (#"{"action":"delete","parameters":{}}"#, "delete"),
            (#"{"action":7,"parameters":{"mixpanel_cohort_id":"1"}}"#, nil),
            (#"{"action":"members","parameters":{"mixpanel_cohort_id":""}}"#, "members"),
            (
                #"{"action":"members","parameters":{"mixpanel_cohort_id":"1","members":{}}}"#,
                "members"
            ),
        ] as [(String, String?)])
    func whatOnlyAHumanCanMendIs400(body: String, echoed: String?) async throws {
        let (connection, open) = try await house.connect()
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open, body: ArrayBody(body))
        #expect(answer.status == 400)
        #expect(answer.object["action"] as? String == echoed)
        let error = try #require(answer.object["error"] as? [String: Any])
        #expect(error["code"] as? Int == 400)
        #expect((error["message"] as? String)?.hasSuffix(".") == true)
    }

    @Test func aBodyOverTheLimitIs400AndNot413() async throws {
        let (connection, open) = try await house.connect()
        for isDeclared in [true, false] {
            let body = ArrayBody([[UInt8](repeating: 0x20, count: 4097)], isDeclared: isDeclared)
            let answer = try await house.send(
                .post, connection.webhookPath, headers: open, body: body)
            #expect(answer.status == 400)
            #expect(answer.text.contains("4096 bytes"))
        }
    }

    @Test func anotherContentCodingIs400AndNot415() async throws {
        let (connection, open) = try await house.connect()
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open + [("content-encoding", "br")],
            body: house.page("members", ["a"]))
        #expect(answer.status == 400)
    }

    @Test func aSlowBodyIs503AndABrokenOne400() async throws {
        let (connection, open) = try await house.connect()
        for (failure, status) in [
            (WireError.timedOut, 503), (.disconnected, 503), (.malformed(rule: "chunk-size"), 400),
            (.headersTooLarge, 400), (.bodyTooLarge, 400),
        ] {
            let answer = try await house.send(
                .post, connection.webhookPath, headers: open,
                body: ArrayBody([[0x7B]], isDeclared: false, failure: failure))
            #expect(answer.status == status)
            #expect(answer.object["status"] as? String == "failure")
        }
    }

    @Test func whenTheStoreFailsMixpanelIsToldToTryAgain() async throws {
        let house = House(syncs: BrokenStore())
        let (connection, open) = try await house.connect()
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open, body: house.page("add_members", ["a"]))
        #expect(answer.status == 503)
        #expect(answer.response.header("Retry-After") == "5")
        #expect(answer.object["action"] as? String == "add_members")
        #expect(!answer.text.contains("disk"), "the detail is the operator's")
        #expect(
            house.log.lines.contains { $0.hasPrefix("error") && $0.contains("the disk is full") })
    }

    @Test func aBrowserIsToldWhatTheURLIsFor() async throws {
        let (connection, _) = try await house.connect()
        for method in [Method.get, .head] {
            let answer = try await house.send(method, connection.webhookPath)
            #expect(answer.status == 200)
        }
        let unknown = try await house.send(.get, "/webhooks/mixpanel/conn_0123456789abcdef")
        #expect(unknown.status == 404)
        for method in [Method.put, .delete, .options, .patch] {
            let answer = try await house.send(method, connection.webhookPath)
            #expect(answer.status == 405)
            #expect(answer.response.header("Allow") == "POST, GET, HEAD")
        }
    }

    @Test func aSlashAtTheEndAndAQueryAreTheSameURL() async throws {
        let (connection, open) = try await house.connect()
        for suffix in ["/", "?key=value", "/?a"] {
            let answer = try await house.send(
                .post, connection.webhookPath + suffix, headers: open,
                body: house.page("add_members", ["a"]))
            #expect(answer.status == 200)
        }
    }

    @Test func nothingSecretOrPersonalIsLogged() async throws {
        let (connection, open) = try await house.connect()
        _ = try await house.send(
            .post, connection.webhookPath, headers: open,
            body: house.page("members", ["ida.invented"]))
        _ = try await house.send(
            .post, connection.webhookPath, headers: open, body: ArrayBody("{\"ida.invented"))
        let all = house.log.lines.joined(separator: "\n")
        #expect(all.contains("page recorded"))
        #expect(!all.contains("ida.invented"))
        #expect(!all.contains(open[0].1.dropFirst(6)))
    }
}

/// A store whose disk is full.
private struct BrokenStore: SyncStore {
    private static let failure = Failure(
        .unavailable, "The store can't take writes now.", detail: "the disk is full")

    func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> SyncOutcome {
        throw Self.failure
    }

    func tidy(at now: Timestamp) async throws(Failure) -> Bool {
        throw Self.failure
    }

    func checkWritable(at now: Timestamp) async throws(Failure) {
        throw Self.failure
    }
}

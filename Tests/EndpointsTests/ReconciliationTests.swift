import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Reconciliations and saved cohorts over HTTP; the work itself is done by hand here.
@Suite struct ReconciliationTests {
    let house = House()

    /// A connection with an account of project 3012457, and an audience of cohort 5540912.
    private func prepare(
        project: String? = "3012457"
    ) async throws -> (key: [(String, String)], connection: String, audience: String) {
        let key = try await house.operatorKey()
        let account = #","username":"shop","secret":"\#(MadeUpMixpanel.secret)""#
        let made = try await house.send(
            .post, "/v1/connections", headers: key,
            body: ArrayBody(#"{"name":"Shop"\#(project == nil ? "" : account)}"#))
        #expect(made.status == 201)
        let connection = try #require(made.object["id"] as? String)
        let id = try #require(ConnectionID(connection))
        let page = SyncPage.make(.members, ["ada", "bob"], project: project ?? "3012457")
        _ = try await house.store.record(page, from: id, at: house.clock.now)
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        let audience = try #require(list.data.first?["id"] as? String)
        return (key, "/v1/connections/\(connection)", "/v1/audiences/\(audience)")
    }

    private var leaseEnd: Timestamp { house.clock.now.after(minutes: 3) }

    @Test func aReconciliationIsStartedWatchedAndTold() async throws {
        let (key, _, audience) = try await prepare()
        let begun = try await house.send(.post, audience + "/reconcile", headers: key)
        #expect(begun.status == 202)
        #expect(begun.object["status"] as? String == "waiting")
        #expect(begun.object["repair"] as? Bool == false)
        #expect(begun.object["missing"] is NSNull)
        let id = try #require(begun.object["id"] as? String)
        let path = "/v1/reconciliations/\(id)"
        let early = try await house.send(.get, path + "/differences", headers: key)
        #expect(early.status == 409)
        try await compare(id)
        let shown = try await house.send(.get, path, headers: key)
        #expect(shown.object["missing"] as? Int == 1)
        #expect(shown.object["extra"] as? Int == 1)
        #expect(shown.object["matching"] as? Int == 1)
        #expect(shown.object["not_exported"] as? Int == 4)
        #expect(shown.object["people_read"] as? Int == 2)
        let differences = try await house.send(.get, path + "/differences", headers: key)
        #expect(differences.data.map { $0["kind"] as? String } == ["missing", "extra"])
        #expect(differences.data.first?["reference_id"] as? String == "7")
        #expect(differences.data.last?["mixpanel_distinct_id"] as? String == "ada")
        let list = try await house.send(.get, audience + "/reconciliations", headers: key)
        #expect(list.data.map { $0["id"] as? String } == [id])
    }

    private func compare(_ text: String) async throws {
        let id = try #require(ReconciliationID(text))
        let store = house.store
        _ = try await store.claim(until: leaseEnd, by: "w", at: house.clock.now)
        _ = try await store.keep(
            [.make("bob"), .make("dana", reference: "7")], progress: .init(pagesRead: 1), of: id,
            by: "w", until: leaseEnd)
        _ = try await store.compare(id, notExported: 4, by: "w", until: leaseEnd)
    }

    @Test func oneAtATimeUntilItIsCancelled() async throws {
        let (key, _, audience) = try await prepare()
        let body = ArrayBody(#"{"repair":true,"force":true}"#)
        let begun = try await house.send(.post, audience + "/reconcile", headers: key, body: body)
        #expect(begun.object["repair"] as? Bool == true)
        #expect(begun.object["force"] as? Bool == true)
        #expect(try await house.send(.post, audience + "/reconcile", headers: key).status == 409)
        let path = "/v1/reconciliations/" + (begun.object["id"] as? String ?? "")
        let cancelled = try await house.send(.delete, path, headers: key)
        #expect(cancelled.status == 200)
        #expect(cancelled.object["status"] as? String == "cancelled")
        #expect(cancelled.object["finished_at"] is String)
        #expect(try await house.send(.delete, path, headers: key).status == 409)
        #expect(try await house.send(.post, audience + "/reconcile", headers: key).status == 202)
    }

    @Test func theSameRequestStartsOnlyOne() async throws {
        let (key, _, audience) = try await prepare()
        let headers = key + [("idempotency-key", "once")]
        let first = try await house.send(.post, audience + "/reconcile", headers: headers)
        let again = try await house.send(.post, audience + "/reconcile", headers: headers)
        #expect(again.status == 202)
        #expect(again.bytes == first.bytes)
        #expect(again.response.header("Idempotency-Replayed") == "true")
    }

    @Test(arguments: [#"{"repair":1}"#, #"{"force":true}"#, #"{"mend":true}"#, "[]"])
    func aBodyThatSaysSomethingElseIsRefused(body: String) async throws {
        let (key, _, audience) = try await prepare()
        let answer = try await house.send(
            .post, audience + "/reconcile", headers: key, body: ArrayBody(body))
        #expect(answer.status == 400)
    }

    @Test func withoutAnAccountForTheProjectNothingIsStarted() async throws {
        let (key, connection, audience) = try await prepare(project: nil)
        for (method, path) in [
            (Method.post, audience + "/reconcile"), (.get, connection + "/cohorts"),
        ] {
            let answer = try await house.send(method, path, headers: key)
            #expect(answer.status == 409)
            #expect(answer.errorMessage?.contains("no service account") == true)
        }
        let other = try await prepare(project: "8")
        let answer = try await house.send(
            .post, other.audience + "/reconcile", headers: other.key)
        #expect(answer.status == 409)
    }

    @Test func whatDoesNotExistIsNotFound() async throws {
        let (key, _, _) = try await prepare()
        let unknown = ReconciliationID.make(9).text
        for path in [unknown, "rec_x", unknown + "/differences"] {
            let answer = try await house.send(.get, "/v1/reconciliations/" + path, headers: key)
            #expect(answer.status == 404)
        }
        let audience = AudienceID.make(from: [UInt8](repeating: 31, count: 16)).text
        let path = "/v1/audiences/\(audience)/reconcile"
        #expect(try await house.send(.post, path, headers: key).status == 404)
    }

    @Test func aReadKeyMayLookAndNotAct() async throws {
        let (_, connection, audience) = try await prepare()
        let key = try await house.operatorKey(.read)
        #expect(try await house.send(.post, audience + "/reconcile", headers: key).status == 403)
        let list = try await house.send(.get, audience + "/reconciliations", headers: key)
        #expect(list.status == 200)
        #expect(try await house.send(.get, connection + "/cohorts", headers: key).status == 200)
    }

    @Test func savedCohortsStandBesideTheirAudiences() async throws {
        let (key, connection, audience) = try await prepare()
        let answer = try await house.send(.get, connection + "/cohorts", headers: key)
        #expect(answer.status == 200)
        #expect(answer.object["has_more"] as? Bool == false)
        #expect(answer.data.map { $0["id"] as? String } == ["5540912", "5540913"])
        let fed = try #require(answer.data.first?["audience"] as? [String: Any])
        #expect("/v1/audiences/" + (fed["id"] as? String ?? "") == audience)
        #expect(fed["member_count"] as? Int == 2)
        #expect(answer.data.last?["audience"] is NSNull)
        #expect(answer.data.last?["is_visible"] as? Bool == false)
    }
}

import Foundation
import Testing

/// From a service account to a sync that works.
extension WholeLife {
    /// A key for the app, which may only ask; made once, however often it is asked for.
    func makeReader() async throws {
        let wish = ["name": "app", "scope": "read"]
        let made = try await api("POST", "/keys", wish, once: "reader", shows: true, answers: 201)
        let again = try await api("POST", "/keys", wish, once: "reader", shows: true, answers: 201)
        #expect(again.body == made.body)
        #expect(again.headers["idempotency-replayed"] == "true")
        #expect(made.headers["idempotency-replayed"] == nil)
        let other = ["name": "app", "scope": "admin"]
        let refused = try await api("POST", "/keys", other, once: "reader", answers: 422)
        #expect(refused.text.contains("idempotency_key_reused"))
        reader = OperatorKey(
            id: try #require(try made.object()["id"] as? String),
            key: try #require(try made.object()["key"] as? String))
        hide("the app's key", reader.key)
    }

    /// The secret is mistyped at first, and then there are two projects to choose from.
    func connect() async throws {
        let account = mixpanel.introduction
        try await mixpanel(
            "add_project", ["project": "1000002", "name": "Staging", "region": "in"])
        let mistyped = account.secret + "x"
        let wish = ["name": "Shop", "username": account.username, "secret": mistyped]
        let made = try await api("POST", "/connections", wish, once: "shop", answers: 201)
        let again = try await api("POST", "/connections", wish, once: "shop", answers: 201)
        #expect(again.body == made.body)
        #expect(try made.object()["status"] as? String == "rejected")
        connection = try #require(try made.object()["id"] as? String)

        let mended = try await api(
            "PATCH", "/connections/\(connection)",
            ["username": account.username, "secret": account.secret])
        #expect(try mended.object()["status"] as? String == "needs_project")
        let found = try #require(try mended.object()["service_account"] as? [String: Any])
        let projects = try #require(found["projects"] as? [[String: Any]])
        #expect(Set(projects.compactMap { $0["region"] as? String }) == ["eu", "in"])
        #expect(projects.count == 2)

        let chosen = try await api(
            "PATCH", "/connections/\(connection)", ["project_id": account.project])
        #expect(try chosen.object()["status"] as? String == "connected")
        let connected = try #require(try chosen.object()["service_account"] as? [String: Any])
        let project = try #require(connected["project"] as? [String: Any])
        #expect(project["id"] as? String == account.project)
        #expect(project["region"] as? String == "eu")

        let cohorts = try await list("/connections/\(connection)/cohorts")
        #expect(cohorts.map { $0["id"] as? String } == [account.cohort])
        #expect(cohorts.map { $0["count"] as? Int } == [Self.members])
        #expect(cohorts.first?["audience"] is NSNull)
    }

    /// Webhook URL, username and secret, which are pasted into Mixpanel.
    func setUp() async throws {
        let path = "/connections/\(connection)/cohort_sync"
        let made = try await api("POST", path, once: "set-up", shows: true, answers: 201)
        let again = try await api("POST", path, once: "set-up", shows: true, answers: 201)
        #expect(again.body == made.body, "the secret is not lost with a cut connection")
        try await api("POST", path, answers: 409)
        let url = try #require(try made.object()["webhook_url"] as? String)
        webhook = try shownSecret(made)
        #expect(url == "http://\(server.address)\(webhook.path)")
        try await mixpanel(
            "add_destination", ["url": url, "username": webhook.user, "secret": webhook.secret])
        #expect(try await api("GET", path).object()["first_page_at"] is NSNull)
        #expect(try await list("/audiences").isEmpty)
    }

    /// The webhook with the secret that an answer shows, which is hidden from now on.
    func shownSecret(_ answer: Answer) throws -> Webhook {
        let object = try answer.object()
        let shown = Webhook(
            path: try #require(object["webhook_path"] as? String),
            user: try #require(object["username"] as? String),
            secret: try #require(object["secret"] as? String))
        hide("a secret of the webhook", shown.secret)
        hide("credentials of the webhook", "\(shown.user):\(shown.secret)")
        return shown
    }

    /// Everybody, in pages, and then who came and went.
    func follow() async throws {
        let first = try await sync()
        #expect(first.count == Self.members / Self.pageSize)
        #expect(first.allSatisfy { $0.action == "members" })
        audience = try #require(try await list("/audiences").first?["id"] as? String)
        try await expectSameMembers()
        let state = try await api("GET", "/connections/\(connection)/cohort_sync").object()
        #expect(state["first_page_at"] is String)
        let cohorts = try await list("/connections/\(connection)/cohorts")
        #expect((cohorts.first?["audience"] as? [String: Any])?["id"] as? String == audience)

        for (entering, leaving) in [(25, 13), (0, 7), (4, 0), (0, 0)] {
            try await move(entering: entering, leaving: leaving)
            let pages = try await sync()
            #expect(pages.reduce(0) { $0 + $1.members } == entering + leaving)
            try await expectSameMembers()
        }
    }

    /// The app may ask, and change nothing.
    func askAsReader() async throws {
        let ids = Array(try await cohort().members.suffix(2)) + ["nobody"]
        let wish = ["match_ids": ids, "audience_ids": [audience]]
        let asked = try await api("POST", "/memberships/query", wish, by: reader)
        #expect((try asked.object()["data"] as? [Any])?.count == 3)
        try await api("GET", "/audiences/\(audience)/members?limit=1000", by: reader)
        try await api("GET", "/audit", by: reader)
        let path = "/connections/\(connection)"
        for (method, place) in [
            ("PATCH", path), ("DELETE", path), ("POST", path + "/cohort_sync/secret"),
            ("DELETE", path + "/cohort_sync"), ("POST", "/keys"),
            ("POST", "/audiences/\(audience)/reconcile"),
        ] {
            let refused = try await api(method, place, ["name": "x"], by: reader, answers: 403)
            #expect(refused.text.contains("scope admin"))
        }
    }
}

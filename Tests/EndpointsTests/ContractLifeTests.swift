import Audiences
import Endpoints
import HTTPWire
import Synchronization
import TestSupport
import Testing

/// One life that calls every operation and is answered every property that is described.
@Suite struct ContractLifeTests {
    let house: House

    init() throws {
        let fingerprint = Array(repeating: "0A", count: 32).joined(separator: ":")
        house = House(
            apps: AssociatedApps(
                apple: [try #require(AppleAppID("A1B2C3D4E5.com.lumen.shop"))],
                android: [try #require(AndroidApp("com.lumen.shop=\(fingerprint)"))]))
    }

    @Test func everythingDescribedIsAnsweredOnce() async throws {
        let life = ContractLife(house: house, key: try await house.operatorKey())
        try await life.ofTheServer()
        let webhook = try await life.ofAConnection()
        try await life.ofSecrets()
        let audience = try await life.ofAnAudience(webhook)
        try await life.ofLaunching(audience)
        try await life.ofPeople(in: audience)
        try await life.ofReconciliations(of: audience)
        try await life.ofAHook()
        try await life.ofKeys()
        try await life.ofTheAuditLog()
        try await life.ofDeletion()
        let met = house.met.withLock { $0 }
        let missing = Contract.all.subtracting(met)
        #expect(missing.isEmpty, "\(missing.sorted())")
        // Everything above is there, and nothing else either.
        #expect(Contract.all.count > 200)
    }
}

final class ContractLife {
    let house: House
    private let key: [(String, String)]
    private(set) var connection = ""

    init(house: House, key: [(String, String)]) {
        self.house = house
        self.key = key
    }

    @discardableResult
    func call(
        _ method: Method, _ path: String, _ body: String? = nil, answers status: Int = 200
    ) async throws -> Answer {
        let answer = try await house.send(
            method, "/v1" + path, headers: key, body: body.map { ArrayBody($0) } ?? ArrayBody())
        #expect(answer.status == status, "\(method.name) \(path): \(answer.text)")
        return answer
    }

    func ofTheServer() async throws {
        for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
            #expect(try await house.send(.get, path).status == 200)
        }
        let document = try await house.send(.get, "/openapi.json")
        let etag = document.response.header("ETag") ?? ""
        _ = try await house.send(.get, "/openapi.json", headers: [("if-none-match", etag)])
    }

    /// Returns the headers that open its webhook.
    func ofAConnection() async throws -> [(String, String)] {
        let made = try await call(
            .post, "/connections",
            """
            {"name":"Shop","username":"agency","secret":"\(MadeUpMixpanel.secret)",
            "traits":["plan"],"reference_property":"reference_id","guard_max_removed_fraction":0.2}
            """, answers: 201)
        #expect(made.object["status"] as? String == "needs_project")
        connection = "/connections/" + (made.object["id"] as? String ?? "")
        let chosen = try await call(.patch, connection, #"{"project_id":"3012457"}"#)
        #expect(chosen.object["status"] as? String == "connected")
        try await call(.post, connection + "/verify")
        try await call(.get, connection)
        try await call(.get, "/connections")
        let sync = try await call(.post, connection + "/cohort_sync", answers: 201)
        return house.basic(
            sync.object["username"] as? String ?? "", sync.object["secret"] as? String ?? "")
    }

    func ofSecrets() async throws {
        let sync = connection + "/cohort_sync"
        let renewed = try await call(.post, sync + "/secret", #"{"overlap_seconds":86400}"#)
        let secrets = renewed.object["secrets"] as? [[String: Any]]
        #expect(secrets?.count == 2)
        let newest = secrets?.first?["id"] as? String ?? ""
        try await call(.delete, sync + "/secrets/\(newest)")
        try await call(.delete, sync)
        try await call(.patch, sync, #"{"enabled":true}"#)
        try await call(.get, sync)
    }

    /// Returns its path.
    func ofAnAudience(_ open: [(String, String)]) async throws -> String {
        let webhook = connection.replacing("/connections", with: "/webhooks/mixpanel")
        #expect(try await house.send(.get, webhook).status == 200)
        let crowd = (0..<1200).map { "p\($0)" }
        for (session, people) in [("s1", crowd), ("s2", Array(crowd[..<1100]))] {
            let pages = stride(from: 0, to: people.count, by: 30).map {
                house.page(
                    "members", Array(people[$0..<min($0 + 30, people.count)]), session: session,
                    number: $0 / 30 + 1, of: (people.count + 29) / 30)
            }
            for page in pages {
                #expect(
                    try await house.send(.post, webhook, headers: open, body: page).status == 200)
            }
        }
        let shared = ArrayBody(
            """
            {"action":"add_members","parameters":{"mixpanel_project_id":"3012457",
            "mixpanel_cohort_id":"5540912","members":[7,{"mixpanel_distinct_id":"twin",
            "reference_id":"ref-p0","plan":"pro"}]}}
            """)
        #expect(try await house.send(.post, webhook, headers: open, body: shared).status == 200)
        let list = try await call(.get, "/audiences")
        let audience = "/audiences/" + (list.data.first?["id"] as? String ?? "")
        for path in ["", "/members", "/export", "/syncs", "/shared_references"] {
            try await call(.get, audience + path)
        }
        try await ofHolding(audience, webhook, open)
        return audience
    }

    private func ofHolding(
        _ audience: String, _ webhook: String, _ open: [(String, String)]
    ) async throws {
        for (session, verb) in [("s3", "accept"), ("s4", "reject")] {
            try await call(.patch, connection, #"{"guard_max_removed_fraction":0}"#)
            let page = house.page("members", ["p1"], session: session)
            if verb == "reject" { try await call(.post, audience + "/restore") }
            #expect(try await house.send(.post, webhook, headers: open, body: page).status == 200)
            let held = try await call(.get, audience)
            #expect(held.object["held"] is [String: Any])
            try await call(.post, audience + "/\(verb)")
        }
    }

    func ofPeople(in audience: String) async throws {
        try await call(.get, "/memberships?match_id=ref-p1")
        house.clock.advance(milliseconds: 1000)
        try await call(.get, "/memberships?match_id=ref-p1&at=2026-11-21T09:57:52.500Z")
        try await call(.post, "/memberships/query", #"{"match_ids":["ref-p1",7]}"#)
        try await call(.get, "/changes")
        try await call(.delete, "/people?match_id=ref-p1")
    }

    /// What is found is the store's; the work is somebody else's.
    func ofReconciliations(of audience: String) async throws {
        let cohorts = try await call(.get, connection + "/cohorts")
        #expect(cohorts.data.first?["audience"] is [String: Any])
        let begun = try await call(
            .post, audience + "/reconcile", #"{"repair":false}"#, answers: 202)
        let path = "/reconciliations/" + (begun.object["id"] as? String ?? "")
        try await finishReconciliation()
        let done = try await call(.get, path)
        #expect(done.object["status"] as? String == "finished")
        #expect(done.object["missing"] as? Int == 1)
        let differences = try await call(.get, path + "/differences")
        #expect(differences.data.first?["reference_id"] as? String == "user-43")
        try await call(.delete, path, answers: 409)
        let other = try await call(.post, audience + "/reconcile", answers: 202)
        let second = "/reconciliations/" + (other.object["id"] as? String ?? "")
        try await call(.post, audience + "/reconcile", answers: 409)
        try await call(.delete, second)
        try await call(.get, audience + "/reconciliations")
    }

    private func finishReconciliation() async throws {
        let (store, now) = (house.store, house.clock.now)
        let end = Timestamp(milliseconds: now.milliseconds + 60_000)
        let claimed = try await store.claim(until: end, by: "w", at: now)
        let id = try #require(claimed?.id)
        let somebody = MemberRecord(
            distinctID: try #require(ExternalID("18f0c0de-3")),
            reference: .set(try #require(ExternalID("user-43"))))
        _ = try await store.keep(
            [somebody],
            progress: Reconciliation.Progress(queryID: "q", pagesRead: 1, peopleTotal: 1), of: id,
            by: "w", until: end)
        while try await store.compare(id, notExported: 0, by: "w", until: end) == nil {}
        try await store.conclude(
            id, as: .finished, message: nil, resumesAt: nil, by: "w", at: now)
    }

    func ofAHook() async throws {
        let hook = connection + "/hook"
        try await call(
            .put, hook, #"{"url":"https://hooks.lumen.example/","events":["invite.started"]}"#)
        try await call(.get, hook)
        try await call(.post, hook + "/secret")
        let sent = try await call(.post, hook + "/test", answers: 202)
        try await call(.get, hook + "/deliveries")
        let delivery = sent.object["id"] as? String ?? ""
        try await call(.post, hook + "/deliveries/\(delivery)/replay", answers: 202)
        try await call(.delete, hook, answers: 204)
    }

    func ofKeys() async throws {
        let made = try await call(.post, "/keys", #"{"name":"app","scope":"read"}"#, answers: 201)
        let path = "/keys/" + (made.object["id"] as? String ?? "")
        try await call(.get, path)
        try await call(.get, "/keys")
        try await call(.delete, path)
    }

    func ofTheAuditLog() async throws {
        let log = try await call(.get, "/audit?limit=1000")
        let actions = log.data.compactMap { $0["action"] as? String }
        // The first key was made before there was a request.
        #expect(actions.last == "key.created")
        #expect(actions.first == "key.revoked")
        let one = try await call(.get, "/audit?action=key.revoked")
        let actor = one.data.first?["actor"] as? [String: Any]
        #expect(one.data.count == 1)
        #expect(actor?["type"] as? String == "key")
        #expect((actor?["id"] as? String)?.hasPrefix("key_") == true)
        #expect((one.data.first?["request_id"] as? String)?.hasPrefix("t-") == true)
    }

    func ofDeletion() async throws {
        try await call(.delete, connection + "/cohort_sync/secret")
        try await call(.delete, connection, answers: 204)
        try await call(.get, connection, answers: 404)
    }
}

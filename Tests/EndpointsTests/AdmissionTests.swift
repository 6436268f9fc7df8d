import Audiences
import Endpoints
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Who is let into a webhook, and what it costs to find out.
@Suite struct AdmissionTests {
    private let counted = CountedSecrets()
    private let house: House

    init() {
        var limits = House.limits
        limits.webhookFailuresPerMinuteMax = 20
        limits.webhookSlowFailuresPerMinuteMax = 3
        house = House(limits: limits, secrets: counted.secrets)
    }

    private func post(
        _ connection: Connection, _ headers: [(String, String)], from peer: String = "192.0.2.7"
    ) async throws -> Answer {
        try await house.send(
            .post, connection.webhookPath, headers: headers, body: house.page("members", ["a"]),
            from: peer)
    }

    /// Everything of an answer but the id of its request.
    private func face(_ answer: Answer) -> String {
        let fields = answer.response.headers.filter { $0.name != "X-Request-Id" }
        return "\(answer.status) \(fields) \(answer.bytes)"
    }

    private func strangers(_ user: String, _ secret: String) -> [[(String, String)]] {
        [
            [], [("authorization", "Basic not-base64!!")], [("authorization", "Bearer x")],
            house.basic("", ""), house.basic(user, "wrong"), house.basic("wrong", secret),
            house.basic("wrong", "wrong"), house.basic(user + "x", secret), house.basic(user, ""),
        ]
    }

    // MARK: - The same for every stranger

    @Test func everyStrangerHearsAndCostsTheSame() async throws {
        let (connection, open) = try await house.connect()
        let bare = try Connection.make(name: "Bare", at: house.clock.now, by: .plain)
        try await house.store.create(bare)
        let user = try #require(
            try await house.store.connection(connection.id)?.cohortSync?.username)
        _ = counted.take()
        var faces: Set<String> = []
        var works: Set<CountedSecrets.Work> = []
        for place in [connection, bare] {
            for headers in strangers(user, "\(open[0].1.count)") {
                faces.insert(face(try await post(place, headers)))
                works.insert(counted.take())
            }
        }
        #expect(faces.count == 1)
        #expect(faces.first?.hasPrefix("401 ") == true)
        #expect(works == [.init(digests: 1, comparisons: 2)], "\(works)")
        #expect(try await post(connection, open).status == 200)
        #expect(counted.take() == .init(digests: 1, comparisons: 2))
    }

    @Test func aWrongHalfOfAChosenSecretCostsWhatTheOtherCosts() async throws {
        let (connection, _) = try await house.connectDeclared(by: counted.secrets)
        _ = counted.take()
        var faces: Set<String> = []
        var works: Set<CountedSecrets.Work> = []
        for headers in [
            house.basic("mixpanel", "wrong"), house.basic("wrong", "chosen"),
            house.basic("wrong", "wrong"),
        ] {
            faces.insert(face(try await post(connection, headers)))
            works.insert(counted.take())
        }
        #expect(faces.count == 1)
        #expect(works.count == 1)
        #expect(works.first?.slowHashes == 1)
        // They know that they sent nothing.
        faces.insert(face(try await post(connection, [])))
        #expect(faces.count == 1)
        #expect(counted.take().slowHashes == 0)
    }

    // MARK: - How often

    @Test func strangersAreSentAwayAtTheLimitAndLetInAgainAMinuteLater() async throws {
        let (connection, open) = try await house.connect()
        for _ in 0..<20 { #expect(try await post(connection, []).status == 401) }
        for headers in [[], open] {
            let body = house.page("members", ["a"])
            let answer = try await house.send(
                .post, connection.webhookPath, headers: headers, body: body)
            #expect(answer.status == 429)
            #expect(!body.wasRead)
            #expect(answer.response.header("Retry-After") == "60")
            #expect(answer.object["action"] is NSNull)
            #expect((answer.object["error"] as? [String: Any])?["code"] as? Int == 429)
        }
        house.clock.advance(milliseconds: 59_001)
        #expect(try await post(connection, open).response.header("Retry-After") == "1")
        house.clock.advance(milliseconds: 999)
        #expect(try await post(connection, open).status == 200)
        #expect(try await post(connection, []).status == 401)
    }

    @Test func theLimitIsEachPeersAndEachConnectionsOwn() async throws {
        let (connection, open) = try await house.connect()
        let (other, openOther) = try await house.connect()
        for number in 0..<20 {
            _ = try await post(connection, [], from: "2001:db8:0:1::\(number)")
        }
        for peer in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::1"] {
            #expect(try await post(connection, open, from: peer).status == 429)
        }
        for peer in ["2001:db8:0:2::1", "192.0.2.7", "192.0.2.8", "unix"] {
            #expect(try await post(connection, open, from: peer).status == 200)
        }
        #expect(try await post(other, openOther, from: "2001:db8:0:1::1").status == 200)
    }

    @Test func rightCredentialsCountForNothing() async throws {
        let (connection, open) = try await house.connect()
        for _ in 0..<50 { #expect(try await post(connection, open).status == 200) }
    }

    @Test func anUnknownConnectionIsNotFoundHoweverOftenItIsTried() async throws {
        for _ in 0..<50 {
            let answer = try await house.send(.post, "/webhooks/mixpanel/conn_0123456789abcdef")
            #expect(answer.status == 404)
        }
    }

    // MARK: - Chosen secrets

    @Test func aChosenSecretIsComputedOnce() async throws {
        let (connection, open) = try await house.connectDeclared(by: counted.secrets)
        _ = counted.take()
        for _ in 0..<5 { #expect(try await post(connection, open).status == 200) }
        #expect(counted.take().slowHashes == 1)
    }

    @Test func whatIsRememberedIsOfThisConnectionOnly() async throws {
        let (connection, open) = try await house.connectDeclared(by: counted.secrets)
        let (other, _) = try await house.connectDeclared("another", by: counted.secrets)
        #expect(try await post(connection, open).status == 200)
        #expect(try await post(other, open).status == 401)
    }

    @Test func aRevokedSecretIsRememberedNoMore() async throws {
        let (connection, open) = try await house.connectDeclared(by: counted.secrets)
        #expect(try await post(connection, open).status == 200)
        _ = try await house.store.revoke(
            nil, of: connection.id, at: house.clock.now, for: .test)
        #expect(try await post(connection, open).status == 401)
    }

    @Test func failuresOfAChosenSecretHaveALimitThatDoesNotHoldUpWhoIsKnown() async throws {
        let (connection, open) = try await house.connectDeclared(by: counted.secrets)
        #expect(try await post(connection, open).status == 200)
        _ = counted.take()
        let wrong = house.basic("mixpanel", "wrong")
        for _ in 0..<3 { #expect(try await post(connection, wrong).status == 401) }
        let refused = try await post(connection, wrong)
        #expect(refused.status == 429)
        #expect(refused.response.header("Retry-After") == "60")
        #expect(counted.take().slowHashes == 3)
        #expect(try await post(connection, open).status == 200)
        #expect(try await post(connection, wrong, from: "192.0.2.8").status == 401)
        // Who sends nothing costs nothing.
        #expect(try await post(connection, []).status == 401)
        house.clock.advance(milliseconds: 60_000)
        #expect(try await post(connection, wrong).status == 401)
    }

    @Test func aRightSecretThatIsNotKnownYetTakesNothingFromTheLimit() async throws {
        for number in 0..<6 {
            let (connection, open) = try await house.connectDeclared(
                "chosen \(number)", by: counted.secrets)
            #expect(try await post(connection, open).status == 200)
        }
        let (connection, open) = try await house.connectDeclared(by: counted.secrets)
        for _ in 0..<2 {
            #expect(try await post(connection, house.basic("mixpanel", "x")).status == 401)
        }
        #expect(try await post(connection, open).status == 200)
        #expect(try await post(connection, house.basic("mixpanel", "x")).status == 401)
        #expect(try await post(connection, house.basic("mixpanel", "x")).status == 429)
    }

    // MARK: - Switched off, and used

    @Test func aWebhookThatIsSwitchedOffIs503ForWhoMayKnowIt() async throws {
        let (connection, open) = try await house.connect()
        _ = try await house.store.set(
            isOn: false, cohortSyncOf: connection.id, at: house.clock.now, for: .test)
        let body = house.page("members", ["a"])
        let answer = try await house.send(
            .post, connection.webhookPath, headers: open, body: body)
        #expect(answer.status == 503)
        #expect(answer.response.header("Retry-After") == "5")
        #expect(answer.text.contains("switched off"))
        #expect(!body.wasRead)
        #expect(try await post(connection, []).status == 401)
        _ = try await house.store.set(
            isOn: true, cohortSyncOf: connection.id, at: house.clock.now, for: .test)
        #expect(try await post(connection, open).status == 200)
    }

    @Test func theUseOfASecretIsNotedOnceAMinute() async throws {
        let (connection, open) = try await house.connect()
        func sync() async throws -> CohortSync? {
            try await house.store.connection(connection.id)?.cohortSync
        }
        _ = try await post(connection, [])
        _ = try await house.send(
            .post, connection.webhookPath, headers: open, body: ArrayBody("{"))
        #expect(try await sync()?.secrets[0].lastUsedAt == nil)
        let first = house.clock.now
        _ = try await post(connection, open)
        house.clock.advance(milliseconds: 59_999)
        _ = try await post(connection, open)
        #expect(try await sync()?.secrets[0].lastUsedAt == first)
        #expect(try await sync()?.firstPageAt == first)
        house.clock.advance(milliseconds: 1)
        _ = try await post(connection, open)
        #expect(try await sync()?.secrets[0].lastUsedAt == house.clock.now)
        #expect(try await sync()?.firstPageAt == first)
    }

    @Test func duringAnOverlapTheSecretThatWasUsedIsNoted() async throws {
        let (connection, old) = try await house.connect()
        let issued = try StoredSecret.issue(at: house.clock.now, by: .plain)
        let changed = try await house.store.add(
            issued.stored, to: connection.id, overlapMilliseconds: 1000, at: house.clock.now,
            for: .test)
        let user = try #require(changed.cohortSync?.username)
        #expect(try await post(connection, old).status == 200)
        let after = try await house.store.connection(connection.id)?.cohortSync?.secrets ?? []
        #expect(after.first { $0.id == issued.stored.id }?.lastUsedAt == nil)
        #expect(after.filter { $0.lastUsedAt != nil }.count == 1)
        house.clock.advance(milliseconds: 1000)
        #expect(try await post(connection, old).status == 401)
        #expect(try await post(connection, house.basic(user, issued.secret)).status == 200)
    }
}

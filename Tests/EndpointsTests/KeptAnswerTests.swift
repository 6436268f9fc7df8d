import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// `Idempotency-Key`: a request to make something acts once.
@Suite struct KeptAnswerTests {
    let house = House()

    private func create(
        _ body: String = #"{"name":"Shop"}"#, as name: String, _ key: [(String, String)],
        at path: String = "/v1/connections"
    ) async throws -> Answer {
        try await house.send(
            .post, path, headers: key + [("idempotency-key", name)], body: ArrayBody(body))
    }

    private func connectionCount(_ key: [(String, String)]) async throws -> Int {
        try await house.send(.get, "/v1/connections", headers: key).data.count
    }

    @Test func theSameRequestActsOnceAndIsAnsweredAlike() async throws {
        let key = try await house.operatorKey()
        let first = try await create(as: "a-1", key)
        let second = try await create(as: "a-1", key)
        #expect(first.status == 201)
        #expect(first.response.header("Idempotency-Replayed") == nil)
        #expect(second.status == 201)
        #expect(second.bytes == first.bytes)
        #expect(second.response.header("Idempotency-Replayed") == "true")
        #expect(try await connectionCount(key) == 1)
        let other = try await create(as: "a-2", key)
        #expect(other.bytes != first.bytes)
        #expect(try await connectionCount(key) == 2)
    }

    @Test func everyCreationKeepsItsSecretForItsTwin() async throws {
        let key = try await house.operatorKey()
        let id = try await create(as: "a", key).object["id"] as? String ?? ""
        let sync = "/v1/connections/\(id)/cohort_sync"
        for (path, body, status) in [
            (sync, "", 201), (sync + "/secret", #"{"overlap_seconds":60}"#, 200),
            ("/v1/keys", #"{"name":"app"}"#, 201),
        ] {
            let first = try await create(body, as: path, key, at: path)
            let second = try await create(body, as: path, key, at: path)
            #expect(first.status == status)
            #expect(second.status == status)
            #expect(second.text == first.text)
            #expect(second.response.header("Idempotency-Replayed") == "true")
            #expect(second.response.header("Cache-Control") == "no-store")
        }
        let state = try await house.send(.get, sync, headers: key)
        #expect((state.object["secrets"] as? [Any])?.count == 2)
    }

    @Test func anotherRequestWithTheSameKeyIsRefused() async throws {
        let key = try await house.operatorKey()
        #expect(try await create(as: "a", key).status == 201)
        for (body, path) in [
            (#"{"name":"Shop "}"#, "/v1/connections"), (#"{"name":"Shop"}"#, "/v1/keys"),
        ] {
            let answer = try await create(body, as: "a", key, at: path)
            #expect(answer.status == 422)
            #expect(answer.errorCode == "idempotency_key_reused")
        }
        #expect(try await connectionCount(key) == 1)
    }

    @Test func anotherOperatorsKeyIsAnotherPlace() async throws {
        let (one, two) = (try await house.operatorKey(), try await house.operatorKey())
        let first = try await create(as: "a", one)
        let second = try await create(as: "a", two)
        #expect(second.status == 201)
        #expect(second.bytes != first.bytes)
    }

    @Test func aDayLaterItIsForgotten() async throws {
        let key = try await house.operatorKey()
        let first = try await create(as: "a", key)
        house.clock.advance(milliseconds: Limits.keptAnswerMillisecondsMax)
        let atTheEnd = try await create(as: "a", key)
        house.clock.advance(milliseconds: 1)
        let after = try await create(as: "a", key)
        #expect(atTheEnd.bytes == first.bytes)
        #expect(after.bytes != first.bytes)
    }

    @Test func whatFailedMayBeSentAgain() async throws {
        let key = try await house.operatorKey()
        #expect(try await create(#"{"name":""}"#, as: "a", key).status == 400)
        #expect(try await create(as: "a", key).status == 201)
    }

    @Test func ofTwinsAtOnceOneActs() async throws {
        let key = try await house.operatorKey()
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for _ in 0..<8 { group.addTask { try await create(as: "a", key) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.bytes)).count == 1)
        #expect(answers.allSatisfy { $0.status == 201 })
        #expect(try await connectionCount(key) == 1)
    }

    /// Two were past the look before one of them acted.
    @Test func whoLosesTheRaceIsAnsweredAsTheWinner() async throws {
        let house = House(answers: { BlindAtFirst($0) })
        let key = try await house.operatorKey()
        let headers = key + [("idempotency-key", "a")]
        let body = #"{"name":"Shop"}"#
        let first = try await house.send(
            .post, "/v1/connections", headers: headers, body: ArrayBody(body))
        let second = try await house.send(
            .post, "/v1/connections", headers: headers, body: ArrayBody(body))
        #expect(second.status == 201)
        #expect(second.bytes == first.bytes)
        #expect(second.response.header("Idempotency-Replayed") == "true")
        #expect(try await house.send(.get, "/v1/connections", headers: key).data.count == 1)
    }

    /// What the winner made stands against making it again, before the store is asked to.
    @Test func whoLosesTheRaceForWhatThereCanBeOneOfIsAnsweredAsTheWinner() async throws {
        let house = House(answers: { BlindAtFirst($0) })
        let key = try await house.operatorKey()
        let made = try await house.send(
            .post, "/v1/connections", headers: key, body: ArrayBody(#"{"name":"Shop"}"#))
        let id = made.object["id"] as? String ?? ""
        let headers = key + [("idempotency-key", "a")]
        let path = "/v1/connections/\(id)/cohort_sync"
        let first = try await house.send(.post, path, headers: headers)
        let second = try await house.send(.post, path, headers: headers)
        #expect(first.status == 201)
        #expect(second.status == 201)
        #expect(second.bytes == first.bytes)
        // Without an answer to give again, it is what it looks like.
        let other = try await house.send(
            .post, path, headers: key + [("idempotency-key", "b")])
        #expect(other.status == 409)
    }

    @Test(arguments: [
        (1, 201), (255, 201), (256, 400),
    ])
    func aKeyHasItsLimits(count: Int, status: Int) async throws {
        let key = try await house.operatorKey()
        let name = String(repeating: "~", count: count)
        #expect(try await create(as: name, key).status == status)
    }

    @Test(arguments: ["", "a b", "caf\u{E9}", "a\u{7F}"])
    func whatIsNoKeyIsSaid(name: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await create(as: name, key)
        #expect(answer.status == 400)
        #expect(answer.errorMessage?.contains("Idempotency-Key") == true)
    }

    @Test func twoKeysAreNone() async throws {
        let key = try await house.operatorKey()
        let two = key + [("idempotency-key", "a"), ("idempotency-key", "a")]
        let answer = try await house.send(
            .post, "/v1/connections", headers: two, body: ArrayBody(#"{"name":"Shop"}"#))
        #expect(answer.status == 400)
    }

    @Test func nothingOfItIsLogged() async throws {
        let key = try await house.operatorKey()
        let answer = try await create(#"{"name":"app"}"#, as: "a-very-own-key", key, at: "/v1/keys")
        let secret = try #require(answer.object["key"] as? String)
        let log = house.log.lines.joined()
        #expect(!log.contains(secret) && !log.contains("a-very-own-key"))
    }
}

/// Sees no kept answer the first two times.
private actor BlindAtFirst: AnswerStore {
    private let store: any AnswerStore
    private var looks = 0

    init(_ store: any AnswerStore) { self.store = store }

    func keptAnswer(_ key: String, at now: Timestamp) async throws(Failure) -> KeptAnswer? {
        looks += 1
        return looks <= 2 ? nil : try await store.keptAnswer(key, at: now)
    }

    func resealAnswers(
        _ reseal: @escaping @Sendable (SealedSecret) throws(Failure) -> SealedSecret
    ) async throws(Failure) -> Int {
        try await store.resealAnswers(reseal)
    }
}

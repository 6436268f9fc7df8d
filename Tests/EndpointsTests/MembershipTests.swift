import Audiences
import Foundation
import HTTPWire
import Synchronization
import TestSupport
import Testing

@Suite struct MembershipTests {
    let house = House()

    private func key(with ids: [String]) async throws -> [(String, String)] {
        let (connection, open) = try await house.connect()
        _ = try await house.send(
            .post, connection.webhookPath, headers: open, body: house.page("members", ids))
        return try await house.operatorKey()
    }

    private func query(
        _ body: String, _ key: [(String, String)]
    ) async throws -> Answer {
        try await house.send(
            .post, "/v1/memberships/query", headers: key, body: ArrayBody(body))
    }

    @Test func someoneInNoAudienceIsAnEmptyList() async throws {
        let key = try await key(with: ["a"])
        let answer = try await house.send(.get, "/v1/memberships?match_id=nobody", headers: key)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"match_id":"nobody","audiences":[]}"#)
    }

    @Test func onlyAPlainQuestionOfAGoodKeyIsAnsweredAtOnce() async throws {
        let key = try await key(with: ["a"])
        func ask(_ query: String, _ headers: [(String, String)]) async throws -> Int {
            let before = house.answeredAtOnce.withLock { $0 }
            _ = try await house.send(.get, "/v1/memberships\(query)", headers: headers)
            return house.answeredAtOnce.withLock { $0 } - before
        }
        #expect(try await ask("?match_id=ref-a", key) == 1)
        #expect(try await ask("?match_id=%72ef-a", key) == 1)
        #expect(try await ask("?match_id=nobody", key) == 1)
        for query in [
            "", "?match_id=", "?match_id=%00", "?match_id=a&match_id=a", "?match=a",
            "?match_id=ref-a&audience_id=", "?match_id=ref-a&at=",
        ] {
            #expect(try await ask(query, key) == 0, "\(query)")
        }
        for stranger in [[], [(key[0].0, key[0].1 + "x")], [(key[0].0, "Basic YTpi")]] {
            #expect(try await ask("?match_id=ref-a", stranger) == 0)
        }
        let list = try await house.send(.get, "/v1/keys", headers: key)
        let id = try #require(list.data.first?["id"] as? String)
        _ = try await house.send(.delete, "/v1/keys/\(id)", headers: key)
        #expect(try await ask("?match_id=ref-a", key) == 0)
    }

    @Test func aPersonWithAReferenceIDIsNotFoundByTheirDistinctID() async throws {
        let key = try await key(with: ["a"])
        let byReference = try await house.send(.get, "/v1/memberships?match_id=ref-a", headers: key)
        let byDistinct = try await house.send(.get, "/v1/memberships?match_id=a", headers: key)
        #expect((byReference.object["audiences"] as? [Any])?.count == 1)
        #expect((byDistinct.object["audiences"] as? [Any])?.count == 0)
    }

    @Test func theAudienceAskedForNarrowsTheAnswer() async throws {
        let key = try await key(with: ["a"])
        let all = try await house.send(.get, "/v1/memberships?match_id=ref-a", headers: key)
        let audiences = try #require(all.object["audiences"] as? [[String: Any]])
        let id = try #require(audiences.first?["id"] as? String)
        #expect(
            Set(audiences[0].keys) == ["id", "name", "entered_at", "source", "status", "as_of"])
        let source = try #require(audiences[0]["source"] as? [String: Any])
        #expect(source["action"] as? String == "members")
        #expect(source["session_id"] as? String == "s1")
        #expect(source["page"] as? Int == 1)
        for (asked, count) in [(id, 1), ("aud_0123456789abcdef", 0)] {
            let answer = try await house.send(
                .get, "/v1/memberships?match_id=ref-a&audience_id=\(asked)", headers: key)
            #expect((answer.object["audiences"] as? [Any])?.count == count)
        }
    }

    @Test(arguments: [
        "", "?match_id=", "?match_id=a&match_id=b", "?match_id=%FF", "?match_id=a&audience_id=x",
    ])
    func aQuestionThatCannotBeMeantIsInvalid(query: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(.get, "/v1/memberships\(query)", headers: key)
        #expect(answer.status == 400)
        #expect(answer.errorCode == "invalid")
    }

    @Test func manyAreAnsweredInTheOrderAskedEachAsOftenAsAsked() async throws {
        let key = try await key(with: ["a", "b"])
        let answer = try await query(
            #"{"match_ids":["ref-b","nobody","ref-a","ref-b","",12345678901234567890]}"#, key)
        #expect(answer.status == 200)
        let ids = answer.data.compactMap { $0["match_id"] as? String }
        #expect(ids == ["ref-b", "nobody", "ref-a", "ref-b", "", "12345678901234567890"])
        let counts = answer.data.map { ($0["audience_ids"] as? [String])?.count ?? -1 }
        #expect(counts == [1, 0, 1, 1, 0, 0])
        let audiences = try #require(answer.object["audiences"] as? [[String: Any]])
        #expect(audiences.count == 1)
        #expect(Set(audiences[0].keys) == ["id", "status", "as_of"])
    }

    @Test func namedAudiencesAreTheOnlyOnesLookedInto() async throws {
        let key = try await key(with: ["a"])
        let answer = try await query(
            #"{"match_ids":["ref-a"],"audience_ids":["aud_0123456789abcdef"]}"#, key)
        #expect(answer.data.first?["audience_ids"] as? [String] == [])
        #expect((answer.object["audiences"] as? [Any])?.isEmpty == true)
    }

    @Test func aThousandIDsAreTakenAndOneMoreIsNot() async throws {
        let key = try await house.operatorKey()
        for (count, status) in [(1000, 200), (1001, 400)] {
            let ids = (0..<count).map { "\"u\($0)\"" }.joined(separator: ",")
            #expect(try await query("{\"match_ids\":[\(ids)]}", key).status == status)
        }
    }

    @Test(arguments: [
        "", "[]", "{", "{}", #"{"match_ids":"a"}"#, #"{"match_ids":[null]}"#,
        #"{"match_ids":[["a"]]}"#, #"{"match_ids":[],"audience_ids":"x"}"#,
        #"{"match_ids":[],"audience_ids":["x"]}"#, #"{"match_ids":[],"match_id":"a"}"#,
        #"{"match_ids":[],"match_ids":[]}"#,
    ])
    func aBodyThatCannotBeMeantIsInvalid(body: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await query(body, key)
        #expect(answer.status == 400)
        #expect(answer.errorCode == "invalid")
    }
}

import Audiences
import Endpoints
import Foundation
import HTTPWire
import TestSupport
import Testing

@Suite struct ChangeTests {
    let house = House()

    private func sync(
        _ action: String, _ ids: [String], session: String, _ rig: Rig
    ) async throws {
        let answer = try await house.send(
            .post, rig.webhook, headers: rig.open,
            body: house.page(action, ids, session: session))
        #expect(answer.status == 200)
        while try await house.store.tidy(at: house.clock.now) {}
    }

    private func rig() async throws -> Rig {
        let (connection, open) = try await house.connect()
        return Rig(
            webhook: connection.webhookPath, open: open, key: try await house.operatorKey())
    }

    private func changes(_ query: String, _ rig: Rig) async throws -> Answer {
        try await house.send(.get, "/v1/changes\(query)", headers: rig.key)
    }

    @Test func theFeedTellsWhoEnteredAndLeft() async throws {
        let rig = try await rig()
        try await sync("members", ["a", "b"], session: "s1", rig)
        try await sync("remove_members", ["b"], session: "s2", rig)
        let answer = try await changes("", rig)
        #expect(answer.status == 200)
        #expect(answer.data.compactMap { $0["seq"] as? Int } == [1, 2, 3])
        let told = answer.data.map { "\($0["change"] ?? "") \($0["mixpanel_distinct_id"] ?? "")" }
        #expect(Set(told.prefix(2)) == ["entered a", "entered b"])
        #expect(told.last == "left b")
        #expect(
            Set(answer.data[2].keys) == [
                "seq", "change", "audience_id", "mixpanel_distinct_id", "reference_id",
                "match_id", "session_id", "at",
            ])
        #expect(answer.data[2]["match_id"] as? String == "ref-b")
        #expect(answer.data[2]["session_id"] as? String == "s2")
        #expect(answer.data[2]["at"] as? String == house.clock.now.rfc3339)
        #expect(answer.object["has_more"] as? Bool == false)
        #expect(answer.object["next"] as? String == "3")
    }

    @Test func readingGoesOnWhereItStopped() async throws {
        let rig = try await rig()
        try await sync("add_members", ["a", "b", "c"], session: "s1", rig)
        let first = try await changes("?limit=2", rig)
        #expect(first.data.count == 2)
        #expect(first.object["has_more"] as? Bool == true)
        let next = try #require(first.object["next"] as? String)
        let rest = try await changes("?after=\(next)", rig)
        #expect(rest.data.compactMap { $0["seq"] as? Int } == [3])
        let none = try await changes("?after=latest", rig)
        #expect(none.data.isEmpty)
        #expect(none.object["next"] as? String == "3")
    }

    @Test func onlyTheAudienceAskedForIsTold() async throws {
        let rig = try await rig()
        try await sync("add_members", ["a"], session: "s1", rig)
        let list = try await house.send(.get, "/v1/audiences", headers: rig.key)
        let id = try #require(list.data.first?["id"] as? String)
        #expect(try await changes("?audience_id=\(id)", rig).data.count == 1)
        let other = try await changes("?audience_id=aud_0123456789abcdef", rig)
        #expect(other.status == 404)
    }

    @Test(arguments: [
        "?after=-1", "?after=x", "?after=99", "?limit=0", "?limit=1001", "?wait=-1", "?wait=61",
        "?wait=x",
        "?audience_id=x", "?after=99999999999999999999",
    ])
    func aPlaceThatCannotBeMeantIsInvalid(query: String) async throws {
        let rig = try await rig()
        let answer = try await changes(query, rig)
        #expect(answer.status == 400)
    }

    @Test func aWaitEndsWithTheFirstChange() async throws {
        let rig = try await rig()
        try await sync("add_members", ["a"], session: "s1", rig)
        async let waiting = changes("?after=1&wait=60", rig)
        try await sync("add_members", ["b"], session: "s2", rig)
        let answer = try await waiting
        #expect(answer.data.compactMap { $0["mixpanel_distinct_id"] as? String } == ["b"])
    }

    @Test func aWaitEndsWhenTheServerIsToStop() async throws {
        let rig = try await rig()
        house.readiness.draining()
        let answer = try await changes("?wait=60", rig)
        #expect(answer.status == 200)
        #expect(answer.data.isEmpty)
        #expect(answer.object["next"] as? String == "0")
    }

    @Test func membershipInThePastIsAnswered() async throws {
        let rig = try await rig()
        let before = house.clock.now
        house.clock.advance(milliseconds: 1000)
        try await sync("members", ["a"], session: "s1", rig)
        let during = house.clock.now
        house.clock.advance(milliseconds: 1000)
        try await sync("remove_members", ["a"], session: "s2", rig)
        house.clock.advance(milliseconds: 1000)
        for (moment, count) in [(before, 0), (during, 1), (house.clock.now, 0)] {
            let answer = try await house.send(
                .get, "/v1/memberships?match_id=ref-a&at=\(moment.rfc3339)", headers: rig.key)
            #expect((answer.object["audiences"] as? [Any])?.count == count)
            #expect(answer.object["at"] as? String == moment.rfc3339)
        }
    }

    @Test(arguments: ["yesterday", "2999-01-01T00:00:00Z"])
    func aMomentThatIsNoneOrInTheFutureIsInvalid(moment: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(
            .get, "/v1/memberships?match_id=a&at=\(moment)", headers: key)
        #expect(answer.status == 400)
    }
}

/// The keys to one connection and to the API.
private struct Rig {
    let webhook: String
    let open: [(String, String)]
    let key: [(String, String)]
}

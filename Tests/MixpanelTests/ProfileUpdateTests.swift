import Audiences
import JSON
import Testing

@testable import Mixpanel

/// Writing to profiles.
@Suite struct ProfileUpdateTests {
    @Test(arguments: [
        (
            #"{"$distinct_id":"u-1","$set":{"$email":"a@example.com"},"$token":"x","$ip":"1"}"#,
            [#""$set":{"$email":"a@example.com"}"#]
        ),
        (#"{"$distinct_id":17,"$set_once":{"a":1}}"#, [#""$set_once":{"a":1}"#]),
        (#"{"$distinct_id":"u","$unset":["a","b"]}"#, [#""$unset":["a","b"]"#]),
        (#"{"$distinct_id":"u","$delete":null}"#, [#""$delete":"""#]),
        (
            #"{"$distinct_id":"u","$delete":"","$ignore_alias":true}"#,
            [#""$delete":"","$ignore_alias":true"#]
        ),
        (
            #"{"$distinct_id":"u","$add":{"n":2},"$append":{"l":1},"$union":{"l":[2]}}"#,
            [#""$add":{"n":2}"#, #""$append":{"l":1}"#, #""$union":{"l":[2]}"#]
        ),
        (#"{"$distinct_id":"u","$remove":{"l":1}}"#, [#""$remove":{"l":1}"#]),
    ])
    func updatesAreReadAndWritten(written: String, operations: [String]) throws {
        let object = try #require(try json(written).object)
        let token = try #require(ProjectToken("t0ken"))
        let updates = try ProfileUpdate.read(object)
        let id = updates[0].distinctID
        let expected = operations.map {
            #"{"$token":"t0ken","$distinct_id":"\#(id)","$ip":"0",\#($0)}"#
        }
        #expect(updates.map { text($0.json(token: token)) } == expected)
    }

    @Test(arguments: [
        (#"{"$set":{}}"#, "$distinct_id"), (#"{"$distinct_id":"","$set":{}}"#, "$distinct_id"),
        (#"{"$distinct_id":{},"$set":{}}"#, "$distinct_id"), (#"{"$distinct_id":"u"}"#, "$set"),
        (#"{"$distinct_id":"u","$set":[]}"#, "$set"),
        (#"{"$distinct_id":"u","$unset":[1]}"#, "$unset"),
        (#"{"$distinct_id":"u","$unset":"a"}"#, "$unset"),
        (#"{"$distinct_id":"u","email":"x"}"#, "email"),
    ])
    func whatIsWrongIsNamed(written: String, field: String) throws {
        let object = try #require(try json(written).object)
        let refusal = #expect(throws: RecordRefusal.self) { try ProfileUpdate.read(object) }
        #expect(refusal?.field == field)
        #expect(refusal?.message.hasPrefix("\"\(field)\" ") == true)
    }

    @Test(arguments: [
        (#"{"$set":{}}"#, true), (#"{"$distinct_id":"u","$set":{}}"#, true),
        (#"{"$distinct_id":"v","$set":{}}"#, false),
    ])
    func thePathNamesThePerson(written: String, isTaken: Bool) throws {
        let object = try #require(try json(written).object)
        let updates = try? ProfileUpdate.read(object, of: "u")
        #expect((updates?.first?.distinctID == "u") == isTaken)
    }

    @Test func profilesAreMadeChangedAndDeleted() async throws {
        let house = try SimulatedHouse(members: 0).opened()
        let token = try #require(ProjectToken("t0ken"))
        func write(_ update: String) async throws {
            let updates = try ProfileUpdate.read(try #require(try json(update).object))
            let report = try await house.api.update(updates, of: token, in: .eu)
            #expect(report.accepted == updates.count && report.stop == nil)
        }
        func properties() async throws -> String? {
            let page = try await house.api.users(UserQuery(), as: .secret())
            return page.users.first.map(text)
        }
        try await write(#"{"$distinct_id":"u","$set":{"a":1,"n":2,"l":["x"]}}"#)
        try await write(
            #"{"$distinct_id":"u","$set_once":{"a":9,"b":3},"$add":{"n":5},"$append":{"l":"y"}}"#)
        try await write(#"{"$distinct_id":"u","$union":{"l":["x","z"]},"$remove":{"l":"y"}}"#)
        #expect(
            try await properties()
                == #"{"$distinct_id":"u","$properties":{"a":1,"n":7,"l":["x","z"],"b":3}}"#)
        try await write(#"{"$distinct_id":"u","$unset":["a","l","n"]}"#)
        #expect(try await properties() == #"{"$distinct_id":"u","$properties":{"b":3}}"#)
        try await write(#"{"$distinct_id":"u","$delete":null}"#)
        #expect(try await properties() == nil)
    }

    @Test func anInventedPersonIsChangedAndForgotten() async throws {
        let house = try SimulatedHouse(members: 1).opened()
        let token = try #require(ProjectToken("t0ken"))
        let page = try await house.api.users(UserQuery(), as: .secret())
        let person = try #require(try object(page.users[0])["$distinct_id"]?.string)
        _ = try await house.api.update(
            [ProfileUpdate(person, .set(JSONObject([("plan", "gold")])))], of: token, in: .eu)
        let changed = try await house.api.users(
            UserQuery(expression: #"properties["plan"] == "gold""#), as: .secret())
        #expect(changed.users.count == 1)
        _ = try await house.api.update([ProfileUpdate(person, .delete())], of: token, in: .eu)
        #expect(try await house.api.users(UserQuery(), as: .secret()).users.isEmpty)
    }

    @Test func manyUpdatesAreManyCalls() async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, #"{"status":1,"error":null}"#)])
        let updates = (0..<4001).map { ProfileUpdate("u-\($0)", .unset(["a"])) }
        let token = try #require(ProjectToken("t0ken"))
        let report = try await mixpanel.api.update(updates, of: token, in: .eu)
        #expect(report.accepted == 4001 && report.unsent == 0)
        let sizes = try mixpanel.requests.map { try JSONValue(parsing: $0.body ?? []).array?.count }
        #expect(sizes == [2000, 2000, 1])
        #expect(mixpanel.urls.first == "http://eu/engage?verbose=1")
        #expect(!mixpanel.requests[0].headers.contains { $0.name == "Authorization" })
    }

    @Test func aRefusalInTheMiddleSaysHowManyWereNotTaken() async throws {
        let mixpanel = ScriptedMixpanel(eu: [
            .status(200, "1"), .status(200, #"{"status":0,"error":"no\tway"}"#),
        ])
        let updates = (0..<4001).map { ProfileUpdate("u-\($0)", .unset(["a"])) }
        let token = try #require(ProjectToken("t0ken"))
        let report = try await mixpanel.api.update(updates, of: token, in: .eu)
        #expect(report.accepted == 2000 && report.unsent == 2001)
        #expect(report.stop?.said == "no\tway" && report.stop?.status == 200)
    }

    @Test(arguments: [
        (ScriptedMixpanel.Answer.status(200, "0"), MixpanelError.Reason.refused(status: 200)),
        (.status(200, "2"), .notMixpanel(.otherText)), (.status(200, ""), .notMixpanel(.otherText)),
        (.status(200, #"{"status":null}"#), .notMixpanel(.otherText)),
        (.page, .notMixpanel(.webPage)), (.unauthorized, .credentials),
        (.status(429, "", [("Retry-After", "7")]), .rateLimited(retryAfter: .seconds(7))),
        (.failure(.timedOut), .unreachable(.timedOut)),
    ])
    func aFirstRefusalIsThrown(
        answer: ScriptedMixpanel.Answer, reason: MixpanelError.Reason
    ) async throws {
        let mixpanel = ScriptedMixpanel(eu: [answer])
        let token = try #require(ProjectToken("t0ken"))
        let error = try await providerError {
            _ = try await mixpanel.api.update([ProfileUpdate("u", .delete())], of: token, in: .eu)
        }
        #expect(error.reason == reason)
    }

    @Test func aTokenOfNoProjectIsTakenAndLeadsNowhere() async throws {
        let house = try SimulatedHouse(members: 0).opened()
        let token = try #require(ProjectToken("another"))
        let update = ProfileUpdate("u", .set(JSONObject([("a", "b")])))
        #expect(try await house.api.update([update], of: token, in: .eu).accepted == 1)
        #expect(try await house.api.users(UserQuery(), as: .secret()).users.isEmpty)
    }
}

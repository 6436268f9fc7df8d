import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Holding, accepting, rejecting, restoring, erasing: what operators do by hand.
@Suite struct ControlTests {
    let house = House()

    /// An audience of 1000 whose connection holds what removes more than a tenth.
    private func guarded() async throws -> Rig {
        let (connection, open) = try await house.connect()
        let key = try await house.operatorKey()
        let rig = Rig(house: house, webhook: connection.webhookPath, open: open, key: key)
        let edited = try await house.send(
            .patch, "/v1/connections/\(connection.id.text)", headers: key,
            body: ArrayBody(#"{"guard_max_removed_fraction":0.1}"#))
        #expect(edited.status == 200)
        #expect(edited.object["guard_max_removed_fraction"] as? Double == 0.1)
        try await rig.replace(crowd(1000), session: "s1")
        return rig
    }

    @Test func aReplacementThatRemovesTooManyIsHeldAndShown() async throws {
        let rig = try await guarded()
        try await rig.replace(crowd(899), session: "s2")
        let audience = try await rig.audience()
        #expect(audience["status"] as? String == "held")
        #expect(audience["member_count"] as? Int == 1000)
        let held = try #require(audience["held"] as? [String: Any])
        #expect(held["status"] as? String == "held")
        #expect(held["session_id"] as? String == "s2")
        #expect(held["members_leaving"] as? Int == 101)
        #expect(held["members_entering"] as? Int == 0)
        #expect(try await rig.isMember("p950"))
    }

    @Test func aReplacementAtTheGuardIsNotHeld() async throws {
        let rig = try await guarded()
        try await rig.replace(crowd(900), session: "s2")
        let audience = try await rig.audience()
        #expect(audience["status"] as? String == "live")
        #expect(audience["held"] is NSNull)
        #expect(audience["member_count"] as? Int == 900)
    }

    @Test func acceptingSwitchesIn() async throws {
        let rig = try await guarded()
        try await rig.replace(crowd(10), session: "s2")
        let answer = try await rig.post("accept")
        #expect(answer.status == 200)
        #expect(answer.object["status"] as? String == "live")
        #expect(answer.object["member_count"] as? Int == 10)
        #expect(try await !rig.isMember("p950"))
        #expect(try await rig.post("accept").status == 409)
    }

    @Test func rejectingKeepsTheMembersAndSaysSo() async throws {
        let rig = try await guarded()
        try await rig.replace(crowd(10), session: "s2")
        let answer = try await rig.post("reject")
        #expect(answer.status == 200)
        #expect(answer.object["status"] as? String == "live")
        #expect(answer.object["member_count"] as? Int == 1000)
        #expect(answer.object["needs_reconcile_reason"] as? String == "replacement_rejected")
        #expect(try await rig.post("reject").errorCode == "conflict")
    }

    @Test func restoringPutsTheOldMembersBackAndTwiceUndoesIt() async throws {
        let rig = try await guarded()
        #expect(try await rig.post("restore").status == 200)
        try await rig.replace(crowd(950), session: "s2")
        let back = try await rig.post("restore")
        #expect(back.object["member_count"] as? Int == 1000)
        #expect(back.object["needs_reconcile_reason"] as? String == "restored")
        #expect(try await rig.post("restore").object["member_count"] as? Int == 950)
    }

    @Test(arguments: ["accept", "reject", "restore"])
    func whatIsNotThereCannotBeControlled(verb: String) async throws {
        let key = try await house.operatorKey()
        for id in ["aud_0123456789abcdef", "nonsense"] {
            let answer = try await house.send(
                .post, "/v1/audiences/\(id)/\(verb)", headers: key)
            #expect(answer.status == 404)
        }
    }

    @Test func erasingIsSaidInNumbersAndCanBeRepeated() async throws {
        let rig = try await guarded()
        let path = "/v1/people?match_id=ref-p7"
        let erased = try await house.send(.delete, path, headers: rig.key)
        #expect(erased.status == 200)
        #expect(erased.text == #"{"erased":1}"#)
        #expect(try await !rig.isMember("p7"))
        #expect(try await house.send(.delete, path, headers: rig.key).text == #"{"erased":0}"#)
        try await rig.replace(crowd(1000), session: "s3")
        #expect(try await rig.isMember("p7"))
        #expect(!rig.house.log.lines.contains { $0.contains("ref-p7") })
    }

    @Test func whoStaysErasedIsCountedAndKeptOut() async throws {
        let rig = try await guarded()
        _ = try await house.send(
            .delete, "/v1/people?match_id=ref-p7&stay_erased=true", headers: rig.key)
        try await rig.replace(crowd(1000), session: "s3")
        #expect(try await !rig.isMember("p7"))
        let audience = try await rig.audience()
        let sync = try #require(audience["last_sync"] as? [String: Any])
        #expect((sync["unusable_reasons"] as? [String: Int])?["erased"] == 1)
    }

    @Test(arguments: ["", "?match_id=", "?match_id=a&stay_erased=yes", "?match_id=a&match_id=b"])
    func anErasureThatCannotBeMeantIsInvalid(query: String) async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(.delete, "/v1/people\(query)", headers: key)
        #expect(answer.status == 400)
    }

    @Test func sharedReferencesNameWhoSharesThem() async throws {
        let (connection, open) = try await house.connect()
        let key = try await house.operatorKey()
        let members = ["a", "b", "c"].map { id in
            """
            {"mixpanel_distinct_id":"\(id)","reference_id":"\(id == "c" ? "own" : "both")"}
            """
        }
        let body = ArrayBody(
            """
            {"action":"members","parameters":{"mixpanel_cohort_id":"5540912",
            "members":[\(members.joined(separator: ","))]}}
            """)
        _ = try await house.send(.post, connection.webhookPath, headers: open, body: body)
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        let id = try #require(list.data.first?["id"] as? String)
        let answer = try await house.send(
            .get, "/v1/audiences/\(id)/shared_references", headers: key)
        #expect(answer.data.count == 1)
        #expect(answer.data.first?["reference_id"] as? String == "both")
        #expect(answer.data.first?["mixpanel_distinct_ids"] as? [String] == ["a", "b"])
    }

    @Test(arguments: [
        #"{"guard_max_removed_fraction":1.01}"#, #"{"guard_max_removed_fraction":-0.1}"#,
        #"{"guard_max_removed_fraction":"0.5"}"#, #"{"guard_max_removed_fraction":1e999}"#,
        #"{"name":""}"#, #"{"traits":"plan"}"#, #"{"traits":[""]}"#, #"{"color":"red"}"#,
    ])
    func aSettingThatCannotBeMeantIsInvalid(body: String) async throws {
        let (connection, _) = try await house.connect()
        let key = try await house.operatorKey()
        let answer = try await house.send(
            .patch, "/v1/connections/\(connection.id.text)", headers: key, body: ArrayBody(body))
        #expect(answer.status == 400)
    }

    @Test func whatIsNotNamedStays() async throws {
        let (connection, _) = try await house.connect(traits: ["plan"])
        let key = try await house.operatorKey()
        let path = "/v1/connections/\(connection.id.text)"
        func edit(_ body: String) async throws -> Answer {
            try await house.send(.patch, path, headers: key, body: ArrayBody(body))
        }
        _ = try await edit(#"{"guard_max_removed_fraction":0}"#)
        let renamed = try await edit(#"{"name":"Shop 2","reference_property":"uid"}"#)
        #expect(renamed.object["name"] as? String == "Shop 2")
        #expect(renamed.object["reference_property"] as? String == "uid")
        #expect(renamed.object["traits"] as? [String] == ["plan"])
        #expect(renamed.object["guard_max_removed_fraction"] as? Double == 0)
        let bare = try await edit(#"{"traits":[],"guard_max_removed_fraction":null}"#)
        #expect(bare.object["traits"] as? [String] == [])
        #expect(bare.object["guard_max_removed_fraction"] is NSNull)
        #expect(bare.object["name"] as? String == "Shop 2")
    }
}

/// One audience and the keys to it.
private struct Rig {
    let house: House
    let webhook: String
    let open: [(String, String)]
    let key: [(String, String)]

    func replace(_ people: [String], session: String) async throws {
        // Few to a page, for the house takes small bodies only.
        let pages = stride(from: 0, to: people.count, by: 30).map {
            Array(people[$0..<min($0 + 30, people.count)])
        }
        for (index, page) in pages.enumerated() {
            let answer = try await house.send(
                .post, webhook, headers: open,
                body: house.page(
                    "members", page, session: session, number: index + 1, of: pages.count))
            #expect(answer.status == 200)
        }
    }

    func audience() async throws -> [String: Any] {
        let list = try await house.send(.get, "/v1/audiences", headers: key)
        return try #require(list.data.first)
    }

    func post(_ verb: String) async throws -> Answer {
        let id = try #require(try await audience()["id"] as? String)
        return try await house.send(.post, "/v1/audiences/\(id)/\(verb)", headers: key)
    }

    func isMember(_ id: String) async throws -> Bool {
        let answer = try await house.send(
            .get, "/v1/memberships?match_id=ref-\(id)", headers: key)
        return (answer.object["audiences"] as? [Any])?.isEmpty == false
    }
}

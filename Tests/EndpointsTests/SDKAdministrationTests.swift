import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// What operators set for apps.
@Suite struct SDKAdministrationTests {
    @Test func settingsAreMadeWithAPublicKeyAndKeepIt() async throws {
        let house = House()
        let admin = try await house.operatorKey()
        let (connection, _) = try await house.connect()
        let path = "/v1/connections/\(connection.id.text)/sdk"
        #expect(try await house.send(.get, path, headers: admin).status == 404)
        let made = try await house.send(
            .put, path, headers: admin, body: ArrayBody(#"{"cooldown_hours":24}"#))
        #expect(made.status == 200)
        #expect(made.object["cooldown_hours"] as? Int == 24)
        #expect(made.object["requires_identity"] as? Bool == false)
        let key = try #require(made.object["public_key"] as? String)
        #expect(key.hasPrefix("muster_pk_") && key.count == 34)
        let changed = try await house.send(
            .put, path, headers: admin, body: ArrayBody(#"{"cooldown_hours":null}"#))
        #expect(changed.object["public_key"] as? String == key)
        #expect(changed.object["cooldown_hours"] is NSNull)
        #expect(try await house.send(.get, path, headers: admin).text == changed.text)
        let log = try await house.send(.get, "/v1/audit?action=sdk.changed", headers: admin)
        #expect(log.data.count == 2)
    }

    @Test(arguments: [
        #"{"cooldown_hours":0}"#, #"{"cooldown_hours":8761}"#, #"{"requires_identity":1}"#,
        #"{"public_key":"mine"}"#,
    ])
    func settingsThatCannotBeMeantAreInvalid(body: String) async throws {
        let house = try await AppHouse()
        try await house.operate(
            .put, "/connections/\(house.connection)/sdk", body, answers: 400)
    }

    /// Each sends what they change, and nothing of what the other one does is taken back.
    @Test func twoOperatorsChangeTwoSettingsAtOnce() async throws {
        let house = try await AppHouse()
        let path = "/connections/\(house.connection)/sdk"
        try await house.operate(.post, path + "/identity_secret")
        for round in 1...40 {
            let isNeeded = round % 2 == 1
            async let one = house.operate(.put, path, "{\"cooldown_hours\":\(round)}")
            async let other = house.operate(.put, path, "{\"requires_identity\":\(isNeeded)}")
            async let third = house.operate(.post, path + "/key")
            let key = try await third.object["public_key"] as? String
            _ = try await (one, other)
            let shown = try await house.operate(.get, path).object
            #expect(shown["cooldown_hours"] as? Int == round)
            #expect(shown["requires_identity"] as? Bool == isNeeded)
            #expect(shown["public_key"] as? String == key)
        }
    }

    @Test func aConnectionNobodyKnowsIsNotFound() async throws {
        let house = try await AppHouse()
        for id in [ConnectionID.make(9).text, "x"] {
            let path = "/connections/\(id)/sdk"
            try await house.operate(.get, path, answers: 404)
            try await house.operate(.put, path, "{}", answers: 404)
            try await house.operate(.post, path + "/key", answers: 404)
            try await house.operate(.post, path + "/identity_secret", answers: 404)
        }
    }
}

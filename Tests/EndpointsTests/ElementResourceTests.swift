import Audiences
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// What an instance reads and writes at Mixpanel.
@Suite struct ElementResourceTests {
    private func opened(
        _ configuration: String = ElementHouse.full
    ) async throws -> (ElementHouse, header: String) {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: configuration)
        return (house, house.hub(made.token))
    }

    private func ids(_ house: ElementHouse, _ answer: Answer) -> [String?] {
        house.array(answer).map { $0["$distinct_id"] as? String }
    }

    @Test(arguments: ["/users", "/hubs/general/users", "/hubs/nonsense/users"])
    func peopleAreReadPageByPage(path: String) async throws {
        let (house, header) = try await opened()
        var people: [String?] = []
        var next: String? = ""
        while let place = next {
            let page = try await house.call(.get, path + "?nextPage=\(place)", as: header)
            #expect(page.response.header("Elements-Total-Count") == "5")
            #expect(page.response.header("Elements-Element-Instance-Id") == "1")
            people += ids(house, page)
            next = page.response.header("Elements-Next-Page-Token")
        }
        #expect(people == ["ada", "bo", "cy", "dee", "eve"])
    }

    @Test func aSmallerPageIsASliceOfMixpanels() async throws {
        let (house, header) = try await opened()
        var people: [String?] = []
        var next: String? = ""
        while let place = next {
            let page = try await house.call(
                .get, "/users?pageSize=1&nextPage=\(place)", as: header)
            #expect(page.response.header("Elements-Returned-Count") == "1")
            people += ids(house, page)
            next = page.response.header("Elements-Next-Page-Token")
        }
        #expect(people == ["ada", "bo", "cy", "dee", "eve"])
    }

    @Test func aPageThatIsTooLargeIsCutAndSaysSo() async throws {
        let (house, header) = try await opened()
        for (size, error) in [(1000, nil), (1001, "pageSize 1001 was cut to 1000")] {
            let page = try await house.call(.get, "/users?pageSize=\(size)", as: header)
            #expect(page.response.header("Elements-Error") == error)
        }
    }

    @Test(arguments: ["p1.0.0.!", "p1.x.0.", "p1.0.-1.", "p2.0.0.", "p1.0.0", "p1.10001.0.", "é"])
    func aPlaceThatIsNoneIsInvalid(place: String) async throws {
        let (house, header) = try await opened()
        let sent = house.mixpanel.requests.count
        try await house.call(.get, "/users?nextPage=\(place)", as: header, answers: 400)
        #expect(house.mixpanel.requests.count == sent)
    }

    @Test func aConditionAndFieldsReachMixpanel() async throws {
        let (house, header) = try await opened()
        _ = try await house.call(
            .get, "/users?where=%22$city%22='Dallas'&fields=$city,$email", as: header)
        let body = try #require(house.mixpanel.requests.last?.body.removingPercentEncoding)
        #expect(body.contains(#"properties["$city"]"#))
        #expect(body.contains(#"output_properties=["$city","$email"]"#))
        try await house.call(.get, "/users?where=%22$city%22=", as: header, answers: 400)
    }

    @Test func nullsAreDroppedUnlessTheInstanceWantsThem() async throws {
        let (house, header) = try await opened()
        #expect(!(try await house.call(.get, "/users", as: header)).text.contains("gone"))
        try await house.call(
            .patch, "/instances/1/configuration/filter.response.nulls",
            #"{"propertyValue":false}"#)
        #expect((try await house.call(.get, "/users", as: header)).text.contains("gone"))
    }

    @Test func aPersonIsWrittenChangedAndDeleted() async throws {
        let (house, header) = try await opened()
        let made = try await house.call(
            .post, "/users", ##"{"$distinct_id":"ada","$set":{"$city":"Oslo"}}"##, as: header)
        #expect(made.object["$distinct_id"] as? String == "ada")
        #expect(house.mixpanel.requests.last?.body.contains(ElementMixpanel.token) == true)
        try await house.call(
            .patch, "/users/ada", ##"{"$set":{"$city":"Rome"},"$unset":["x"]}"##, as: header)
        #expect(house.mixpanel.requests.last?.body.contains(##""$unset":["x"]"##) == true)
        try await house.call(.delete, "/hubs/general/users/ada-1", as: header)
        #expect(house.mixpanel.requests.last?.body.contains(#""ada-1""#) == true)
        #expect(house.mixpanel.requests.last?.body.contains(##""$delete""##) == true)
        #expect(house.mixpanel.requests.last?.body.contains(##""$ignore_alias":true"##) == true)
        for body in ["{}", "[]", ##"{"$set":{}}"##, ##"{"$distinct_id":"a","$colour":1}"##] {
            try await house.call(.post, "/users", body, as: header, answers: 400)
        }
    }

    @Test func withoutAProjectTokenNobodyIsWritten() async throws {
        let (house, header) = try await opened(#"{"username":"\#(ElementMixpanel.secret)"}"#)
        let refused = try await house.call(
            .post, "/users", ##"{"$distinct_id":"ada","$set":{}}"##, as: header, answers: 409)
        let message = try #require(refused.object["message"] as? String)
        #expect(message.contains("configuration.project_token"))
    }

    @Test func whatAnEventLacksIsFilledInAndSaid() async throws {
        let (house, header) = try await opened()
        let event = #"{"event":"Sign up","properties":{"distinct_id":"ada"}}"#
        let now = house.house.clock.now.milliseconds
        let first = try await house.call(.post, "/activities", event, as: header)
        #expect(first.object["accepted"] as? Int == 1)
        let filled = try #require((first.object["events"] as? [[String: Any]])?.first)
        #expect(filled["filled"] as? [String] == ["time", "$insert_id"])
        let sent = try #require(house.mixpanel.requests.last)
        #expect(sent.url.contains("/import?strict=1"))
        #expect(sent.body.contains(#""time":\#(now)"#))
        let whole = #"{"event":"A","properties":{"time":1,"$insert_id":"mine"}}"#
        let second = try await house.call(.post, "/activities", "[\(whole)]", as: header)
        #expect((second.object["events"] as? [[String: Any]])?.first?["filled"] as? [String] == [])
    }

    /// Which any account may do, where an import by the account takes an administrator.
    @Test func eventsAreImportedByTheProjectTokenIfThereIsOne() async throws {
        for (configuration, name) in [
            (ElementHouse.full, ElementMixpanel.token),
            (#"{"username":"\#(ElementMixpanel.secret)"}"#, ElementMixpanel.secret),
        ] {
            let (house, header) = try await opened(configuration)
            try await house.call(
                .post, "/activities", #"{"event":"A","properties":{}}"#, as: header)
            let basic = "Basic " + Data("\(name):".utf8).base64EncodedString()
            #expect(house.mixpanel.requests.last?.authorization == basic)
        }
    }

    @Test func whatMixpanelRefusesIsToldEventByEvent() async throws {
        let (house, header) = try await opened()
        let (good, bad) = (#"{"event":"A","properties":{}}"#, #"{"event":"bad","properties":{}}"#)
        let some = try await house.call(.post, "/activities", "[\(good),\(bad)]", as: header)
        #expect(some.object["accepted"] as? Int == 1)
        #expect(some.object["unsent"] as? Int == 0 && some.object["stopped"] is NSNull)
        let failed = try #require((some.object["failed"] as? [[String: Any]])?.first)
        #expect(failed["index"] as? Int == 1)
        #expect(failed["message"] as? String == "is bad")
        let none = try await house.call(.post, "/activities", bad, as: header, answers: 400)
        #expect(none.object["providerMessage"] as? String == "0: event is bad")
        for body in ["[]", "7", "{}", #"{"event":7}"#, #"{"event":"A","colour":1}"#] {
            try await house.call(.post, "/activities", body, as: header, answers: 400)
        }
        let many = "[" + Array(repeating: good, count: 2001).joined(separator: ",") + "]"
        try await house.call(.post, "/activities", many, as: header, answers: 400)
    }

    @Test func aFieldMapGivesPeopleOtherNames() async throws {
        let (house, header) = try await opened()
        let fields =
            #"[{"path":"id","vendorPath":"$distinct_id"},"#
            + #"{"path":"address.city","vendorPath":"$properties.$city"}]"#
        let path = "/instances/1/transformations/people"
        try await house.call(.post, path, #"{"vendorName":"users","fields":\#(fields)}"#)
        let mapped = try await house.call(.get, "/hubs/general/people", as: header)
        #expect(
            mapped.text == #"[{"id":"ada","address":{"city":"Dallas"}},"#
                + #"{"id":"bo","address":{"city":"Dallas"}}]"#)
        try await house.call(
            .put, path,
            #"{"vendorName":"users","fields":\#(fields),"configuration":[{"type":"passThrough"}]}"#)
        let maps = try await house.call(.get, "/instances/1/transformations")
        #expect(house.array(maps).count == 1)
        let passed = try await house.call(.get, "/people?pageSize=1", as: header)
        #expect(house.array(passed).first?["$properties"] is [String: Any])
        for body in [
            "{}", #"{"vendorName":"activities","fields":\#(fields)}"#,
            #"{"vendorName":"users","fields":[]}"#, #"{"vendorName":"users","fields":[{}]}"#,
            #"{"vendorName":"users","fields":\#(fields),"configuration":[{"type":"script"}]}"#,
        ] {
            try await house.call(.put, path, body, answers: 400)
        }
        try await house.call(
            .put, "/instances/1/transformations/a%2Fb",
            #"{"vendorName":"users","fields":\#(fields)}"#, answers: 400)
        try await house.call(.delete, path)
        try await house.call(.get, "/people", as: header, answers: 404)
        try await house.call(.get, path, answers: 404)
    }

    @Test func topActivitiesAreMixpanels() async throws {
        let (house, header) = try await opened()
        let top = try await house.call(
            .get, "/activities/top?where=type%20=%20'unique'&pageSize=7", as: header)
        #expect(house.array(top).first?["event"] as? String == "Sign up")
        let url = try #require(house.mixpanel.requests.last?.url)
        #expect(url.contains("type=unique") && url.contains("limit=7"))
        for condition in ["type='best'", "colour='red'"] {
            try await house.call(
                .get, "/activities/top?where=\(condition)", as: header, answers: 400)
        }
    }

    @Test func theElementTellsOfItsObjects() async throws {
        let (house, header) = try await opened()
        let objects = try await house.call(.get, "/objects", as: header)
        #expect(objects.text == #"["users","activities"]"#)
        let fields = try await house.call(.get, "/objects/users/metadata", as: header)
        #expect(fields.text.contains("$distinct_id"))
        try await house.call(.get, "/objects/cohorts/metadata", as: header, answers: 404)
    }

    @Test func aPingAsksMixpanelAtMostOnceAMinute() async throws {
        let (house, header) = try await opened()
        let asked = house.mixpanel.requests.count
        let pong = try await house.call(.get, "/ping", as: header)
        #expect(pong.object["valid"] as? Bool == true)
        #expect(pong.object["endpoint"] as? String == "mixpanel")
        #expect(house.mixpanel.requests.count == asked)
        house.house.clock.advance(milliseconds: 60_000)
        house.mixpanel.trouble.withLock { $0 = MixpanelResponse(status: 401) }
        let late = try await house.call(.get, "/ping", as: header)
        #expect(late.object["valid"] as? Bool == false)
        #expect(house.mixpanel.requests.count > asked)
    }

    @Test(
        arguments: [
            (401, 403, nil), (403, 403, nil), (402, 403, nil), (404, 404, nil), (400, 400, nil),
            (429, 429, "60"), (500, 502, nil), (301, 502, nil),
        ] as [(Int, Int, String?)])
    func theirErrorsAreNotOurs(theirs: Int, ours: Int, wait: String?) async throws {
        let (house, header) = try await opened()
        house.mixpanel.trouble.withLock {
            $0 = MixpanelResponse(
                status: theirs, headers: [("Content-Type", "application/json")],
                body: Array(#"{"error":"said by them","request":"/x?where=secret"}"#.utf8))
        }
        let answer = try await house.call(.get, "/users", as: header, answers: ours)
        if theirs != 301 {
            #expect(answer.object["providerMessage"] as? String == "said by them")
        }
        #expect(answer.response.header("Retry-After") == wait)
        #expect(!house.house.log.lines.joined().contains("said by them"))
        house.mixpanel.trouble.withLock { $0 = nil }
        let shown = try await house.call(.get, "/instances/1")
        #expect(shown.object["valid"] as? Bool == (theirs != 401))
        try await house.call(.get, "/users", as: header)
        let again = try await house.call(.get, "/instances/1")
        #expect(again.object["valid"] as? Bool == true)
    }

    /// Made without asking Mixpanel, it is asked about when it is first used.
    @Test func anUncheckedInstanceFindsItsRegionWhenItIsUsed() async throws {
        let house = try await ElementHouse()
        let made = try await house.call(
            .post, "/elements/mixpanel/instances?verify=false",
            #"{"name":"A","configuration":\#(ElementHouse.full)}"#)
        #expect(house.mixpanel.requests.isEmpty)
        let token = try #require(made.object["token"] as? String)
        try await house.call(.get, "/users", as: house.hub(token))
        let shown = try await house.call(.get, "/instances/1")
        #expect(shown.object["valid"] as? Bool == true)
        let bad = try await house.call(
            .post, "/elements/mixpanel/instances?verify=false",
            #"{"name":"A","configuration":{"username":"wrong"}}"#)
        let dead = try #require(bad.object["token"] as? String)
        try await house.call(.get, "/users", as: house.hub(dead), answers: 409)
    }
}

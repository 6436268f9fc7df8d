import Audiences
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// Element instances: made, found, changed, and taken away.
@Suite struct InstanceTests {
    /// The answer of the original's document, field by field.
    @Test func theAnswerHasTheFieldsOfTheDocumentsExample() async throws {
        let house = try await ElementHouse()
        let made = try await house.call(
            .post, "/instances",
            """
            {"element":{"key":"mixpanel"},"configuration":{"username":"\(ElementMixpanel.secret)"},
            "tags":["Docs"],"name":"API Instance"}
            """)
        let names = [
            "id", "name", "createdDate", "token", "element", "elementId", "tags",
            "provisionInteractions", "valid", "disabled", "maxCacheSize", "cacheTimeToLive",
            "configuration", "eventsEnabled", "traceLoggingEnabled", "cachingEnabled",
            "externalAuthentication", "user",
        ]
        #expect(Set(made.object.keys) == Set(names))
        #expect(made.object["valid"] as? Bool == true)
        #expect(made.object["elementId"] as? Int == 13973)
        #expect(made.object["createdDate"] as? String == "2026-11-21T09:57:52Z")
        #expect((made.object["user"] as? [String: Any])?["id"] as? Int == Int(house.user.number))
        #expect(!made.text.contains(ElementMixpanel.secret))
        let configuration = try #require(made.object["configuration"] as? [String: String])
        #expect(configuration["username"] == "********")
        #expect(configuration["credential.ends"] == "2027-03-03")
        #expect(made.response.header("Sunset") == "Wed, 03 Mar 2027 00:00:00 GMT")
        #expect(made.response.header("Cache-Control") == "no-store")
        let id = try #require(made.response.header("Elements-Request-Id"))
        #expect(made.response.header("X-Request-Id") == id)
    }

    @Test func anInstanceIsValidOnlyIfMixpanelSaysSo() async throws {
        let house = try await ElementHouse()
        for (configuration, query, isValid) in [
            (#"{"username":"\#(ElementMixpanel.secret)"}"#, "", true),
            (#"{"username":"\#(ElementMixpanel.secret)"}"#, "?verify=false", false),
            (#"{"username":"wrong"}"#, "", false),
            (ElementHouse.full, "", true),
            (#"{"username":"muster.sa","password":"wrong"}"#, "", false),
        ] {
            let made = try await house.call(
                .post, "/elements/mixpanel/instances" + query,
                #"{"name":"A","configuration":\#(configuration)}"#)
            #expect(made.object["valid"] as? Bool == isValid, "\(configuration)\(query)")
            let shown = try #require(made.object["configuration"] as? [String: String])
            #expect((shown["credential.warning"] == nil) == (configuration == ElementHouse.full))
        }
        let asked = house.mixpanel.requests.count
        #expect(asked > 0)
        house.mixpanel.trouble.withLock { $0 = MixpanelResponse(status: 503) }
        let made = try await house.instance()
        let shown = try await house.call(.get, "/instances/\(made.id)")
        #expect(shown.object["valid"] as? Bool == false)
    }

    /// The region and the project are found out, and the name of the account is no secret.
    @Test func aServiceAccountIsShownWithItsProject() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        let shown = try await house.call(.get, "/instances/\(made.id)")
        let configuration = try #require(shown.object["configuration"] as? [String: String])
        #expect(
            configuration == [
                "username": "muster.sa", "password": "********", "project_token": "********",
                "project_id": "3012457", "region": "us", "filter.response.nulls": "true",
                "credential.type": "service_account",
            ])
        #expect(shown.object["token"] as? String == made.token)
        #expect(!shown.text.contains(ElementMixpanel.password))
        #expect(!shown.text.contains(ElementMixpanel.token))
        #expect(shown.response.header("Sunset") == nil)
    }

    @Test(arguments: [
        ("{}", "element.key"), (#"{"element":{"key":"hubspot"}}"#, "mixpanel"),
        (#"{"element":{"key":"mixpanel"}}"#, "name"),
        (#"{"element":{"id":13973},"name":"A"}"#, "username"),
        (#"{"element":{"key":"mixpanel"},"name":"A","configuration":{"user":"x"}}"#, "user"),
        (#"{"element":{"key":"mixpanel"},"name":"A","configuration":{"username":7}}"#, "username"),
        (#"{"element":{"key":"mixpanel"},"name":"A","configuration":{"username":"a:b"}}"#, "colon"),
        (#"{"element":{"key":"mixpanel"},"name":"A","colour":"red"}"#, "keys"),
        (#"{"element":{"key":"mixpanel"},"name":"A","tags":[7]}"#, "tags"),
        (
            #"{"element":{"key":"mixpanel"},"name":"A","externalAuthentication":"initial"}"#,
            "OAuth"
        ),
        (#"{"element":{"key":"mixpanel"},"name":"A","providerData":{"code":"x"}}"#, "OAuth"),
        ("[", "JSON"),
    ])
    func whatCannotBeMeantIsInvalid(body: String, word: String) async throws {
        let house = try await ElementHouse()
        let answer = try await house.call(.post, "/instances", body, answers: 400)
        #expect((answer.object["message"] as? String)?.contains(word) == true, "\(answer.text)")
    }

    @Test func tagsMayBeSoManyAndSoLong() async throws {
        let house = try await ElementHouse()
        let configuration = #""configuration":{"username":"\#(ElementMixpanel.secret)"}"#
        for (count, length, status) in [(50, 255, 200), (51, 1, 400), (1, 256, 400)] {
            let tag = "\"" + String(repeating: "t", count: length) + "\""
            let tags = Array(repeating: tag, count: count).joined(separator: ",")
            try await house.call(
                .post, "/elements/mixpanel/instances",
                #"{"name":"A","tags":[\#(tags)],\#(configuration)}"#, answers: status)
        }
    }

    /// What was found out about one account says nothing of another.
    @Test func anotherAccountHasAnotherProject() async throws {
        let house = try await ElementHouse()
        let path = "/elements/mixpanel/instances"
        let made = try await house.call(
            .post, path + "?verify=false",
            #"{"name":"A","configuration":{"username":"a","password":"b","project_id":"7"}}"#)
        let before = try #require(made.object["configuration"] as? [String: String])
        #expect(before["project_id"] == "7")
        let changed = try await house.call(
            .patch, path + "/\(made.object["id"] as? Int ?? 0)?verify=false",
            #"{"configuration":{"username":"c","password":"d"}}"#)
        let after = try #require(changed.object["configuration"] as? [String: String])
        #expect(after["username"] == "c" && after["project_id"] == nil)
    }

    @Test func instancesAreListedByTagAndTextPageByPage() async throws {
        let house = try await ElementHouse()
        for (name, tags) in [("Shop", #"["a","b"]"#), ("Blog", #"["b"]"#), ("shop 2", "[]")] {
            _ = try await house.instance(name: name, tags: tags)
        }
        func names(_ query: String) async throws -> [String?] {
            house.array(try await house.call(.get, "/instances?" + query))
                .map { $0["name"] as? String }
        }
        #expect(try await names("") == ["Shop", "Blog", "shop 2"])
        #expect(try await names("tags[]=b&hydrate=false") == ["Shop", "Blog"])
        #expect(try await names("tags[]=b&tags[]=a") == ["Shop"])
        #expect(try await names("tags%5B%5D=a") == ["Shop"])
        #expect(try await names("searchText=SHOP") == ["Shop", "shop 2"])
        let first = try await house.call(.get, "/elements/mixpanel/instances?pageSize=2")
        #expect(house.array(first).count == 2)
        #expect(first.response.header("Elements-Returned-Count") == "2")
        let next = try #require(first.response.header("Elements-Next-Page-Token"))
        let second = try await house.call(.get, "/instances?pageSize=2&nextPage=\(next)")
        #expect(house.array(second).count == 1)
        #expect(second.response.header("Elements-Next-Page-Token") == nil)
        let cut = try await house.call(.get, "/instances?pageSize=5000")
        #expect(cut.response.header("Elements-Error")?.contains("1000") == true)
        for query in ["pageSize=0", "pageSize=x", "nextPage=x", "colour=red"] {
            try await house.call(.get, "/instances?" + query, answers: 400)
        }
    }

    @Test func anAnswerCanBeSentBackAndLeavesTheSecretAsItIs() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        let shown = try await house.call(.get, "/instances/\(made.id)")
        let asked = house.mixpanel.requests.count
        let again = try await house.call(.put, "/instances/\(made.id)", shown.text)
        // Neither project nor region is new, but they were said, so Mixpanel was asked.
        #expect(house.mixpanel.requests.count > asked)
        #expect(again.text == shown.text)
        let renamed = try await house.call(
            .patch, "/instances/\(made.id)", #"{"name":"New","tags":["x"]}"#)
        #expect(renamed.object["name"] as? String == "New")
        #expect(renamed.object["tags"] as? [String] == ["x"])
        #expect(renamed.object["valid"] as? Bool == true)
        let users = try await house.call(.get, "/users", as: house.hub(made.token))
        #expect(house.array(users).count == 2)
    }

    @Test func newCredentialsAreCheckedAndKeepTheToken() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: #"{"username":"wrong"}"#)
        let good = #"{"configuration":{"username":"\#(ElementMixpanel.secret)"}}"#
        let mended = try await house.call(.patch, "/instances", good, as: house.all(made.token))
        #expect(mended.object["valid"] as? Bool == true)
        #expect(mended.object["token"] as? String == made.token)
        let stored = try await house.call(
            .put, "/instances/\(made.id)?reAuthenticate=false",
            #"{"name":"A","configuration":{"username":"other"}}"#)
        #expect(stored.object["valid"] as? Bool == false)
    }

    @Test func aDisabledInstanceReadsNothingUntilItIsEnabled() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance()
        let header = house.hub(made.token)
        let off = try await house.call(.delete, "/instances/\(made.id)/enabled")
        #expect(off.object["disabled"] as? Bool == true)
        let refused = try await house.call(.get, "/users", as: header, answers: 403)
        #expect(refused.object["message"] as? String == "The element instance is disabled.")
        try await house.call(.get, "/objects", as: header)
        let on = try await house.call(.put, "/instances/enabled", as: house.all(made.token))
        #expect(on.object["disabled"] as? Bool == false)
        try await house.call(.get, "/users", as: header)
    }

    @Test func aDeletedInstanceLeavesADeadToken() async throws {
        let house = try await ElementHouse()
        let (first, second) = (try await house.instance(), try await house.instance())
        try await house.call(.delete, "/instances/\(first.id)")
        try await house.call(.delete, "/instances", as: house.all(second.token))
        for made in [first, second] {
            try await house.call(.get, "/users", as: house.hub(made.token), answers: 401)
            let gone = try await house.call(.get, "/instances/\(made.id)", answers: 404)
            #expect(
                gone.object["message"] as? String == "No instance found with ID \(made.id)")
        }
    }

    @Test func anotherOrganizationsInstanceIsAsGoodAsNone() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance()
        let other = try ElementUser.issue(name: "Bo", at: house.house.clock.now, by: .plain)
        _ = try await house.house.store.create(other.user, for: .test)
        let organization = try #require(other.organizationSecret)
        let header = "User \(other.userSecret), Organization \(organization)"
        for (method, body) in [
            (Method.get, nil), (.put, #"{"name":"A"}"#), (.patch, "{}"), (.delete, nil),
        ] as [(Method, String?)] {
            try await house.call(
                method, "/instances/\(made.id)", body, as: header, answers: 404)
        }
        try await house.call(
            .get, "/users", as: "User \(other.userSecret), Element \(made.token)", answers: 401)
        #expect(house.array(try await house.call(.get, "/instances", as: header)).isEmpty)
    }

    @Test func configurationIsReadAndWrittenItemByItem() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance()
        let path = "/instances/\(made.id)/configuration"
        let items = house.array(try await house.call(.get, path))
        #expect(items.map { $0["key"] as? String }.first == "username")
        #expect(items.first?["propertyValue"] as? String == "********")
        let item = try await house.call(
            .patch, path + "/filter.response.nulls", #"{"propertyValue":"false"}"#)
        #expect(item.object["propertyValue"] as? String == "false")
        let token = #"{"propertyValue":"\#(ElementMixpanel.token)"}"#
        try await house.call(.patch, path + "/project_token", token)
        let header = house.all(made.token)
        let masked = try await house.call(.get, "/instances/configuration/5", as: header)
        #expect(masked.object["propertyValue"] as? String == "********")
        try await house.call(
            .patch, "/instances/configuration/region", #"{"propertyValue":"eu"}"#, as: header)
        try await house.call(.get, "/instances/configuration", as: header)
        try await house.call(.get, path + "/colour", answers: 404)
        try await house.call(.patch, path + "/region", #"{"propertyValue":"mars"}"#, answers: 400)
        try await house.call(.patch, path + "/region", "{}", answers: 400)
    }

    @Test func nothingSecretIsInTheLogOrTheAuditLog() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        try await house.call(
            .patch, "/instances/\(made.id)",
            #"{"configuration":{"username":"\#(ElementMixpanel.secret)"}}"#)
        try await house.call(.delete, "/instances/\(made.id)")
        let key = try await house.house.operatorKey()
        let log = try await house.house.send(.get, "/v1/audit", headers: key)
        #expect(
            log.data.prefix(3).map { $0["action"] as? String } == [
                "key.created", "instance.deleted", "instance.changed",
            ])
        let actor = log.data[1]["actor"] as? [String: Any]
        #expect(actor?["type"] as? String == "element_user")
        #expect(actor?["id"] as? String == house.user.id.text)
        let written = house.house.log.lines.joined() + log.text
        for secret in [
            ElementMixpanel.secret, ElementMixpanel.password, ElementMixpanel.token, made.token,
            house.platform,
        ] {
            #expect(!written.contains(secret))
        }
    }

    @Test func anInstanceBacksAConnectionAndItsAccountFollows() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        let key = try await house.house.operatorKey()
        let connection = try await house.house.send(
            .post, "/v1/connections", headers: key,
            body: ArrayBody(#"{"name":"Shop","element_instance":\#(made.id)}"#))
        #expect(connection.status == 201)
        #expect(connection.object["status"] as? String == "connected")
        let path = "/v1/connections/\(connection.object["id"] as? String ?? "")"
        try await house.call(
            .patch, "/instances/\(made.id)",
            #"{"configuration":{"username":"muster.sa","password":"revoked"}}"#)
        let later = try await house.house.send(.get, path, headers: key)
        #expect(later.object["status"] as? String == "rejected")
        #expect(try await house.house.store.instance(Int64(made.id), of: nil)?.connection != nil)
        // A secret can't be an account: the two part.
        try await house.call(
            .patch, "/instances/\(made.id)",
            #"{"configuration":{"username":"\#(ElementMixpanel.secret)"}}"#)
        #expect(try await house.house.store.instance(Int64(made.id), of: nil)?.connection == nil)
        for (body, status) in [
            (#"{"name":"A","element_instance":\#(made.id)}"#, 409),
            (#"{"name":"A","element_instance":99}"#, 404),
            (#"{"name":"A","element_instance":"x"}"#, 400),
            (#"{"name":"A","element_instance":\#(made.id),"username":"a","secret":"b"}"#, 400),
        ] {
            let answer = try await house.house.send(
                .post, "/v1/connections", headers: key, body: ArrayBody(body))
            #expect(answer.status == status, "\(body)")
        }
    }
}

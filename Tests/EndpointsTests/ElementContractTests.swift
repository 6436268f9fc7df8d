import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// One life that calls every operation of the element API.
@Suite struct ElementContractTests {
    @Test func everythingDescribedIsAnsweredOnce() async throws {
        let house = try await ElementHouse()
        for path in [
            "/elements", "/elements/keys", "/elements/mixpanel",
            "/elements/mixpanel/configuration", "/elements/mixpanel/docs",
        ] {
            try await house.call(.get, path)
        }
        for prefix in ["", "/elements/mixpanel"] { try await instances(house, prefix) }
        let made = try await house.instance(configuration: ElementHouse.full)
        try await token(house, made)
        for prefix in ["", "/hubs/general"] { try await resources(house, made.token, prefix) }
        try await house.call(.delete, "/instances", as: house.all(made.token))
        let met = house.house.met.withLock { $0 }
        let missing = Contract.ofElements.subtracting(met)
        #expect(missing.isEmpty, "\(missing.sorted())")
        #expect(Contract.ofElements.count > 150)
    }

    private func instances(_ house: ElementHouse, _ prefix: String) async throws {
        let made = try await house.call(
            .post, prefix + "/instances",
            """
            {"element":{"key":"mixpanel"},"name":"A","tags":["Docs"],
            "configuration":{"username":"wrong"}}
            """)
        let path = prefix + "/instances/\(made.object["id"] as? Int ?? 0)"
        try await house.call(.get, prefix + "/instances")
        try await house.call(.get, path)
        try await house.call(.put, path, #"{"name":"B","tags":["Docs"]}"#)
        try await house.call(.patch, path, "{}")
        if prefix.isEmpty {
            try await house.call(.delete, path + "/enabled")
            try await house.call(.put, path + "/enabled")
            try await house.call(.get, path + "/configuration")
            try await house.call(.get, path + "/configuration/1")
            try await house.call(.patch, path + "/configuration/region", #"{"propertyValue":"us"}"#)
            try await house.call(.get, path + "/docs")
            let map =
                #"{"vendorName":"users","fields":[{"path":"a","vendorPath":"b"}],"#
                + #""configuration":[{"type":"passThrough"}]}"#
            let maps = path + "/transformations"
            try await house.call(.post, maps + "/people", map)
            try await house.call(.put, maps + "/people", map)
            try await house.call(.get, maps)
            try await house.call(.get, maps + "/people")
            try await house.call(.delete, maps + "/people")
        }
        try await house.call(.delete, path)
    }

    private func token(
        _ house: ElementHouse, _ made: (id: Int, token: String)
    ) async throws {
        let header = house.all(made.token)
        try await house.call(.put, "/instances", #"{"name":"B","tags":["x"]}"#, as: header)
        try await house.call(.patch, "/instances", "{}", as: header)
        try await house.call(.delete, "/instances/enabled", as: header)
        try await house.call(.put, "/instances/enabled", as: header)
        try await house.call(.get, "/instances/configuration", as: header)
        try await house.call(.get, "/instances/configuration/1", as: header)
        try await house.call(
            .patch, "/instances/configuration/region", #"{"propertyValue":"us"}"#, as: header)
        try await house.call(.get, "/instances/docs", as: header)
    }

    private func resources(
        _ house: ElementHouse, _ token: String, _ prefix: String
    ) async throws {
        let header = house.hub(token)
        for path in ["/users", "/activities/top", "/objects", "/objects/users/metadata", "/ping"] {
            try await house.call(.get, prefix + path, as: header)
        }
        let map = #"{"vendorName":"users","fields":[{"path":"a","vendorPath":"b"}]}"#
        let own = try await house.call(.get, "/instances")
        let number = house.array(own).last?["id"] as? Int ?? 0
        try await house.call(.put, "/instances/\(number)/transformations/people", map)
        try await house.call(.get, prefix + "/people", as: header)
        let user = ##"{"$distinct_id":"ada","$set":{}}"##
        try await house.call(.post, prefix + "/users", user, as: header)
        try await house.call(.patch, prefix + "/users/ada", user, as: header)
        try await house.call(.delete, prefix + "/users/ada", as: header)
        let events = #"[{"event":"A","properties":{}},{"event":"bad","properties":{}}]"#
        try await house.call(.post, prefix + "/activities", events, as: header)

        let bulk = prefix + "/bulk"
        let query = "?q=select%20*%20from%20activities&from=2026-11-20"
        let job = try await house.call(.post, bulk + "/query" + query, as: header)
        let id = job.object["id"] as? String ?? ""
        try await house.house.work()
        for path in ["/jobs", "/\(id)/status", "/\(id)/activities"] {
            try await house.call(.get, bulk + path, as: header)
        }
        let other = try await house.call(
            .post, bulk + "/download", #"{"objectName":"users"}"#, as: header)
        let second = other.object["id"] as? String ?? ""
        try await house.call(.put, bulk + "/\(second)/cancel", as: header)
        let third = try await house.call(.post, bulk + "/query" + query, as: header)
        house.mixpanel.trouble.withLock { $0 = .init(status: 403) }
        try await house.house.work()
        house.mixpanel.trouble.withLock { $0 = nil }
        try await house.call(
            .get, bulk + "/\(third.object["id"] as? String ?? "")/errors", as: header)
    }
}

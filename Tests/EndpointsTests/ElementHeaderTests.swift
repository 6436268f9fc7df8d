import Audiences
import HTTPWire
import Synchronization
import TestSupport
import Testing

@testable import Endpoints

/// The three-part header, and the one answer to whatever is wrong with it.
@Suite struct ElementHeaderTests {
    @Test(arguments: [
        "User u+/=, Organization o", "Organization o, User u+/=", "user u+/=,organization o",
        "  User   u+/= ,  ORGANIZATION o  ", "Organization o,\tUser u+/=",
    ])
    func thePartsComeInAnyOrder(value: String) throws {
        let header = try #require(ElementAuthorization(Headers([("authorization", value)])))
        #expect(header.user == Array("u+/=".utf8))
        #expect(header.organization == Array("o".utf8))
        #expect(header.element == nil)
    }

    @Test(arguments: [
        "", "User", "User ", "User u,", ",User u", "User u, User v", "User u, Element e, Element f",
        "User u, Colour red", "Bearer u", "User u v", "User u; Organization o", "U\u{212A}er u",
    ])
    func whatIsNoHeaderIsNone(value: String) {
        #expect(ElementAuthorization(Headers([("authorization", value)])) == nil)
    }

    @Test func twoHeadersAreNone() {
        let twice = Headers([("authorization", "User u"), ("authorization", "Organization o")])
        #expect(ElementAuthorization(twice) == nil)
        #expect(ElementAuthorization(Headers([])) == nil)
    }

    /// Status, body and headers are the same but for the request's own id.
    @Test func everythingThatIsWrongIsAnsweredAlike() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance()
        let other = try ElementUser.issue(name: "Bo", at: house.house.clock.now, by: .plain)
        _ = try await house.house.store.create(other.user, for: .test)
        let gone = try ElementUser.issue(name: "Cy", at: house.house.clock.now, by: .plain)
        let parts = house.platform.split(separator: ", ").map(String.init)
        let (user, organization) = (parts[0], parts[1])
        let token = "Element \(made.token)"
        let wrong = String(made.token.dropLast() + "_")
        let wrongUser = String(user.dropLast() + "_")
        let foreign = "Organization \(other.organizationSecret ?? "")"
        let platform = [
            "Bearer x", user, organization, "\(wrongUser), \(organization)",
            "\(user), \(organization)x", "\(user), \(foreign)", "\(user), \(token)",
            "User \(other.userSecret), \(organization)",
            "User \(gone.userSecret), Organization \(gone.organizationSecret ?? "")",
            "\(user), \(organization), Element \(wrong)", "User x, Organization y",
        ]
        let hub = [
            user, token, "\(wrongUser), \(token)", "\(user), Element \(wrong)",
            "User \(other.userSecret), \(token)", "\(user), \(foreign), \(token)",
            "\(user), \(organization)",
        ]
        for (path, headers) in [("/instances", platform), ("/users", hub)] {
            for header in headers {
                let answer = try await house.call(.get, path, as: header, answers: 401)
                #expect(
                    answer.object["message"] as? String
                        == "Invalid Organization or User secret, or invalid Element token provided."
                )
                #expect(Set(answer.object.keys) == ["requestId", "message"])
                #expect(answer.response.header("WWW-Authenticate") == "User realm=\"muster\"")
                let names = answer.response.headers.map(\.name).sorted()
                #expect(
                    names == [
                        "Content-Type", "Elements-Request-Id", "WWW-Authenticate", "X-Request-Id",
                    ])
            }
        }
        try await house.call(.get, "/users", as: "\(token), \(user)")
        try await house.call(.get, "/users", as: "\(organization), \(token), \(user)")
    }

    /// What is looked at costs the same, whichever part is wrong: the time tells nothing.
    @Test func whateverIsWrongIsLookedAtAsLong() async throws {
        let count = Mutex(0)
        var secrets = Secrets.plain
        let (sha256, equal) = (secrets.sha256, secrets.equal)
        secrets.sha256 = { message in
            count.withLock { $0 += 1 }
            return try sha256(message)
        }
        secrets.equal = { left, right in
            count.withLock { $0 += 1 }
            return equal(left, right)
        }
        let house = try await ElementHouse(secrets: secrets)
        let made = try await house.instance()
        let stranger = try ElementUser.issue(name: "Bo", at: house.house.clock.now, by: .plain)
        let parts = house.platform.split(separator: ", ").map(String.init)
        let (user, organization) = (parts[0], parts[1])
        let headers = [
            "\(user)x, \(organization), Element \(made.token)",
            "User x, \(organization), Element \(made.token)",
            "User \(stranger.userSecret), \(organization), Element \(made.token)",
            "\(user), \(organization)x, Element \(made.token)",
            "\(user), \(organization), Element \(made.token)x",
            "User x, Organization y, Element z",
        ]
        var costs: Set<Int> = []
        for header in headers {
            count.withLock { $0 = 0 }
            try await house.call(.get, "/instances/configuration", as: header, answers: 401)
            costs.insert(count.withLock { $0 })
        }
        #expect(costs == [5])
    }

    @Test func aRemovedUserOpensNothing() async throws {
        let house = try await ElementHouse()
        let made = try await house.instance()
        let colleague = try ElementUser.issue(
            name: "Bo", joining: house.user, at: house.house.clock.now, by: .plain)
        #expect(colleague.organizationSecret == nil)
        _ = try await house.house.store.create(colleague.user, for: .test)
        let header = "User \(colleague.userSecret), Element \(made.token)"
        try await house.call(.get, "/objects", as: header)
        let removed = try await house.house.store.removeElementUser(
            colleague.user.id, at: house.house.clock.now, for: .test)
        #expect(removed == 0)
        try await house.call(.get, "/objects", as: header, answers: 401)
        try await house.call(.get, "/objects", as: house.hub(made.token))
    }

    @Test func whatIsNotThereIsRefusedInTheShapeOfThisAPI() async throws {
        let house = try await ElementHouse()
        let missing = try await house.call(.get, "/formulas/1", answers: 404)
        #expect(missing.object["message"] as? String == "There is nothing at this path.")
        let wrong = try await house.call(.post, "/elements/keys", answers: 405)
        #expect(wrong.response.header("Allow") == "GET, HEAD")
        try await house.call(.get, "/elements/hubspot", answers: 404)
        try await house.call(.get, "/elements/13973")
        try await house.call(.get, "/instances/nine", answers: 404)
    }
}

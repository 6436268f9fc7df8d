import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

/// A project's people, page by page.
@Suite struct UserQueryTests {
    @Test func theQueryIsAForm() async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, #"{"results":[]}"#)])
        var query = UserQuery(
            expression: #"properties["$city"] == "Dallas""#, distinctIDs: ["a\"b", "ü"],
            properties: ["$email"])
        _ = try await mixpanel.api.users(query, as: .account())
        query.page = 1
        query.sessionID = "s-1"
        _ = try await mixpanel.api.users(query, as: .secret())
        let requests = mixpanel.requests
        #expect(
            mixpanel.urls == [
                "http://eu/api/query/engage?project_id=7", "http://eu/api/query/engage",
            ])
        let same =
            "where=properties%5B%22%24city%22%5D%20%3D%3D%20%22Dallas%22"
            + "&distinct_ids=%5B%22a%5C%22b%22%2C%22%C3%BC%22%5D"
            + "&output_properties=%5B%22%24email%22%5D"
        #expect(text(requests[0].body ?? []) == same + "&page=0")
        #expect(text(requests[1].body ?? []) == same + "&page=1&session_id=s-1")
        #expect(requests.allSatisfy { $0.method == .post && $0.timeout == .seconds(120) })
    }

    @Test func peopleComeAsMixpanelWritesThem() async throws {
        let person = #"{"$distinct_id":90071992547409931, "$properties":{"\u00e9":[1.50,{}]}}"#
        let mixpanel = ScriptedMixpanel(
            eu: [.status(200, #"{"page_size":1000,"total":1,"results":[\#(person), 7]}"#)])
        let page = try await mixpanel.api.users(UserQuery(), as: .secret())
        #expect(page.users.map(text) == [person, "7"])
        #expect(page.pageSize == 1000 && page.total == 1 && page.next == .end)
    }

    @Test(arguments: [0, 1, 1000, 1001, 2500])
    func everybodyIsListedOverAllPages(count: Int) async throws {
        let house = try SimulatedHouse(members: 0).opened()
        try house.obey(#"{"do":"add_people","project":"7","count":\#(count)}"#)
        let users = try await readAll(house, UserQuery())
        #expect(users.count == count)
        let expected = house.mixpanel.withLock { mixpanel in
            mixpanel.world.people(of: mixpanel.world.projects[0]).map {
                text(mixpanel.world.person($0).distinctID)
            }
        }
        #expect(users.map { $0["$distinct_id"]?.string } == expected)
    }

    @Test func anExpressionChooses() async throws {
        let house = try SimulatedHouse(members: 300).opened()
        let everybody = try await readAll(house, UserQuery())
        let expected = everybody.filter { $0["$properties"]?.object?["plan"]?.string == "team" }
        #expect((1..<300).contains(expected.count))
        let ceql = try CEQL("plan = 'team'").expression()
        let chosen = try await readAll(house, UserQuery(expression: ceql))
        #expect(
            chosen.map { $0["$distinct_id"]?.string }
                == expected.map { $0["$distinct_id"]?.string })
    }

    @Test func peopleAndPropertiesCanBeNamed() async throws {
        let house = try SimulatedHouse(members: 5).opened()
        let everybody = try await readAll(house, UserQuery())
        let names = everybody.prefix(2).compactMap { $0["$distinct_id"]?.string }
        let query = UserQuery(distinctIDs: names + ["nobody"], properties: ["plan"])
        let found = try await readAll(house, query)
        #expect(found.compactMap { $0["$distinct_id"]?.string } == names)
        for user in found {
            let keys = user["$properties"]?.object?.members.map(\.key) ?? []
            #expect(keys == ["plan"] || keys.isEmpty)
        }
    }

    @Test func aBrokenExpressionIsRefusedWithMixpanelsWords() async throws {
        let house = try SimulatedHouse().opened()
        let error = try await providerError {
            _ = try await house.api.users(UserQuery(expression: "properties["), as: .secret())
        }
        #expect(error.status == 400 && error.reason == .refused(status: 400))
        #expect(error.said == "malformed fields")
    }

    @Test(arguments: [[1000, 3], [1000, 1000, 0], [3], [0]])
    func theLastPageIsTheOneThatIsNotFull(counts: [Int]) async throws {
        let mixpanel = ScriptedMixpanel(eu: counts.map { EngageTests.page($0) })
        var found: [Int] = []
        var next: UserPage.Next = .page(UserQuery())
        while case .page(let query) = next {
            let page = try await mixpanel.api.users(query, as: .secret())
            found.append(page.users.count)
            next = page.next
        }
        #expect(found == counts && next == .end)
    }

    @Test(arguments: [
        #"{"page_size":1,"results":[1]}"#, #"{"session_id":"","page_size":1,"results":[1]}"#,
        #"{"page":5,"session_id":"s","page_size":1,"results":[1]}"#,
    ])
    func aFullPageWithoutASuccessorIsALoss(answer: String) async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, answer)])
        let page = try await mixpanel.api.users(UserQuery(), as: .secret())
        #expect(page.next == .lost)
    }

    private func readAll(
        _ house: SimulatedHouse, _ query: UserQuery
    ) async throws -> [JSONObject] {
        var users: [JSONObject] = []
        var next: UserPage.Next = .page(query)
        while case .page(let query) = next {
            let page = try await house.api.users(query, as: .secret())
            for user in page.users { users.append(try object(user)) }
            next = page.next
        }
        #expect(next == .end)
        return users
    }
}

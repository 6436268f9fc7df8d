import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

/// The simulated Mixpanel's people and events, and what can be told it of them.
@Suite struct SimulatorDataTests {
    @Test(arguments: [
        #"{"do":"add_people","project":"8","count":1}"#, #"{"do":"add_people","count":1}"#,
        #"{"do":"add_people","project":"7","count":-1}"#,
        #"{"do":"add_people","project":"7","count":10000001}"#,
        #"{"do":"add_events","project":"7","count":1}"#,
        #"{"do":"add_events","project":"7","count":1,"from":"yesterday"}"#,
        #"{"do":"add_events","project":"7","count":1,"from":"2026-01-01T00:00:00Z","to":1}"#,
        #"{"do":"project_secrets","end":"2027-03-03"}"#, #"{"do":"project_secrets","at":1}"#,
        #"{"do":"quota","of":"imports"}"#, #"{"do":"quota","per_second":-1}"#,
        #"{"do":"fault","kind":"flood"}"#, #"{"do":"fault","kind":"cut","call":"track"}"#,
        #"{"do":"project","project":"7","token":1}"#,
    ])
    func aSlipOfThePenIsRefused(command: String) throws {
        let house = try SimulatedHouse()
        #expect(throws: SimulatorRefusal.self) { try house.obey(command) }
    }

    @Test func theStateTellsHowMuchThereIsAndNoSecret() async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(
            #"{"do":"add_events","project":"7","count":9,"from":"2026-01-01T00:00:00Z"}"#)
        let token = try #require(ProjectToken("t0ken"))
        _ = try await house.api.update(
            [ProfileUpdate("u", .unset(["a"]))], of: token, in: .eu)
        let state = house.mixpanel.withLock { $0.state() }
        let project = try object(state)["projects"]?.array?.first?.object
        #expect(project?["events"]?.int == 9 && project?["profiles_written"]?.int == 1)
        #expect(!text(state).contains("5ecret") && !text(state).contains("t0ken"))
    }

    @Test(arguments: [
        (#"{"do":"quota","of":"exports","per_second":2,"per_hour":9}"#, 2),
        (#"{"do":"quota","of":"exports","per_hour":1}"#, 1),
        (#"{"do":"quota","of":"exports","per_second":9}"#, 9),
        (#"{"do":"quota","per_second":1}"#, 3),
    ])
    func exportsHaveAQuotaOfTheirOwn(command: String, permitted: Int) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(command)
        let query = ExportQuery(from: Timestamp(milliseconds: 0), to: SimulatedHouse.now)
        for _ in 0..<permitted {
            #expect(try await house.api.export(query, as: .secret()) { _ in } == 0)
        }
        let error = try await providerError {
            _ = try await house.api.export(query, as: .secret()) { _ in }
        }
        guard case .rateLimited = error.reason else {
            Issue.record("\(error.reason)")
            return
        }
    }

    @Test func queriesCanBeLimitedToSomeASecond() async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(#"{"do":"quota","per_second":1}"#)
        _ = try await house.api.users(UserQuery(), as: .secret())
        let error = try await providerError {
            _ = try await house.api.users(UserQuery(), as: .secret())
        }
        #expect(error.reason == .rateLimited(retryAfter: .seconds(1)))
        try house.obey(#"{"do":"advance","seconds":1}"#)
        _ = try await house.api.users(UserQuery(), as: .secret())
    }

    @Test func aWrongSecretIsABadRequestOnTheOldHostsOnly() async throws {
        let house = try SimulatedHouse().opened()
        let wrong = try ProjectAccess.secret("another")
        let query = try await providerError {
            _ = try await house.api.topEvents(.general, as: wrong)
        }
        #expect(query.status == 400 && query.reason == .credentials)
        #expect(query.said == "Unable to authenticate request")
        let event = try ImportedEvent(
            try json(#"{"event":"a"}"#), at: 0, now: SimulatedHouse.now, digest: { _ in "d" })
        let sent = try await providerError {
            _ = try await house.api.importEvents([event], as: wrong)
        }
        #expect(sent.status == 401 && sent.reason == .credentials)
        let away = try ProjectAccess.secret(in: .us)
        let region = try await providerError {
            _ = try await house.api.topEvents(.general, as: away)
        }
        #expect(region.reason == .credentials)
    }

    @Test(arguments: [
        (#"properties["n"] == 1"#, true), (#"properties["n"] != 1"#, false),
        (#"properties["n"] > 0.5 and properties["t"] == "x y""#, true),
        (#"properties["n"] < 1 or properties["n"] >= 1"#, true),
        (#"not properties["n"] <= 1"#, false), (#"properties["n"] in [2, 1]"#, true),
        (#""x" in properties["t"]"#, true), (#""z" in properties["t"]"#, false),
        (#"defined(properties["n"])"#, true), (#"not defined(properties["m"])"#, true),
        (#"properties["b"] == true"#, true), (#"properties["t"] > "x""#, true),
        (#"(properties["n"] == 2 or true) and not false"#, true),
        (#"properties["a\"b"] == -1"#, true), (#"properties["n"] == "1""#, false),
    ])
    func expressionsAreEvaluated(written: String, matches: Bool) throws {
        let properties = try #require(
            try json(#"{"n":1,"t":"x y","b":true,"a\"b":-1}"#).object)
        let expression = try #require(SimulatedExpression(written))
        #expect(expression.matches(properties) == matches)
    }

    @Test(arguments: [
        "", "properties", "properties[1]", "1 ==", "(1", "1)", "1 1", "a", "\"x", "[1,]", "[1 2]",
        String(repeating: "(", count: 10_000), String(repeating: "[", count: 10_000),
        String(repeating: "not ", count: 10_000),
    ])
    func whatIsNoExpressionIsRefused(written: String) {
        #expect(SimulatedExpression(written) == nil)
    }

    @Test func profilesAndEventsHaveALimit() throws {
        var profiles = SimulatedProfiles()
        func update(_ number: Int) -> String? {
            profiles.update(
                JSONObject([
                    ("$token", "t"), ("$distinct_id", .string("u-\(number)")), ("$delete", ""),
                ]))
        }
        for number in 0..<SimulatorLimits.profilesMax where update(number) != nil {
            Issue.record("profile \(number) has no room")
        }
        #expect(update(0) == nil)
        #expect(update(SimulatorLimits.profilesMax) != nil)
        var events = SimulatedEvents()
        let event = SimulatedEvents.Imported(name: "a", seconds: 0, json: JSONObject([]))
        events.store(Array(repeating: event, count: SimulatorLimits.eventsMax))
        #expect(events.count == SimulatorLimits.eventsMax)
        events.store([event])
        #expect(events.count == SimulatorLimits.eventsMax)
    }

    @Test func eventsAreMadeUpTheSameWayEachTime() {
        let events = SimulatedEvents.Invented(
            count: 2, from: Timestamp(milliseconds: .max), everyMilliseconds: .max)
        #expect(events.milliseconds(of: 1) == .max && events.milliseconds(of: 0) == .max)
    }
}

import Audiences
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// Mixpanel's quota, which instances share with everybody else who asks.
@Suite struct ElementQuotaTests {
    /// Counts whom it is asked for, and permits until it is told not to.
    private final class Quota: QueryQuota {
        let asked = Mutex<[String]>([])
        let pause = Mutex<Timestamp?>(nil)

        func permit(
            for project: MixpanelProject, at now: Timestamp
        ) async throws(Failure) -> QueryPermit {
            asked.withLock { $0.append(project.id.text) }
            if let moment = pause.withLock({ $0 }), now < moment { return .notBefore(moment) }
            return .granted(query: 1)
        }

        func finish(_ query: Int64, at now: Timestamp) async throws(Failure) {}

        func pause(
            _ project: MixpanelProject, until moment: Timestamp
        ) async throws(Failure) {}
    }

    private let quota = Quota()

    /// `configuration` is that of the instance.
    private func opened(_ configuration: String) async throws -> (ElementHouse, String) {
        let house = try await ElementHouse(quota: quota)
        let made = try await house.instance(configuration: configuration)
        return (house, house.hub(made.token))
    }

    @Test func queriesOfAProjectAreCountedForItWhoeverAsks() async throws {
        let (house, header) = try await opened(ElementHouse.full)
        quota.asked.withLock { $0 = [] }
        try await house.call(.get, "/users", as: header)
        try await house.call(.get, "/activities/top", as: header)
        #expect(quota.asked.withLock { $0 } == ["3012457", "3012457"])
    }

    /// The secret itself is nowhere.
    @Test func queriesByASecretAreCountedForWhatStandsForIt() async throws {
        let (house, header) = try await opened(#"{"username":"\#(ElementMixpanel.secret)"}"#)
        try await house.call(.get, "/users", as: header)
        let asked = Set(quota.asked.withLock { $0 })
        #expect(asked.count == 1)
        #expect(asked.first?.hasPrefix("secret:") == true)
        #expect(asked.first?.contains(ElementMixpanel.secret) == false)
    }

    @Test func whatWouldBeTooManyIsNotSentAndSaysWhenToComeBack() async throws {
        let (house, header) = try await opened(ElementHouse.full)
        let sent = house.mixpanel.requests.count
        quota.pause.withLock { pause in
            pause = Timestamp(milliseconds: house.house.clock.now.milliseconds + 90_000)
        }
        let refused = try await house.call(.get, "/users", as: header, answers: 429)
        #expect(refused.response.header("Retry-After") == "90")
        #expect(house.mixpanel.requests.count == sent)
    }

    @Test func aBulkJobWaitsForTheQuota() async throws {
        let (house, header) = try await opened(ElementHouse.full)
        let begun = try await house.call(
            .post, "/bulk/download", #"{"objectName":"users"}"#, as: header)
        let id = try #require(begun.object["id"] as? String)
        quota.pause.withLock { pause in
            pause = Timestamp(milliseconds: house.house.clock.now.milliseconds + 90_000)
        }
        _ = try await house.house.runner.work()
        let waiting = try await house.call(.get, "/bulk/\(id)/status", as: header)
        #expect(waiting.object["status"] as? String == "RUNNING")
        #expect(waiting.object["resumesAt"] is String)
        #expect(try await house.house.runner.work() == nil)
        house.house.clock.advance(milliseconds: 90_000)
        try await house.house.work()
        let done = try await house.call(.get, "/bulk/\(id)/status", as: header)
        #expect(done.object["status"] as? String == "COMPLETED")
    }
}

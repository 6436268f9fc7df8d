import Audiences
import Synchronization
import TestSupport
import Testing

@testable import Mixpanel

/// The quota that all callers share.
@Suite struct MeteredMixpanelTests {
    /// A Mixpanel with a secret, a store that counts, and a clock that is set.
    final class House: Sendable {
        let simulated: SimulatedHouse
        /// Shared by everybody who asks.
        let quota = PacedQuota(MemoryStore())
        private let time = Mutex(SimulatedHouse.now)

        init() throws {
            simulated = try SimulatedHouse().opened()
        }

        var metered: MeteredMixpanel {
            MeteredMixpanel(simulated.api, quota: quota, now: { [self] in time.withLock { $0 } })
        }

        func wait(_ milliseconds: Int64) {
            time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
        }

        var queries: Int { simulated.mixpanel.withLock { $0.queryCount } }
    }

    @Test func theSixtyFirstQueryIsNotSent() async throws {
        let house = try House()
        let metered = house.metered
        for _ in 0..<60 {
            _ = try await metered.users(UserQuery(), as: .secret())
            house.wait(1000)
        }
        let busy = await #expect(throws: MixpanelBusy.self) {
            _ = try await metered.topEvents(.general, as: .secret())
        }
        #expect(busy?.retryAfterSeconds == 3540 && house.queries == 60)
        house.wait(3_540_000)
        try house.simulated.obey(#"{"do":"advance","seconds":3600}"#)
        _ = try await metered.topEvents(.general, as: .secret())
    }

    @Test func exportsAreCountedApart() async throws {
        let house = try House()
        let metered = house.metered
        for _ in 0..<60 {
            _ = try await metered.users(UserQuery(), as: .secret())
            house.wait(1000)
        }
        let query = ExportQuery(from: Timestamp(milliseconds: 0), to: SimulatedHouse.now)
        #expect(try await metered.export(query, as: .secret()) { _ in } == 0)
    }

    @Test func theFourthCallOfASecondIsNotSent() async throws {
        let house = try House()
        let metered = house.metered
        for _ in 0..<3 {
            _ = try await metered.users(UserQuery(), as: .secret())
            house.wait(100)
        }
        // Nor by somebody else.
        let busy = await #expect(throws: MixpanelBusy.self) {
            _ = try await house.metered.users(UserQuery(), as: .secret())
        }
        #expect(busy?.retryAfterSeconds == 1 && house.queries == 3)
        _ = try await metered.users(UserQuery(), as: .account())
        house.wait(699)
        await #expect(throws: MixpanelBusy.self) {
            _ = try await metered.users(UserQuery(), as: .secret())
        }
        house.wait(1)
        _ = try await metered.users(UserQuery(), as: .secret())
    }

    @Test func aClockThatGoesBackLocksNobodyOut() async throws {
        let house = try House()
        let metered = house.metered
        for _ in 0..<3 { _ = try await metered.users(UserQuery(), as: .secret()) }
        house.wait(-60_000)
        _ = try await metered.users(UserQuery(), as: .secret())
    }

    @Test func afterA429NobodyCallsForAsLongAsMixpanelAsks() async throws {
        let house = try House()
        try house.simulated.obey(
            #"{"do":"fault","kind":"status","status":429,"retry_after":"90","times":1}"#)
        let metered = house.metered
        let error = try await providerError {
            _ = try await metered.users(UserQuery(), as: .secret())
        }
        #expect(error.retryAfter == .seconds(90))
        house.wait(89_000)
        let busy = await #expect(throws: MixpanelBusy.self) {
            _ = try await house.metered.users(UserQuery(), as: .secret())
        }
        #expect(busy?.retryAfterSeconds == 1)
        house.wait(1000)
        _ = try await metered.users(UserQuery(), as: .secret())
    }

    @Test func aCallThatFailsGivesItsPlaceBack() async throws {
        let house = try House()
        try house.simulated.obey(#"{"do":"fault","kind":"status","status":500}"#)
        let metered = house.metered
        for _ in 0..<7 {
            let error = try await providerError {
                _ = try await metered.users(UserQuery(), as: .secret())
            }
            #expect(error.reason == .server(status: 500))
            house.wait(1000)
        }
    }

    @Test func whoCallsIsCheckedWithinTheQuota() async throws {
        let house = try House()
        let metered = house.metered
        for access in try [ProjectAccess.account(), .secret()] {
            #expect(try await metered.check(access.caller, quota: access.quota) == .eu)
        }
        let token = try ProjectAccess.token()
        await #expect(throws: Failure.self) {
            _ = try await metered.check(token.caller, quota: token.quota)
        }
        let wrong = try ProjectAccess.secret("another")
        await #expect(throws: DiscoveryFailure.self) {
            _ = try await metered.check(wrong.caller, quota: wrong.quota)
        }
    }

    @Test func writingHasNoSuchQuota() async throws {
        let house = try House()
        let token = try #require(ProjectToken("t0ken"))
        for _ in 0..<70 {
            let report = try await house.metered.update(
                [ProfileUpdate("u", .delete())], of: token, in: .eu)
            #expect(report.accepted == 1)
        }
    }
}

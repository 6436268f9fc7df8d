import Audiences
import Synchronization
import TestSupport
import Testing

@testable import Mixpanel

/// Whole reconciliations against the simulated Mixpanel, over the store in memory.
@Suite struct ReconcilerTests {
    /// Row 73 of the table: 3 are missing here, 2 are extra, 5 have no profile.
    @Test func whoIsMissingIsAddedAndWhoIsExtraRemoved() async throws {
        let house = try ReconcileHouse(members: 20)
        try house.mixpanel.obey(#"{"do":"no_profile","cohort":"21","count":5}"#)
        let cohort = house.cohort()
        try await house.prepare(Array(cohort.dropFirst(3)) + ["x1", "x2"])
        #expect(try await house.work()?.status == .finished)
        let done = try await house.reconciliation()
        #expect(
            done.result
                == Reconciliation.Differences(
                    missing: 3, extra: 2, notExported: 5, changedMeanwhile: 0, matching: 12))
        #expect(try await house.members() == Set(cohort))
        #expect(done.finishedAt == house.now)
        #expect(house.queries == 2)
    }

    @Test func withoutRepairNothingChanges() async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"], repairs: false)
        #expect(try await house.work()?.status == .finished)
        #expect(try await house.reconciliation().result?.missing == 4)
        #expect(try await house.members() == ["x1"])
    }

    /// Row 72: the last page is full, so an empty one follows.
    @Test(arguments: [0, 999, 1000, 2000, 2500])
    func aListOfAnyLengthIsReadToItsEnd(members: Int) async throws {
        let house = try ReconcileHouse(members: members)
        try await house.prepare(house.cohort() + ["x1"], force: true)
        #expect(try await house.work()?.status == .finished)
        #expect(try await house.members() == Set(house.cohort()))
        let progress = try await house.reconciliation().progress
        #expect(progress.peopleRead == members)
        #expect(progress.pagesRead == members / 1000 + 1)
    }

    /// Row 74: the 61st query within an hour waits.
    @Test func theQuotaIsWaitedFor() async throws {
        let house = try ReconcileHouse(members: 65)
        house.mixpanel.mixpanel.withLock { $0.settings.pageSize = 1 }
        try await house.prepare([], repairs: false)
        let waiting = try await house.work()
        #expect(waiting?.status == .waiting)
        #expect(waiting?.message?.contains("60 queries an hour") == true)
        #expect(house.queries == 60)
        let resumesAt = try #require(try await house.reconciliation().resumesAt)
        #expect(resumesAt == Timestamp.start.after(hours: 1))
        #expect(try await house.work() == nil)
        house.advance(milliseconds: resumesAt.since(house.now))
        #expect(try await house.work()?.status == .finished)
        #expect(try await house.reconciliation().result?.missing == 65)
    }

    @Test(arguments: [
        (#""retry_after":"7","#, 7_000), ("", Int64(AccountLimits.pauseMilliseconds)),
    ])
    func a429PausesTheProject(retryAfter: String, wait: Int64) async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"])
        try house.mixpanel.obey(
            #"{"do":"fault","kind":"status","status":429,\#(retryAfter)"call":"engage","times":1}"#
        )
        #expect(try await house.work()?.status == .waiting)
        #expect(try await house.reconciliation().resumesAt == house.now.after(wait))
        let permit = try await house.store.permit(for: .make("7"), at: house.now)
        #expect(permit == .notBefore(house.now.after(wait)))
        house.advance(milliseconds: wait)
        #expect(try await house.work()?.status == .finished)
    }

    @Test(arguments: [#"{"do":"fault","kind":"status","status":500,"times":1}"#, ""])
    func troubleThatPassesIsWaitedFor(fault: String) async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"])
        if fault.isEmpty { house.cut(.timedOut) } else { try house.mixpanel.obey(fault) }
        #expect(try await house.work()?.status == .waiting)
        #expect(try await house.reconciliation().message?.contains("try again") == true)
        house.cut(nil)
        house.advance(milliseconds: AccountLimits.troubleMilliseconds)
        #expect(try await house.work()?.status == .finished)
        #expect(try await house.members() == Set(house.cohort()))
    }

    @Test(arguments: [
        (#"{"do":"project","project":"7","paid":false}"#, "plan"),
        (#"{"do":"project","project":"7","role":"consumer"}"#, "role"),
        (#"{"do":"fault","kind":"web_page"}"#, "web page"),
        (#"{"do":"fault","kind":"broken","call":"engage"}"#, "no JSON"),
        (#"{"do":"fault","kind":"status","status":404,"call":"engage"}"#, "no such project"),
    ])
    func whatDoesNotPassEndsIt(command: String, words: String) async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"])
        try house.mixpanel.obey(command)
        let outcome = try await house.work()
        #expect(outcome?.status == .failed)
        #expect(outcome?.message?.contains(words) == true)
        #expect(try await house.members() == ["x1"])
        #expect(try await house.connection().serviceAccount?.status == .connected)
    }

    @Test(arguments: [
        (#"{"do":"account","secret":"another"}"#, ServiceAccount.Status.rejected),
        (#"{"do":"account","expired":true}"#, .expired),
    ])
    func aRefusedAccountSaysSoEverywhere(
        command: String, status: ServiceAccount.Status
    ) async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"])
        try house.mixpanel.obey(command)
        #expect(try await house.work()?.status == .failed)
        let account = try #require(try await house.connection().serviceAccount)
        #expect(account.status == status)
        #expect(account.message == (try await house.reconciliation().message))
        #expect(account.project?.id == .make("7"))
    }

    @Test func aListThatIsEmptyRemovesNobodyUnlessForced() async throws {
        for force in [false, true] {
            let house = try ReconcileHouse(members: 0)
            try await house.prepare(["x1", "x2"], force: force)
            let outcome = try await house.work()
            #expect(outcome?.status == (force ? .finished : .failed))
            #expect(try await house.members().count == (force ? 0 : 2))
            if !force { #expect(outcome?.message?.contains("list is empty") == true) }
        }
    }

    @Test func anAudienceOfAnotherProjectIsNotCompared() async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.connect()
        let page = SyncPage.make(.members, ["x1"], cohort: "21", project: "8")
        _ = try await house.store.record(page, from: .make(), at: house.now)
        try await house.start(repairs: true)
        let outcome = try await house.work()
        #expect(outcome?.status == .failed)
        #expect(outcome?.message?.contains("project 8") == true)
        #expect(outcome?.message?.contains("project 7") == true)
        #expect(house.queries == 0)
    }

    @Test func aFullSyncMeanwhileEndsIt() async throws {
        let house = try ReconcileHouse(members: 1500)
        try await house.prepare(["x1"])
        house.before(query: 2) { try await house.send(.members, ["x2"], session: "S2") }
        let outcome = try await house.work()
        #expect(outcome?.status == .failed)
        #expect(outcome?.message?.contains("whole cohort") == true)
        #expect(try await house.members() == ["x2"])
    }

    @Test func whoMovesMeanwhileIsLeftAsPagesSay() async throws {
        let house = try ReconcileHouse(members: 1500)
        let cohort = house.cohort()
        try await house.prepare(Array(cohort.dropFirst(2)) + ["x1", "x2"])
        // Mixpanel's list was made before: cohort[0] is still on it, x1 not yet.
        house.before(query: 2) {
            try await house.send(.removeMembers, [cohort[0], cohort[9]], session: "D1")
            try await house.send(.addMembers, ["x1"], session: "D2")
        }
        #expect(try await house.work()?.status == .finished)
        let expected = Set(cohort).subtracting([cohort[0], cohort[9]]).union(["x1"])
        #expect(try await house.members() == expected)
        let result = try #require(try await house.reconciliation().result)
        #expect(result.missing == 1)
        #expect(result.extra == 1)
        #expect(result.changedMeanwhile == 3)
    }

    @Test func aQueryThatMixpanelForgotIsBegunAgain() async throws {
        let house = try ReconcileHouse(members: 2500)
        try await house.prepare(["x1"])
        house.before(query: 2) {
            try house.mixpanel.obey(
                #"{"do":"fault","kind":"status","status":400,"call":"engage","times":1}"#)
        }
        #expect(try await house.work()?.status == .finished)
        let progress = try await house.reconciliation().progress
        #expect(progress.restarts == 1)
        #expect(progress.peopleRead == 2500)
        #expect(try await house.members() == Set(house.cohort()))
    }

    @Test func aQueryThatIsForgottenAgainAndAgainIsGivenUp() async throws {
        let house = try ReconcileHouse(members: 2500)
        try await house.prepare(["x1"])
        house.forgetQueries()
        let outcome = try await house.work()
        #expect(outcome?.status == .failed)
        #expect(outcome?.message?.contains("forgets") == true)
        #expect(house.queries == 2 * (Reconciler.restartsMax + 1))
        #expect(try await house.members() == ["x1"])
    }

    @Test func aCancelledOneStopsAtItsNextStep() async throws {
        let house = try ReconcileHouse(members: 2500)
        try await house.prepare(["x1"])
        house.before(query: 2) {
            _ = try await house.store.cancel(.make(1), at: house.now, for: .test)
        }
        #expect(try await house.work()?.status == nil)
        #expect(house.queries == 2)
        #expect(try await house.reconciliation().status == .cancelled)
    }

    @Test func aTaskThatIsCancelledGivesItBack() async throws {
        let house = try ReconcileHouse(members: 2500)
        try await house.prepare(["x1"])
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await house.reconciler().work()
        }
        #expect(try await work.value?.status == .waiting)
        #expect(house.queries == 0)
        #expect(try await house.work()?.status == .finished)
    }

    @Test func anotherWorkerGoesOnWhereOneDied() async throws {
        let house = try ReconcileHouse(members: 2500)
        try await house.prepare(["x1"])
        house.before(query: 3) {
            // Never comes back in time.
            house.advance(milliseconds: Reconciler.leaseMilliseconds + 1)
            let outcome = try await house.reconciler("w2").work()
            #expect(outcome?.status == .finished)
        }
        #expect(try await house.work()?.status == nil)
        #expect(try await house.members() == Set(house.cohort()))
        // Two pages, the one that was lost twice, and the count.
        #expect(house.queries == 5)
    }

    @Test func aStoreInTroubleIsNotTheEnd() async throws {
        let house = try ReconcileHouse(members: 4)
        try await house.prepare(["x1"])
        house.before(query: 1) {
            house.store.fail(with: Failure(.unavailable, "The disk is full."))
        }
        await #expect(throws: Failure.self) { try await house.work() }
        house.store.fail(with: nil)
        house.advance(milliseconds: Reconciler.leaseMilliseconds + 1)
        #expect(try await house.work()?.status == .finished)
        #expect(try await house.members() == Set(house.cohort()))
    }

    @Test func nothingDueIsNothingDone() async throws {
        let house = try ReconcileHouse()
        #expect(try await house.reconciler().work() == nil)
    }
}

extension ReconcileHouse {
    func connection() async throws -> Connection {
        try #require(try await store.connection(.make()))
    }
}

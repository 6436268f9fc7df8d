import Audiences
import Testing

@testable import Mixpanel

/// What Mixpanel documents of the sender: retries, pauses, snapshots, diffs.
@Suite struct SimulatedSyncTests {
    private static let session = Array("s-1".utf8)

    @Test func theFirstRunSendsEverybodyAndTheNextOnlyWhatChanged() throws {
        var sync = make(pageSize: 2)
        #expect(
            play(&sync, [1, 2, 3, 4, 5]) == ["members 1/3 2", "members 2/3 2", "members 3/3 1"])
        #expect(sync.outcome == .succeeded)
        #expect(
            play(&sync, [2, 3, 4, 5, 6, 7, 8]) == [
                "add_members 1/2 2", "add_members 2/2 1", "remove_members 1/1 1",
            ])
    }

    @Test func aRunWithoutChangesSendsTwoEmptyPages() {
        var sync = make()
        _ = play(&sync, [1])
        #expect(play(&sync, [1]) == ["add_members 1/1 0", "remove_members 1/1 0"])
    }

    @Test func theFirstRunMayBeAnAddToo() {
        var sync = make(fullSyncAction: .addMembers)
        #expect(play(&sync, [1, 2]) == ["add_members 1/1 2", "remove_members 1/1 0"])
    }

    @Test(arguments: [400, 401, 403, 404])
    func aRefusalPausesUntilSomebodyResumes(status: Int) {
        var sync = make()
        #expect(play(&sync, [1], answering: [status]) == ["members 1/1 1"])
        #expect(sync.isPaused && sync.outcome == .paused(status: status, message: nil))
        #expect(sync.start([1], sessionID: Self.session, at: hour(1)) == nil)
        #expect(!sync.isDue(at: hour(1), every: .seconds(1800)))
        sync.resume()
        #expect(sync.isDue(at: hour(0), every: .seconds(1800)))
        #expect(play(&sync, [1, 2], at: hour(1)) == ["members 1/1 2"])
    }

    @Test(arguments: [429, 500, 503])
    func overloadIsRetriedFiveTimesWithinAMinute(status: Int) throws {
        var sync = make()
        var waited = Duration.zero
        let all = Array(repeating: status, count: 6)
        let sent = play(&sync, [1], answering: all) { waited += $0 }
        #expect(sent == Array(repeating: "members 1/1 1", count: 6))
        #expect(waited > .milliseconds(59_990) && waited < .milliseconds(60_010))
        #expect(sync.outcome == .failed(why: "status \(status)"))
        #expect(!sync.isPaused)
    }

    @Test func aPageThatIsTakenInTheEndCostsNothing() {
        var sync = make(pageSize: 1)
        let troubled = Array(repeating: 503, count: 5) + [200]
        #expect(play(&sync, [1, 2], answering: troubled + troubled).count == 12)
        #expect(sync.outcome == .succeeded)
    }

    @Test func afterAFailureTheDiffIsMadeAnew() {
        var sync = make(pageSize: 1)
        _ = play(&sync, [1])
        let down = [200] + Array(repeating: 500, count: 6)
        #expect(
            play(&sync, [1, 2, 3], answering: down, at: hour(1)).prefix(2) == [
                "add_members 1/2 1", "add_members 2/2 1",
            ])
        #expect(
            play(&sync, [3, 4], at: hour(2)) == [
                "add_members 1/2 1", "add_members 2/2 1", "remove_members 1/1 1",
            ])
    }

    @Test(arguments: [(-1, "add_members 1/1 1"), (0, "members 1/1 2")])
    func theSnapshotIsForgottenAfterThreeDays(offset: Int64, first: String) {
        var sync = make()
        _ = play(&sync, [1])
        let later = Timestamp(milliseconds: Limits.snapshotSilenceMilliseconds + offset)
        #expect(play(&sync, [1, 2], at: later).first == first)
    }

    @Test func aRunIsDueACycleAfterTheLastOneBegan() {
        var sync = make()
        #expect(sync.isDue(at: hour(0), every: .seconds(1800)))
        _ = play(&sync, [1])
        #expect(!sync.isDue(at: Timestamp(milliseconds: 1_799_999), every: .seconds(1800)))
        #expect(sync.isDue(at: Timestamp(milliseconds: 1_800_000), every: .seconds(1800)))
    }

    @Test func aRunUnderWayIsNotDisturbed() {
        var sync = make()
        #expect(sync.start([1], sessionID: Self.session, at: hour(0)) != nil)
        #expect(sync.start([1], sessionID: Self.session, at: hour(9)) == nil)
        #expect(!sync.isDue(at: hour(9), every: .seconds(1)))
        sync.resume()
        #expect(sync.state == "running")
    }

    @Test func anAnswerToNothingIsNothing() {
        var sync = make()
        #expect(sync.answered(.accepted, at: hour(0)) == nil)
        #expect(sync.waited() == nil)
    }

    @Test func aSuccessInOtherWordsEndsTheRun() {
        var sync = make(pageSize: 1)
        _ = sync.start([1, 2], sessionID: Self.session, at: hour(0))
        _ = sync.answered(.misanswered(why: "status 204"), at: hour(0))
        #expect(sync.outcome == .failed(why: "status 204"))
    }

    /// A receiver that takes every page of every run holds the cohort, whatever happened between.
    @Test func aReceiverAlwaysConverges() {
        var random = SplitMix64(seed: 5)
        var sync = make(pageSize: 3)
        var members = Array(0..<10 as Range<UInt32>)
        var held: Set<UInt32> = []
        for run in 0..<300 {
            members.removeFirst(random.index(below: members.count + 1) / 3)
            members += (0..<UInt32(random.index(below: 5))).map { UInt32(100 + run * 10) + $0 }
            let now = hour(run + (run / 100) * 80)
            var answers = (0..<20).map { _ in random.chance(0.05) ? 500 : 200 }
            if random.chance(0.3) { answers[random.index(below: 6)] = 401 }
            if run % 10 == 9 { answers = [] }
            var staged: Set<UInt32> = []
            _ = play(&sync, members, answering: answers, at: now) { _ in
            } taking: { export, page in
                let people = Set(export.people(onPage: page))
                switch export.action {
                case .addMembers: held.formUnion(people)
                case .removeMembers: held.subtract(people)
                case .members:
                    staged = page == 1 ? people : staged.union(people)
                    if page == export.pageCount { held = staged }
                }
            }
            if sync.outcome == .succeeded { #expect(held == Set(members)) }
            sync.resume()
        }
        #expect(sync.outcome == .succeeded)
    }

    private func make(
        pageSize: Int = 1000, fullSyncAction: SyncAction = .members
    ) -> SimulatedSync {
        SimulatedSync(
            pageSize: pageSize, fullSyncAction: fullSyncAction, retries: RetrySchedule())
    }

    private func hour(_ hour: Int) -> Timestamp {
        Timestamp(milliseconds: Int64(hour) * 3_600_000)
    }

    /// Plays a run against statuses, 200 when they are used up, and tells what was sent.
    private func play(
        _ sync: inout SimulatedSync, _ members: [UInt32], answering: [Int] = [],
        at now: Timestamp = Timestamp(milliseconds: 0), waiting: (Duration) -> Void = { _ in },
        taking: (SimulatedExport, Int) -> Void = { _, _ in }
    ) -> [String] {
        var sent: [String] = []
        var answers = answering[...]
        var step = sync.start(members, sessionID: Self.session, at: now)
        while let current = step {
            switch current {
            case .send(let export, let page):
                sent.append(
                    "\(export.action.rawValue) \(page)/\(export.pageCount) "
                        + "\(export.people(onPage: page).count)")
                let status = answers.popFirst() ?? 200
                let body = #"{"action":"\#(export.action.rawValue)","status":"success"}"#
                if status == 200 { taking(export, page) }
                step = sync.answered(
                    Verdict(status: status, body: Array(body.utf8), to: export.action), at: now)
            case .wait(let duration):
                waiting(duration)
                step = sync.waited()
            case .rest:
                step = nil
            }
        }
        return sent
    }
}

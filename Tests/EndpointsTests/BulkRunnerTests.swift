import Audiences
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// Whatever happens on the way, a bulk job's file is that of an undisturbed one.
@Suite struct BulkRunnerTests {
    private func opened() async throws -> (ElementHouse, header: String) {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        return (house, house.hub(made.token))
    }

    private func begin(
        _ house: ElementHouse, _ header: String, _ body: String = #"{"objectName":"users"}"#
    ) async throws -> String {
        let begun = try await house.call(.post, "/bulk/download", body, as: header)
        return try #require(begun.object["id"] as? String)
    }

    private func status(
        _ house: ElementHouse, _ header: String, _ id: String
    ) async throws -> [String: Any] {
        try await house.call(.get, "/bulk/\(id)/status", as: header).object
    }

    private let people = ["ada", "bo", "cy", "dee", "eve"]

    private func downloaded(
        _ house: ElementHouse, _ header: String, _ id: String
    ) async throws -> [String] {
        let lines = try await house.call(.get, "/bulk/\(id)/users", as: header)
        return lines.text.split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return (object as? [String: Any])?["$distinct_id"] as? String
        }
    }

    @Test(arguments: [429, 503])
    func aJobThatIsInterruptedGoesOnWhereItWas(trouble: Int) async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        // After the first page.
        house.mixpanel.troubleAfter(pages: 1, MixpanelResponse(status: trouble))
        try await house.house.work()
        let waiting = try await status(house, header, id)
        #expect(waiting["status"] as? String == "RUNNING")
        #expect(waiting["recordsCount"] as? Int == 2)
        #expect(waiting["resumesAt"] is String)
        #expect(waiting["statusMessage"] is String)
        // Nothing is due before that.
        let asked = house.mixpanel.requests.count
        try await house.house.work()
        #expect(house.mixpanel.requests.count == asked)
        house.mixpanel.recover()
        house.house.clock.advance(milliseconds: 3_600_000)
        try await house.house.work()
        let job = try await status(house, header, id)
        #expect(job["status"] as? String == "COMPLETED")
        #expect(job["recordsCount"] as? Int == 5)
        #expect(try await downloaded(house, header, id) == people)
        // With the session that Mixpanel wants: what was read is not read again.
        #expect(house.mixpanel.requests.count { $0.body.contains("page=0") } == 1)
    }

    @Test func aJobThatDoesNotEndWithinAWeekIsAborted() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        house.mixpanel.troubleAfter(pages: 1, MixpanelResponse(status: 503))
        try await house.house.work()
        house.mixpanel.recover()
        house.house.clock.advance(milliseconds: Limits.bulkFileMilliseconds)
        try await house.house.work()
        let job = try await status(house, header, id)
        #expect(job["statusMessage"] as? String == "It did not come to its end within a week.")
    }

    /// What a worker told of a step that it did not finish is not counted again.
    @Test func recordsOfAHalfStepAreNotCountedTwice() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        let (store, now) = (house.house.store, house.house.clock.now)
        let end = Timestamp(milliseconds: now.milliseconds + 1)
        let claimed = try await store.claimBulkJob(until: end, by: "gone", at: now)
        #expect(claimed?.job.id == 1)
        try await store.keep(
            BulkJob.Progress(records: 2), ofBulkJob: 1, by: "gone", until: end)
        house.house.clock.advance(milliseconds: 1)
        try await house.house.work()
        #expect(try await status(house, header, id)["recordsCount"] as? Int == 5)
    }

    /// Somebody else's half step is cut off.
    @Test func whatAnInterruptedStepWroteIsCutOff() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        try await house.house.files.files.write(Array("half a li".utf8), 1, 0)
        try await house.house.work()
        #expect(try await downloaded(house, header, id) == people)
    }

    @Test func aForgottenQueryBeginsAgain() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        house.mixpanel.troubleAfter(pages: 1, MixpanelResponse(status: 400), times: 1)
        try await house.house.work()
        #expect(try await status(house, header, id)["status"] as? String == "COMPLETED")
        #expect(try await downloaded(house, header, id) == people)
    }

    @Test func aQueryThatIsAlwaysForgottenIsAborted() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        house.mixpanel.troubleAfter(pages: 1, MixpanelResponse(status: 400), times: 100)
        try await house.house.work()
        #expect(try await status(house, header, id)["status"] as? String == "ABORTED")
    }

    @Test func anExportThatBreaksOffIsReadAgain() async throws {
        let (house, header) = try await opened()
        let id = try await begin(
            house, header, #"{"objectName":"activities","from":"2026-11-20T00:00:00Z"}"#)
        let half = Array((ElementMixpanel.events + #"{"event":"Sign"#).utf8)
        house.mixpanel.trouble.withLock { $0 = MixpanelResponse(status: 200, body: half) }
        try await house.house.work()
        #expect(try await status(house, header, id)["status"] as? String == "RUNNING")
        house.mixpanel.trouble.withLock { $0 = nil }
        house.house.clock.advance(milliseconds: 3_600_000)
        try await house.house.work()
        let lines = try await house.call(.get, "/bulk/\(id)/activities", as: header)
        #expect(lines.text == ElementMixpanel.events)
    }

    /// At most thirty exports, however long the time.
    @Test func aYearIsCutIntoThirtyExports() async throws {
        let (house, header) = try await opened()
        let before = house.mixpanel.requests.count
        let id = try await begin(
            house, header,
            #"{"objectName":"activities","from":"2025-11-21T00:00:00Z","to":"2026-11-21"}"#)
        try await house.house.work()
        let exports = house.mixpanel.requests.dropFirst(before).filter {
            $0.url.contains("/export")
        }
        #expect(exports.count == 29)
        let job = try await status(house, header, id)
        #expect(job["status"] as? String == "COMPLETED")
    }

    @Test(arguments: [0, 1])
    func filesMayTakeSoMuchAndNotAByteMore(missing: Int) async throws {
        let (free, theirs) = try await opened()
        _ = try await begin(free, theirs)
        try await free.house.work()
        let length = try await free.house.files.files.bytesUsed()
        let house = try await ElementHouse(bulk: BulkLimits(filesBytesMax: length - missing))
        let header = house.hub(try await house.instance(configuration: ElementHouse.full).token)
        let id = try await begin(house, header)
        try await house.house.work()
        let job = try await status(house, header, id)
        #expect(job["status"] as? String == (missing == 0 ? "COMPLETED" : "ABORTED"))
        guard missing > 0 else { return }
        let message = try #require(job["statusMessage"] as? String)
        #expect(message.contains("bulk.files_bytes_max"))
        // What nobody may read makes room at once.
        #expect(try await house.house.files.files.list() == [])
    }

    @Test func aFileThatCannotBeWrittenIsTriedAgainLater() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        let full = Failure(.unavailable, "The file of the bulk job can't be used.", detail: "full")
        house.house.files.trouble.withLock { $0 = full }
        try await house.house.work()
        let waiting = try await status(house, header, id)
        #expect(waiting["statusMessage"] as? String == full.message)
        #expect(waiting["resumesAt"] is String)
        house.house.files.trouble.withLock { $0 = nil }
        house.house.clock.advance(milliseconds: 5 * 60_000)
        try await house.house.work()
        #expect(try await downloaded(house, header, id) == people)
    }

    @Test(arguments: [true, false])
    func aJobIsHeldWhileMixpanelIsSilentAndDroppedWhenItIsCancelled(
        isCancelled: Bool
    ) async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let house = try await ElementHouse { known in
            { request throws(MixpanelUnreachable) in
                guard request.url.contains("/query/engage") else { return try await known(request) }
                ask.yield()
                // Until it is told to, or the task is cancelled.
                for await _ in answers {}
                guard !Task.isCancelled else { throw .cancelled }
                return try await known(request)
            }
        }
        let header = house.hub(try await house.instance(configuration: ElementHouse.full).token)
        let id = try await begin(house, header)
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
        let (beats, beat) = AsyncStream.makeStream(of: Void.self)
        let runner = BulkRunner(
            jobs: house.house.store, calls: house.house.calls, files: house.house.files.files,
            limits: BulkLimits(), worker: "holder",
            beat: {
                beat.yield()
                for await _ in ticks { return }
                throw CancellationError()
            })
        async let outcome = runner.work()
        var waiting = beats.makeAsyncIterator()
        await waiting.next()
        for await _ in asked { break }
        // Longer than a lease, and never so long without a beat.
        for _ in 0..<4 {
            house.house.clock.advance(milliseconds: 20_000)
            tick.yield()
            await waiting.next()
        }
        #expect(try await house.house.runner.work() == nil)
        guard isCancelled else {
            answer.finish()
            guard case .completed = try #require(try await outcome).stop else {
                Issue.record("it was not completed")
                return
            }
            #expect(try await downloaded(house, header, id) == people)
            return
        }
        try await house.call(.put, "/bulk/\(id)/cancel", as: header)
        tick.yield()
        let stop = try #require(try await outcome).stop
        guard case .lost = stop else {
            Issue.record("\(stop)")
            return
        }
        #expect(try await house.house.files.files.list() == [])
    }

    /// Its process stood still for longer than the lease: somebody else may write by now.
    @Test func afterItsLeaseAWorkerWritesNothing() async throws {
        let standstill = Mutex<ManualClock?>(nil)
        let house = try await ElementHouse { known in
            { request throws(MixpanelUnreachable) in
                let answer = try await known(request)
                if request.url.contains("/query/engage") {
                    standstill.withLock { clock in
                        clock?.advance(milliseconds: 30_000)
                        clock = nil
                    }
                }
                return answer
            }
        }
        let header = house.hub(try await house.instance(configuration: ElementHouse.full).token)
        let id = try await begin(house, header)
        standstill.withLock { $0 = house.house.clock }
        let stop = try #require(try await house.house.runner.work()).stop
        guard case .lost = stop else {
            Issue.record("\(stop)")
            return
        }
        #expect(try await house.house.files.files.read(1, 0, 1) == [])
        try await house.house.work()
        #expect(try await downloaded(house, header, id) == people)
    }

    @Test func aCancelledJobIsNotWorkedOn() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        try await house.call(.put, "/bulk/\(id)/cancel", as: header)
        let asked = house.mixpanel.requests.count
        try await house.house.work()
        #expect(house.mixpanel.requests.count == asked)
    }

    @Test func aJobOfADisabledInstanceIsAborted() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        try await house.call(.delete, "/instances/1/enabled")
        try await house.house.work()
        try await house.call(.put, "/instances/1/enabled")
        let job = try await status(house, header, id)
        #expect(job["statusMessage"] as? String == "The instance is disabled.")
    }

    @Test func filesGoAfterAWeekAndWithTheirInstance() async throws {
        let (house, header) = try await opened()
        let id = try await begin(house, header)
        try await house.house.work()
        let files = house.house.files.files
        try await files.write(Array("nobody's".utf8), 99, 0)
        house.house.clock.advance(
            milliseconds: Limits.bulkFileMilliseconds - 60_000)
        try await house.house.runner.tidy()
        #expect(try await files.list() == [1])
        house.house.clock.advance(milliseconds: 120_000)
        try await house.house.runner.tidy()
        #expect(try await files.list() == [])
        try await house.call(.get, "/bulk/\(id)/status", as: header, answers: 404)

        _ = try await begin(house, header)
        try await house.house.work()
        try await house.call(.delete, "/instances/1")
        try await house.house.runner.tidy()
        #expect(try await files.list() == [])
    }
}

import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

/// Sending events.
@Suite struct EventImportTests {
    private static let now = SimulatedHouse.now

    @Test func whatIsMissingIsFilledInAndSaid() throws {
        let event = try read(#"{"event":"Bought","properties":{"distinct_id":"u"}}"#)
        #expect(event.filled == [.time, .insertID])
        #expect(
            text(event.json) == #"{"event":"Bought","properties":{"time":1795305600000,"#
                + #""distinct_id":"u","$insert_id":"\#(event.insertID)"}}"#)
        #expect(event.insertID.utf8.count == 32)
        let whole = #"{"event":"B","properties":{"$insert_id":"x-1","time":17,"a":[1.50]}}"#
        let kept = try read(whole)
        #expect(kept.filled == [] && kept.insertID == "x-1" && text(kept.json) == whole)
    }

    @Test func anEventThatIsSentAgainHasTheSameInsertID() throws {
        let event = #"{"event":"Bought","properties":{"distinct_id":"u","time":17,"n":1}}"#
        let first = try read(event, at: 3)
        #expect(try read(event, at: 9, later: 5000).insertID == first.insertID)
        let other = event.replacing("\"n\":1", with: "\"n\":2")
        #expect(try read(other, at: 3).insertID != first.insertID)
        let timeless = #"{"event":"Bought","properties":{"distinct_id":"u"}}"#
        #expect(
            try read(timeless, at: 0).insertID != read(timeless, at: 1).insertID,
            "two alike in one call are two events")
        #expect(
            try read(timeless, at: 0).insertID != read(timeless, at: 0, later: 1).insertID)
    }

    @Test(arguments: [
        ("7", "event"), ("{}", "event"), (#"{"event":""}"#, "event"), (#"{"event":1}"#, "event"),
        (#"{"event":"a","properties":[]}"#, "properties"),
        (#"{"event":"a","properties":{},"distinct_id":"u"}"#, "distinct_id"),
    ])
    func whatIsWrongIsNamed(written: String, field: String) {
        let refusal = #expect(throws: RecordRefusal.self) { try read(written) }
        #expect(refusal?.field == field)
    }

    @Test func nullsAreFilledInToo() throws {
        let event = try read(
            #"{"event":"a","properties":{"time":null,"$insert_id":null,"distinct_id":null}}"#)
        #expect(event.filled == [.time, .insertID])
        #expect(try object(event.json)["properties"]?.object?.members.count == 3)
    }

    @Test(arguments: [(0, true), (1, false)])
    func anEventHasALimit(extra: Int, fits: Bool) {
        let start = #"{"event":"a","properties":{"$insert_id":"x","time":1,"t":""#
        let count = MixpanelLimits.eventBytesMax - start.utf8.count - 3 + extra
        let event = start + String(repeating: "x", count: count) + "\"}}"
        #expect(((try? read(event)) != nil) == fits)
    }

    @Test func goodEventsAreStoredAndTheOthersTold() async throws {
        let house = try SimulatedHouse().opened()
        let events = try [
            #"{"event":"a","properties":{"distinct_id":"u"}}"#,
            #"{"event":"a","properties":{"distinct_id":"anonymous","$insert_id":"i-1"}}"#,
            #"{"event":"a","properties":{"distinct_id":"u","time":"yesterday"}}"#,
            #"{"event":"a","properties":{"distinct_id":"u","$insert_id":"no spaces"}}"#,
            #"{"event":"a","properties":{"distinct_id":"u","time":1}}"#,
            #"{"event":"a","properties":{"distinct_id":"u","time":4000000000}}"#,
            #"{"event":"b","properties":{"distinct_id":""}}"#,
        ].enumerated().map { try read($0.element, at: $0.offset) }
        let report = try await house.api.importEvents(events, as: .token())
        #expect(report.accepted == 2 && report.stop == nil && report.unsent == 0)
        #expect(report.failures.map(\.index) == [1, 2, 3, 4, 5])
        #expect(report.failures[0].insertID == "i-1")
        #expect(report.failures[0].field == "properties.distinct_id")
        #expect(report.failures.allSatisfy { !$0.message.isEmpty })
        #expect(house.mixpanel.withLock { $0.world.projects[0].events.count } == 2)
    }

    @Test func everyCredentialMayImport() async throws {
        let house = try SimulatedHouse().opened()
        let event = try read(#"{"event":"a","properties":{"distinct_id":"u"}}"#)
        for access in try [ProjectAccess.account(), .secret(), .token()] {
            #expect(try await house.api.importEvents([event], as: access).accepted == 1)
        }
        try house.obey(#"{"do":"project","project":"7","role":"analyst"}"#)
        let error = try await providerError {
            _ = try await house.api.importEvents([event], as: .account())
        }
        #expect(error.reason == .forbidden && error.said == "the role does not allow it")
        let wrong = try await providerError {
            _ = try await house.api.importEvents([event], as: .token("another"))
        }
        #expect(wrong.reason == .credentials && wrong.status == 401)
    }

    @Test func placesAreThoseOfAllEvents() async throws {
        let mixpanel = ScriptedMixpanel(eu: [
            .status(200, #"{"code":200,"num_records_imported":2000,"status":"OK"}"#),
            .status(
                400,
                """
                {"code":400,"num_records_imported":3,"failed_records":[{"index":1,
                "insert_id":"i","field":"f","message":"m"},"just words",{"index":99},7]}
                """),
        ])
        let event = try read(#"{"event":"a","properties":{"distinct_id":"u"}}"#)
        let events = Array(repeating: event, count: 2005)
        let report = try await mixpanel.api.importEvents(events, as: .account())
        #expect(report.accepted == 2003)
        #expect(
            report.failures == [
                RecordFailure(index: 2001, insertID: "i", field: "f", message: "m"),
                RecordFailure(message: "just words"), RecordFailure(message: ""),
                RecordFailure(message: ""),
            ])
        #expect(mixpanel.urls.first == "http://eu/import?strict=1&project_id=7")
        let sizes = try mixpanel.requests.map { try JSONValue(parsing: $0.body ?? []).array?.count }
        #expect(sizes == [2000, 5])
    }

    @Test func callsHaveALimitInBytes() throws {
        let half = [UInt8](repeating: 0x78, count: MixpanelLimits.batchBytesMax / 2 - 2)
        let pair = IngestionBatches([half, half + [0x78]]).batches
        #expect(pair.map(\.places) == [0..<2])
        #expect(pair[0].body.count == MixpanelLimits.batchBytesMax)
        let longer = IngestionBatches([half, half + [0x78, 0x78]]).batches
        #expect(longer.map(\.places) == [0..<1, 1..<2])
        #expect(IngestionBatches([]).batches.isEmpty)
        let huge = [UInt8](repeating: 0x78, count: MixpanelLimits.batchBytesMax)
        #expect(IngestionBatches([huge, half]).batches.map(\.places) == [0..<1, 1..<2])
    }

    @Test(arguments: [
        (ScriptedMixpanel.Answer.status(200, "{}"), MixpanelError.Reason.notMixpanel(.otherText)),
        (.status(400, #"{"code":400,"error":"bad JSON"}"#), .refused(status: 400)),
        (.status(413, #"{"code":413,"error":"too large"}"#), .refused(status: 413)),
        (.status(401, #"{"code":401,"error":"Invalid credentials"}"#), .credentials),
        (.status(429, #"{"code":429}"#), .rateLimited(retryAfter: nil)),
        (.status(503), .server(status: 503)), (.page, .notMixpanel(.webPage)),
    ])
    func aCallThatFailsAsAWholeIsThrown(
        answer: ScriptedMixpanel.Answer, reason: MixpanelError.Reason
    ) async throws {
        let mixpanel = ScriptedMixpanel(eu: [answer])
        let event = try read(#"{"event":"a"}"#)
        let error = try await providerError {
            _ = try await mixpanel.api.importEvents([event], as: .token())
        }
        #expect(error.reason == reason)
    }

    @Test func whatCameBeforeAFailureIsKept() async throws {
        let mixpanel = ScriptedMixpanel(eu: [
            .status(200, #"{"num_records_imported":9000000}"#),
            .status(429, "", [("Retry-After", "3")]),
        ])
        let events = Array(repeating: try read(#"{"event":"a"}"#), count: 2001)
        let report = try await mixpanel.api.importEvents(events, as: .token())
        #expect(report.accepted == 2000 && report.unsent == 1)
        #expect(report.stop?.retryAfter == .seconds(3))
    }

    private func read(
        _ text: String, at place: Int = 0, later milliseconds: Int64 = 0
    ) throws -> ImportedEvent {
        try ImportedEvent(
            try json(text), at: place,
            now: Timestamp(milliseconds: Self.now.milliseconds + milliseconds),
            digest: { bytes in
                // Any function that tells texts apart.
                var hash: UInt64 = 14_695_981_039_346_656_037
                for byte in bytes { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
                return String(repeating: String(hash % 10_000_000_000 + 10_000_000_000), count: 6)
            })
    }
}

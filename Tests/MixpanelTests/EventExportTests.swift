import Audiences
import JSON
import Testing

@testable import Mixpanel

/// Events on their way out, line by line.
@Suite struct EventExportTests {
    @Test func daysAreAskedForAndMomentsKept() async throws {
        let lines = [10, 11, 12.5, 86_399, 86_400].map {
            #"{"event":"a","properties":{"time":\#($0)}}"#
        }
        let mixpanel = ScriptedMixpanel(us: [.status(200, lines.joined(separator: "\n") + "\n")])
        let query = ExportQuery(
            from: Timestamp(milliseconds: 11_000), to: Timestamp(milliseconds: 86_400_000),
            events: ["a", "b\""], expression: "true")
        let taken = TakenLines()
        let access = try ProjectAccess.account(in: .us)
        #expect(try await mixpanel.api.export(query, as: access) { taken.take($0) } == 3)
        #expect(taken.all == Array(lines[1...3]))
        #expect(
            mixpanel.urls == [
                "http://us/api/2.0/export?project_id=7&from_date=1970-01-01&to_date=1970-01-01"
                    + "&event=%5B%22a%22%2C%22b%5C%22%22%5D&where=true"
            ])
        #expect(mixpanel.requests[0].timeout == .seconds(3600))
        #expect(mixpanel.requests[0].silenceMax == .seconds(300))
    }

    @Test func noDayThatHasNotBegunIsAskedFor() {
        let day: Int64 = 86_400_000
        let query = ExportQuery(
            from: Timestamp(milliseconds: day), to: Timestamp(milliseconds: 9 * day))
        func days(_ now: Int64) -> [String] {
            query.fields(at: Timestamp(milliseconds: now)).map { text($0.value) }
        }
        #expect(days(99 * day) == ["1970-01-02", "1970-01-09"])
        #expect(days(3 * day) == ["1970-01-02", "1970-01-04"])
        #expect(days(0) == ["1970-01-02", "1970-01-02"])
    }

    @Test(arguments: [0, 1, 499, 500, 501, 2600])
    func allEventsOfTheTimeComeOnce(count: Int) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(
            """
            {"do":"add_events","project":"7","count":\(count),"from":"2026-11-20T23:59:50Z",
            "every_ms":1000}
            """)
        #expect(try await export(house).all.count == count)
        let part = try await export(house, from: "2026-11-21T00:00:00Z", to: "2026-11-21T00:00:05Z")
        #expect(part.all.count == min(5, max(0, count - 10)))
    }

    @Test func importedEventsComeOutAsTheyWentIn() async throws {
        let house = try SimulatedHouse().opened()
        let written =
            #"{"event":"é","properties":{"time":1795000000,"distinct_id":"u","#
            + #""$insert_id":"i-1","a":{"b":[1.50]}}}"#
        let event = try ImportedEvent(
            try json(written), at: 0, now: SimulatedHouse.now, digest: { _ in "" })
        _ = try await house.api.importEvents([event, event], as: .token())
        #expect(try await export(house).all == [written, written], "nothing is deduplicated")
    }

    @Test func namesAndExpressionsChoose() async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(
            #"{"do":"add_events","project":"7","count":100,"from":"2026-11-20T00:00:00Z"}"#)
        let bought = try await export(house, events: ["Bought"])
        #expect(bought.all.count == 20 && bought.all.allSatisfy { $0.contains("Bought") })
        let few = try await export(house, expression: #"properties["number"] < 7"#)
        #expect(few.all.count == 7)
    }

    @Test(arguments: [
        (#"{"do":"fault","kind":"cut"}"#, MixpanelError.Reason.unreachable(.connectionLost)),
        (#"{"do":"fault","kind":"terminated"}"#, .unreachable(.connectionLost)),
        (#"{"do":"fault","kind":"broken"}"#, .unreachable(.connectionLost)),
        (#"{"do":"fault","kind":"web_page"}"#, .notMixpanel(.webPage)),
        (#"{"do":"fault","kind":"redirect"}"#, .notMixpanel(.redirect)),
        (
            #"{"do":"fault","kind":"status","status":429,"retry_after":"9"}"#,
            .rateLimited(retryAfter: .seconds(9))
        ),
        (#"{"do":"project","project":"7","secret":"another"}"#, .credentials),
        (#"{"do":"project","project":"7","paid":false}"#, .plan),
        (
            #"{"do":"quota","of":"exports","per_hour":0,"retry_after":false}"#,
            .rateLimited(retryAfter: nil)
        ),
    ])
    func anExportThatBreaksOffIsNoWholeOne(
        command: String, reason: MixpanelError.Reason
    ) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(
            #"{"do":"add_events","project":"7","count":1200,"from":"2026-11-20T00:00:00Z"}"#)
        try house.obey(command)
        let error = try await providerError { _ = try await export(house) }
        #expect(error.reason == reason)
    }

    @Test(arguments: [
        (#"{"a":1}"#, 1, nil), ("{\"a\":1}\n\n{\"b\":2}\r\n", 2, nil), ("", 0, nil),
        ("{\"a\":1}\n[1]\n", 1, MixpanelError.Reason.notMixpanel(.otherText)),
        ("{\"a\":1}\n{\"b\":", 1, .unreachable(.connectionLost)),
        ("{\"a\":1}\n<html>\n", 1, .notMixpanel(.webPage)),
        ("terminated early", 0, .unreachable(.connectionLost)),
        ("\u{1F}\u{8B}\u{08}\n", 0, .notMixpanel(.otherText)),
    ])
    func everyLineIsAnObject(
        body: String, count: Int, reason: MixpanelError.Reason?
    ) async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, body)])
        let taken = TakenLines()
        var found: MixpanelError.Reason?
        do {
            _ = try await mixpanel.api.export(whole, as: .secret()) { taken.take($0) }
        } catch let error as ProviderError {
            found = error.reason
        }
        #expect(found == reason && taken.all.count == count)
        #expect(!taken.all.contains { $0.utf8.contains(0x0D) || $0.utf8.contains(0x0A) })
    }

    @Test func whoeverTakesMayEndIt() async throws {
        struct Enough: Error {}
        let mixpanel = ScriptedMixpanel(eu: [.status(200, "{}\n{}\n")])
        let taken = TakenLines()
        await #expect(throws: Enough.self) {
            _ = try await mixpanel.api.export(whole, as: .secret()) { line in
                taken.take(line)
                throw Enough()
            }
        }
        #expect(taken.all.count == 1)
    }

    @Test(arguments: [(0, true), (1, false)])
    func aLineHasALimit(extra: Int, fits: Bool) throws {
        let line = [UInt8](repeating: 0x78, count: 10 + extra)
        for size in 1...12 {
            var splitter = LineSplitter(lineBytesMax: 10)
            var lines: [[UInt8]] = []
            do {
                var rest = (line + [0x0A] + line + [0x0A])[...]
                while !rest.isEmpty {
                    lines += try splitter.add(Array(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                }
                #expect(fits && lines == [line, line])
            } catch {
                #expect(!fits)
            }
        }
    }

    @Test func theLongestLineOfAnExportIsNamed() async throws {
        let mixpanel = ScriptedMixpanel(eu: [
            .status(200, String(repeating: " ", count: MixpanelLimits.exportLineBytesMax + 1))
        ])
        let error = try await providerError {
            _ = try await mixpanel.api.export(whole, as: .secret()) { _ in }
        }
        #expect(error.reason == .unreachable(.answerTooLarge))
    }

    @Test(
        arguments: [
            ("general", nil, 5), ("unique", 2, 2), ("average", 0, 0),
        ] as [(String, Int?, Int)])
    func topEventsComeAsMixpanelWritesThem(kind: String, limit: Int?, count: Int) async throws {
        let house = try SimulatedHouse().opened()
        try house.obey(
            #"{"do":"add_events","project":"7","count":13,"from":"2026-11-20T00:00:00Z"}"#)
        let kind = try #require(TopEventsKind(rawValue: kind))
        let events = try await house.api.topEvents(kind, limit: limit, as: .account())
        #expect(events.count == count)
        let amounts = try events.map { try object($0)["amount"]?.int }
        #expect(amounts == [3, 3, 3, 2, 2].prefix(count).map { $0 })
    }

    @Test(arguments: ["{}", "[]", #"{"events":{}}"#, "1", ""])
    func anotherShapeIsNoTop(body: String) async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, body)])
        let error = try await providerError {
            _ = try await mixpanel.api.topEvents(.general, as: .account())
        }
        #expect(error.reason == .notMixpanel(.otherText) && error.status == 200)
        #expect(mixpanel.urls == ["http://eu/api/query/events/top?project_id=7&type=general"])
    }

    private let whole = ExportQuery(
        from: Timestamp(milliseconds: 0), to: SimulatedHouse.now)

    private func export(
        _ house: SimulatedHouse, from: String = "2026-01-01T00:00:00Z",
        to: String = "2026-11-22T00:00:00Z", events: [String] = [], expression: String? = nil
    ) async throws -> TakenLines {
        let query = ExportQuery(
            from: try #require(Timestamp(rfc3339: from)), to: try #require(Timestamp(rfc3339: to)),
            events: events, expression: expression)
        let taken = TakenLines()
        let count = try await house.api.export(query, as: .secret()) { taken.take($0) }
        #expect(count == taken.all.count)
        return taken
    }
}

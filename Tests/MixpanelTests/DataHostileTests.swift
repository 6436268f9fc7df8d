import Audiences
import JSON
import Testing

@testable import Mixpanel

/// Whatever comes back, it is read or refused, and never ends the process.
@Suite struct DataHostileTests {
    static let users = """
        {"page":0,"page_size":2,"session_id":"s","total":2,"results":[{"$distinct_id":"\\u0061",
        "$properties":{"a":[{"b":null}]}},7]}
        """
    static let imported = """
        {"code":400,"error":"e","failed_records":[{"index":0,"$insert_id":"x","field":"f",
        "message":"m"},"w"],"num_records_imported":1,"status":"Bad Request"}
        """
    static let verdict = #"{"status":1,"error":"\ud83d\ude00"}"#
    static let top =
        #"{"events":[{"amount":2,"event":"a","percent_change":-0.3}],"type":"general"}"#
    static let export = """
        {"event":"a","properties":{"time":17.5,"distinct_id":"u"}}
        {"event":"b","properties":{"time":18}}
        """

    @Test(arguments: [users, imported, verdict, top, export])
    func changedBytesNeverTrap(text: String) async throws {
        var random = SplitMix64(seed: 20_261_123)
        var read = 0
        let event = try ImportedEvent(
            try json(#"{"event":"a"}"#), at: 0, now: SimulatedHouse.now, digest: { _ in "d" })
        let token = try #require(ProjectToken("t"))
        let query = ExportQuery(from: Timestamp(milliseconds: 0), to: SimulatedHouse.now)
        for round in 0..<400 {
            let body = mutated(Array(text.utf8), &random)
            let status = round % 3 == 0 ? 400 : 200
            let answer = MixpanelResponse(status: status, body: body)
            let mixpanel = ScriptedMixpanel(eu: [.success(answer)])
            let calls: [() async throws -> Void] = [
                {
                    let page = try await mixpanel.api.users(UserQuery(), as: .secret())
                    #expect(page.users.count <= 4)
                },
                { _ = try await mixpanel.api.topEvents(.general, as: .secret()) },
                { _ = try await mixpanel.api.export(query, as: .secret()) { _ in } },
                {
                    let report = try await mixpanel.api.importEvents([event], as: .token())
                    #expect((0...1).contains(report.accepted))
                    #expect(report.failures.allSatisfy { $0.index == nil || $0.index == 0 })
                },
                {
                    let update = ProfileUpdate("u", .delete())
                    _ = try await mixpanel.api.update([update], of: token, in: .eu)
                },
            ]
            for call in calls {
                do {
                    try await call()
                    read += 1
                } catch let error as ProviderError {
                    #expect(!error.message.isEmpty)
                    #expect((error.said ?? "").utf8.count <= 3 * MixpanelLimits.textBytesMax)
                }
            }
        }
        #expect(read > 20, "some changes leave an answer")
    }

    @Test(arguments: [
        "[", "{\"results\":[", "{\"failed_records\":[", "{\"events\":[", "{\"error\":",
    ])
    func nestingWithoutEndIsRefused(start: String) async throws {
        let body = String(repeating: start, count: 10_000)
        for status in [200, 400] {
            let mixpanel = ScriptedMixpanel(eu: [.status(status, body)])
            _ = try await providerError {
                _ = try await mixpanel.api.users(UserQuery(), as: .secret())
            }
            _ = try await providerError {
                _ = try await mixpanel.api.topEvents(.general, as: .secret())
            }
        }
        #expect(ImportAnswer(Array(body.utf8)) == nil && EngageVerdict(Array(body.utf8)) == nil)
        #expect(ExportedEvent(Array(body.utf8)) == nil)
    }

    @Test(
        arguments: [
            (#"{"error":"no\nsuch\u0000thing","request":"/api?secret=1"}"#, "no such thing"),
            ("to_date cannot be later than today", "to_date cannot be later than today"),
            (#"{"request":"/api?secret=1"}"#, nil), (#"{"error":{"a":1}}"#, nil), ("", nil),
            (#"{"error":"cut"#, nil),
        ] as [(String, String?)])
    func aRefusalTellsItsReasonAndNotTheRequest(body: String, said: String?) async throws {
        let mixpanel = ScriptedMixpanel(eu: [.status(400, body)])
        let error = try await providerError {
            _ = try await mixpanel.api.users(UserQuery(), as: .secret())
        }
        #expect(error.said == said && error.status == 400)
    }

    @Test func aLongReasonIsCut() async throws {
        let long = String(repeating: "x", count: 100_000)
        for body in [long, #"{"error":"\#(long)"}"#] {
            let mixpanel = ScriptedMixpanel(eu: [.status(400, body)])
            let error = try await providerError {
                _ = try await mixpanel.api.users(UserQuery(), as: .secret())
            }
            #expect(error.said?.utf8.count == MixpanelLimits.textBytesMax)
        }
    }

    @Test func failuresHaveALimit() {
        let failures = Array(repeating: "{}", count: MixpanelLimits.failedRecordsMax + 1)
        let body = #"{"failed_records":[\#(failures.joined(separator: ","))]}"#
        let answer = ImportAnswer(Array(body.utf8))
        #expect(answer?.failures.count == MixpanelLimits.failedRecordsMax)
        let fewer = #"{"failed_records":[\#(failures.dropLast().joined(separator: ","))]}"#
        #expect(ImportAnswer(Array(fewer.utf8))?.failures.count == MixpanelLimits.failedRecordsMax)
    }

    private func mutated(_ text: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = text
        for _ in 0..<random.index(below: 4) where !bytes.isEmpty {
            let place = random.index(below: bytes.count)
            switch random.index(below: 5) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] = text[random.index(below: text.count)]
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(contentsOf: "\"{}[]:,0\\\n".utf8, at: place)
            default: if random.chance(0.1) { bytes.removeLast(bytes.count - place) }
            }
        }
        return bytes
    }
}

import Audiences
import Testing

@testable import Mixpanel

/// Whatever comes back, it is read or refused, and never ends the process.
@Suite struct APIHostileTests {
    static let me = """
        {"status":"ok","results":{"organizations":{"100":{"id":100,"name":"Ac\\u006de"}},"projects":
        {"3713224":{"name":"Prod\\ud83d\\ude00","organization_id":100,"domain":"eu.mixpanel.com",
        "type":1,"role":"analyst","permissions":["view_base_reports",7]},"2":{}}}}
        """
    static let cohorts = #"[{"id":12345,"name":"a","count":15e3,"is_visible":true},{"id":null}]"#
    static let engage = """
        {"page":0,"page_size":2,"session_id":"s\\n","status":"ok","total":"2","results":[
        {"$distinct_id":9007199254740993,"$properties":{"reference_id":"\\ud83d","plan":1.5}},
        {"$properties":{"plan":[{"a":{}}]},"$distinct_id":"u-\\u0000"},null]}
        """

    @Test(arguments: [me, cohorts, engage])
    func changedBytesNeverTrap(text: String) throws {
        let query = EngageQuery(
            project: try id("1"), region: .us, cohort: try id("2"), traitsAllowed: ["plan"])
        var random = SplitMix64(seed: 20_261_122)
        var read = 0
        for _ in 0..<1500 {
            let body = mutated(Array(text.utf8), &random)
            if let account = MeAnswer(body)?.account(in: .us) {
                read += 1
                #expect(account.projects.count <= 3)
            }
            if SavedCohort.list(body) != nil { read += 1 }
            if let page = EngagePage(body, to: query) {
                read += 1
                #expect(page.members.count + page.notes.unusableCount <= 4)
            }
            let refusal = MixpanelResponse(status: 400 + Int(body.first ?? 0) % 8, body: body)
            _ = MixpanelError(refusal, in: .us, at: Timestamp(milliseconds: 0)).message
            _ = RetryAfter.read(
                String(decoding: body.prefix(29), as: UTF8.self), at: Timestamp(milliseconds: 0))
        }
        #expect(read > 100, "some changes leave an answer")
    }

    @Test(arguments: ["[", "{\"results\":", "{\"results\":{\"projects\":{\"1\":"])
    func nestingWithoutEndIsRefused(start: String) throws {
        let body = Array(String(repeating: start, count: 10_000).utf8)
        #expect(MeAnswer(body) == nil)
        #expect(SavedCohort.list(body) == nil)
    }

    /// Some bytes changed, dropped, repeated or cut off.
    private func mutated(_ text: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = text
        for _ in 0...random.index(below: 4) where !bytes.isEmpty {
            let place = random.index(below: bytes.count)
            switch random.index(below: 6) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] = text[random.index(below: text.count)]
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(bytes[place], at: place)
            case 4: bytes.insert(contentsOf: "\"{}[]:,0\\".utf8, at: place)
            default: if random.chance(0.1) { bytes.removeLast(bytes.count - place) }
            }
        }
        return bytes
    }
}

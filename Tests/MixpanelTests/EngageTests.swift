import Audiences
import JSON
import Testing

@testable import Mixpanel

/// Row 72 of the references' test table, and the quirks of section 5.2.
@Suite struct EngageTests {
    typealias Answer = ScriptedMixpanel.Answer

    /// A page of `count` people named from `first` on.
    static func page(_ count: Int, from first: Int = 0, session: String? = "s-1") -> Answer {
        let results = (first..<(first + count)).map {
            #"{"$distinct_id":"u-\#($0)","$properties":{"reference_id":"r-\#($0)"}}"#
        }.joined(separator: ",")
        let session = session.map { #""session_id":"\#($0)","# } ?? ""
        return .status(
            200, #"{\#(session)"page_size":1000,"status":"ok","total":1,"results":[\#(results)]}"#)
    }

    @Test(arguments: [
        ([page(1000), page(1000), page(0)], 2000, 3, true), ([page(17)], 17, 1, true),
        ([page(1000), page(999)], 1999, 2, true), ([page(0)], 0, 1, true),
        ([page(1000, session: nil)], 1000, 1, false), ([page(1000, session: "")], 1000, 1, false),
        ([page(1000), page(1000, session: nil)], 2000, 2, false),
    ])
    func theLastPageIsTheOneThatIsNotFull(
        answers: [Answer], members: Int, calls: Int, isWhole: Bool
    ) async throws {
        let mixpanel = ScriptedMixpanel(eu: answers)
        let (all, end) = try await readAll(mixpanel.api)
        #expect(all.count == members)
        #expect(mixpanel.requests.count == calls)
        #expect(end == (isWhole ? .end : .lost))
    }

    @Test func peopleWhoAreRepeatedAreLeftToTheCaller() async throws {
        let mixpanel = ScriptedMixpanel(eu: [Self.page(1000), Self.page(5, from: 995)])
        let (all, _) = try await readAll(mixpanel.api)
        #expect(all.count == 1005)
        #expect(Set(all.map(\.distinctID)).count == 1000)
    }

    @Test func everyPageIsAskedForOnceAndWithTheSession() async throws {
        let mixpanel = ScriptedMixpanel(eu: [Self.page(1000), Self.page(1)])
        _ = try await readAll(mixpanel.api)
        let bodies = mixpanel.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }
        let same =
            "filter_by_cohort=%7B%22id%22%3A12345%7D"
            + "&output_properties=%5B%22reference_id%22%2C%22plan%22%5D&include_all_users=false"
        #expect(bodies == [same + "&page=0", same + "&page=1&session_id=s-1"])
        #expect(mixpanel.urls[0] == "http://eu/api/query/engage?project_id=3713224")
        #expect(
            mixpanel.requests[0].headers.contains {
                $0.name == "Content-Type" && $0.value == "application/x-www-form-urlencoded"
            })
    }

    @Test func aPageOtherThanTheOneAskedForEndsTheReading() async throws {
        let results = Array(repeating: "{}", count: 1000).joined(separator: ",")
        let mixpanel = ScriptedMixpanel(
            eu: [.status(200, #"{"page":3,"session_id":"s","results":[\#(results)]}"#)])
        let page = try await mixpanel.api.engage(query(), .made())
        #expect(page.next == .lost)
        #expect(page.notes.unusable[.idMissing] == 1000)
    }

    @Test(arguments: [(9998, true), (9999, false), (Int.max, false)])
    func pagesHaveALimit(page: Int, goesOn: Bool) throws {
        guard case .success(let answer) = Self.page(1000) else { return }
        let query = try query().asking(forPage: page, of: "s-1")
        let read = try #require(EngagePage(answer.body, to: query))
        #expect((read.next == .lost) == !goesOn)
    }

    @Test func idsAreKeptAsTheyAreWritten() async throws {
        let page = try await read(
            """
            {"$distinct_id":4},{"$distinct_id":90071992547409931},{"$distinct_id":"\\u0065\\u0301"},
            {"$distinct_id":"é"},{"$distinct_id":null},{"$distinct_id":{}},7,{"$properties":{}}
            """)
        #expect(page.members.map(\.distinctID.text.utf8.count) == [1, 17, 3, 2])
        #expect(page.members.map(\.distinctID.text).prefix(2) == ["4", "90071992547409931"])
        #expect(page.notes.unusable == [.idMissing: 2, .idNotText: 1, .notAnObject: 1])
    }

    @Test func referenceAndTraitsAreReadAsFromTheWebhook() async throws {
        let page = try await read(
            """
            {"$distinct_id":"a","$properties":{"reference_id":17,"plan":"team","other":[1]}},
            {"$properties":{"plan":null,"reference_id":""},"$distinct_id":"b"},
            {"$distinct_id":"c","$properties":{"reference_id":"null","plan":{}}},
            {"$distinct_id":"d","$properties":[]}
            """)
        let members = page.members
        #expect(members[0].reference == .set(try id("17")))
        #expect(members[0].traits == [TraitChange(name: "plan", value: .text("team"))])
        #expect(members[1].reference == .cleared)
        #expect(members[1].traits == [TraitChange(name: "plan", value: nil)])
        #expect(members[2].reference == .absent && members[3].reference == .absent)
        #expect(page.notes.referencesIgnored == 1 && page.notes.traitsIgnored == 1)
    }

    @Test func theReferenceMayBeATraitToo() async throws {
        let query = EngageQuery(
            project: try id("1"), region: .eu, cohort: try id("2"), referenceProperty: "plan",
            traitsAllowed: ["plan"])
        let body = #"{"results":[{"$distinct_id":"a","$properties":{"plan":"x"}}]}"#
        let page = try #require(EngagePage(Array(body.utf8), to: query))
        #expect(page.members[0].reference == .set(try id("x")))
        #expect(page.members[0].traits == [TraitChange(name: "plan", value: .text("x"))])
    }

    @Test(arguments: ["{}", "[]", #"{"results":{}}"#, #"{"results":[{}"#, "null", ""])
    func anotherShapeIsNoPage(body: String) throws {
        #expect(EngagePage(Array(body.utf8), to: try query()) == nil)
    }

    @Test func aCohortIdThatIsNoNumberStaysAText() throws {
        let query = EngageQuery(project: try id("1"), region: .eu, cohort: try id("a\"b"))
        #expect(query.form[0].value == Array(#"{"id":"a\"b"}"#.utf8))
    }

    private func query() throws -> EngageQuery {
        EngageQuery(
            project: try id("3713224"), region: .eu, cohort: try id("12345"),
            traitsAllowed: ["plan"])
    }

    private func read(_ results: String) async throws -> EngagePage {
        let mixpanel = ScriptedMixpanel(eu: [.status(200, #"{"results":[\#(results)]}"#)])
        return try await mixpanel.api.engage(query(), .made())
    }

    private func readAll(_ api: MixpanelAPI) async throws -> ([MemberRecord], EngagePage.Next) {
        var members: [MemberRecord] = []
        var query = try query()
        while true {
            let page = try await api.engage(query, .made())
            members += page.members
            guard case .page(let next) = page.next else { return (members, page.next) }
            query = next
        }
    }
}

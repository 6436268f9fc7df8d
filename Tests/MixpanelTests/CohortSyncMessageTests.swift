import Audiences
import Mixpanel
import Testing

@Suite struct CohortSyncMessageTests {
    @Test func theDocumentedCallIsRead() throws {
        let page = try read(fixture("documented"))
        #expect(page.action == .addMembers)
        #expect(page.cohort.projectID?.text == "3012457")
        #expect(page.cohort.cohortID.text == "5540912")
        #expect(page.cohort.name == "Bought twice")
        #expect(page.cohort.description == "People who bought at least twice")
        #expect(page.sessionID?.text == "8a3fd3c4-52f1-4bb6-9d44-3a0a7b3c1d11")
        #expect(page.position == .page(number: 6, of: 10))
        #expect(page.ids == ["u-1815", "$device:18f0c0de-0000-4000-8000-00000000beef"])
        #expect(page.members.allSatisfy { $0.reference == .absent && $0.traits.isEmpty })
        #expect(page.notes == PageNotes())
    }

    @Test func theObservedCallWithoutPageInfoIsRead() throws {
        let connection = makeConnection(reference: "User ID", traits: ["¿Cuál es tu rol?", "$os"])
        let page = try read(fixture("observed"), for: connection)
        #expect(page.action == .members)
        #expect(page.cohort.name == "Compró dos veces 😀")
        #expect(page.cohort.description == nil)
        #expect(page.position == .absent)
        #expect(page.ids == ["u-1815", "mob:0x00c0ffee", "max@mail.example"])
        #expect(page.members[0].reference == ExternalID("1815").map { .set($0) })
        #expect(
            page.members[0].traits == [
                TraitChange(name: "¿Cuál es tu rol?", value: .text("médica")),
                TraitChange(name: "$os", value: .text("")),
            ])
    }

    @Test func membersBesideTheParametersAreReadIfThereAreNoneInside() throws {
        #expect(try read(fixture("reshaped")).ids == ["u-1815", "u-1816"])
        let outer = #""members":[{"mixpanel_distinct_id":"outer"}]"#
        let inner = #""members":[{"mixpanel_distinct_id":"inner"}]"#
        for (given, ids) in [
            (inner, ["inner"]), (#""members":null"#, ["outer"]), (#""x":1"#, ["outer"]),
        ] {
            let parameters = #""parameters":{"mixpanel_cohort_id":"1",\#(given)}"#
            #expect(try read("{\"action\":\"members\",\(outer),\(parameters)}").ids == ids)
            #expect(try read("{\(parameters),\(outer),\"action\":\"members\"}").ids == ids)
        }
    }

    @Test(arguments: SyncAction.allCases)
    func everyActionIsKnown(action: SyncAction) throws {
        let body = #"{"action":"\#(action.rawValue)","parameters":{"mixpanel_cohort_id":"1"}}"#
        #expect(try read(body).action == action)
    }

    @Test(arguments: ["[]", "null"])
    func noMembersAreAnEmptyPage(members: String) throws {
        #expect(try read(call(members)).entryCount == 0)
        let body = #"{"action":"add_members","parameters":{"mixpanel_cohort_id":"1"}}"#
        #expect(try read(body).entryCount == 0)
    }

    @Test func fieldsMayComeInAnyOrderAndEscaped() throws {
        let body = #"""
            {"x":[{}],"parameters":{"members":[{"mixpanel_distinct_id":"a"}],"y":{"members":1},
            "mixpanel_cohort_i\u0064":"1"},"\u0061ction":"add_m\u0065mbers","z":"action"}
            """#
        let page = try read(body)
        #expect(page.action == .addMembers)
        #expect(page.cohort.cohortID.text == "1")
        #expect(page.ids == ["a"])
    }

    @Test func aByteOrderMarkIsTolerated() throws {
        #expect(try read([0xEF, 0xBB, 0xBF] + Array(call().utf8)).entryCount == 0)
    }

    @Test(arguments: [
        ("5540912", "5540912"), ("90071992547409931", "90071992547409931"), ("1.5", "1.5"),
        ("1e3", "1e3"), ("-0", "-0"), (#""5540912""#, "5540912"), (#"" 1 ""#, " 1 "),
        (#""\u0035""#, "5"),
    ])
    func idsKeepTheirTextWhetherWrittenAsTextOrNumber(written: String, text: String) throws {
        let body = """
            {"action":"members","parameters":{"mixpanel_cohort_id":\(written),
            "mixpanel_project_id":\(written),"mixpanel_session_id":\(written)}}
            """
        let page = try read(body)
        #expect(page.cohort.cohortID.text == text)
        #expect(page.cohort.projectID?.text == text)
        #expect(page.sessionID?.text == text)
    }

    @Test(arguments: ["null", #""""#, "{}", "[1]", "true", #""\ud800""#, #""\u0000""#])
    func anUnusableProjectOrSessionIsLeftOutInsteadOfPausingTheSync(written: String) throws {
        let page = try read(
            call(
                parameters: #""mixpanel_project_id":\#(written),"mixpanel_session_id":\#(written),"#
            ))
        #expect(page.cohort.projectID == nil)
        #expect(page.sessionID == nil)
    }

    @Test(
        arguments: [
            (#""Emoji 😀 שלום""#, "Emoji 😀 שלום"), (#""""#, ""), ("null", nil), ("7", nil),
            ("{}", nil),
            (#""a\u0000b""#, "ab"), (#""a\ud83db""#, "a\u{FFFD}b"),
        ] as [(String, String?)])
    func namesAreMendedForDisplay(written: String, shown: String?) throws {
        let cohort = try read(
            call(
                parameters: """
                    "mixpanel_cohort_name":\(written),"mixpanel_cohort_description":\(written),
                    """)
        ).cohort
        #expect(cohort.name == shown)
        #expect(cohort.description == shown)
    }

    @Test func namesAreCutAtTheirLimit() throws {
        for (count, kept) in [
            (Limits.nameCharactersMax, Limits.nameCharactersMax),
            (Limits.nameCharactersMax + 1, Limits.nameCharactersMax),
        ] {
            let name = String(repeating: "é", count: count)
            let page = try read(call(parameters: #""mixpanel_cohort_name":"\#(name)","#))
            #expect(page.cohort.name?.unicodeScalars.count == kept)
        }
    }

    @Test func aCohortIDIsTakenUpToItsLimit() throws {
        let longest = String(repeating: "é", count: Limits.externalIDBytesMax / 2)
        let make = { (id: String) in
            #"{"action":"members","parameters":{"mixpanel_cohort_id":"\#(id)"}}"#
        }
        #expect(try read(make(longest)).cohort.cohortID.text == longest)
        #expect(
            refused(make(longest + "x"))?.message
                == "parameters.mixpanel_cohort_id is longer than 1024 bytes.")
    }
}

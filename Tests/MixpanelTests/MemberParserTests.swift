import Audiences
import Mixpanel
import Testing

@Suite struct MemberParserTests {
    /// The page with one member whose properties after the id are `properties`.
    private func member(
        _ properties: String, reference: String = "reference_id", traits: [String] = []
    ) throws -> (member: MemberRecord, notes: PageNotes) {
        let connection = makeConnection(reference: reference, traits: traits)
        let page = try read(
            call(#"[{"mixpanel_distinct_id":"a",\#(properties)}]"#), for: connection)
        return (try #require(page.members.first), page.notes)
    }

    @Test(arguments: [
        ("4", "4"), ("90071992547409931", "90071992547409931"), ("1.5", "1.5"), (#""4""#, "4"),
        (#"" A ""#, " A "), (#""$device:18f0""#, "$device:18f0"), (#""\u00e9\ud83d\ude00""#, "é😀"),
        (#""e\u0301""#, "e\u{301}"), (#""null""#, "null"),
    ])
    func anIDIsKeptAsItWasWritten(written: String, text: String) throws {
        let page = try read(call("[{\"mixpanel_distinct_id\":\(written)}]"))
        #expect(page.members.map { Array($0.distinctID.text.utf8) } == [Array(text.utf8)])
    }

    @Test(arguments: [
        ("null", UnusableReason.notAnObject), (#""abc""#, .notAnObject), ("7", .notAnObject),
        ("[{}]", .notAnObject), ("true", .notAnObject), ("{}", .idMissing),
        (#"{"distinct_id":"x"}"#, .idMissing), (#"{"mixpanel_distinct_id":null}"#, .idMissing),
        (#"{"mixpanel_distinct_id":""}"#, .idEmpty),
        (#"{"mixpanel_distinct_id":{"x":1}}"#, .idNotText),
        (#"{"mixpanel_distinct_id":["x"]}"#, .idNotText),
        (#"{"mixpanel_distinct_id":true}"#, .idNotText),
        (#"{"mixpanel_distinct_id":"a\u0000"}"#, .idNotUnicode),
        (#"{"mixpanel_distinct_id":"\ud83d"}"#, .idNotUnicode),
        (#"{"mixpanel_distinct_id":"a","mixpanel_distinct_id":""}"#, .idEmpty),
    ])
    func anUnusableMemberIsCountedAndTheOthersStay(written: String, reason: UnusableReason) throws {
        let good = #"{"mixpanel_distinct_id":"a"}"#
        let page = try read(call("[\(good),\(written),\(good),\(written)]"))
        #expect(page.ids == ["a", "a"])
        #expect(page.notes.unusable == [reason: 2])
        #expect(page.entryCount == 4)
        #expect(try read(call("[\(written)]")).members.isEmpty)
    }

    @Test func anIDIsTakenUpToItsLimit() throws {
        let longest = String(repeating: "a", count: Limits.externalIDBytesMax)
        let escaped = "\\u0061" + longest.dropFirst()
        let list = [longest, longest + "a", escaped, escaped + "a"]
            .map { "{\"mixpanel_distinct_id\":\"\($0)\"}" }.joined(separator: ",")
        let page = try read(call("[\(list)]"))
        #expect(page.ids == [longest, longest])
        #expect(page.notes.unusable == [.idTooLong: 2])
    }

    @Test(arguments: [
        (#""x":1"#, ReferenceUpdate.absent, 0), (#""reference_id":null"#, .cleared, 0),
        (#""reference_id":"""#, .cleared, 0),
        (#""reference_id":"u1""#, ExternalID("u1").map { .set($0) } ?? .absent, 0),
        (#""reference_id":81"#, ExternalID("81").map { .set($0) } ?? .absent, 0),
        (
            #""reference_id":"x","reference_id":"u1""#,
            ExternalID("u1").map { .set($0) } ?? .absent, 0
        ),
        (#""reference_id":{}"#, .absent, 1), (#""reference_id":["u1"]"#, .absent, 1),
        (#""reference_id":false"#, .absent, 1), (#""reference_id":"\u0000""#, .absent, 1),
        (#""reference_id":"\ud800""#, .absent, 1),
    ])
    func aReferenceIsSetClearedOrLeft(
        properties: String, update: ReferenceUpdate, ignored: Int
    ) throws {
        let (member, notes) = try member(properties)
        #expect(member.reference == update)
        #expect(notes == PageNotes(referencesIgnored: ignored))
    }

    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000", "anon", "Anonymous", "nil", "none", "NULL", "n/a",
        "NA", "undefined", "unknown", "<nil>", "0", "-1", "true", "False", "[]", "{}",
    ])
    func aJunkReferenceIsIgnoredAndCounted(junk: String) throws {
        let (member, notes) = try member(#""reference_id":"\#(junk)""#)
        #expect(member.reference == .absent)
        #expect(notes == PageNotes(referencesIgnored: 1))
        // A distinct id is Mixpanel's own, and taken as it is.
        #expect(try read(call(#"[{"mixpanel_distinct_id":"\#(junk)"}]"#)).ids == [junk])
    }

    @Test(arguments: [
        "00000000-0000-0000-0000-000000000001", "anonymous2", "nul", " null", "00", "-2", "{ }",
        "\u{212A}", "NÜLL", "anonymouſ",
    ])
    func whatOnlyLooksLikeJunkIsAReference(text: String) throws {
        let (member, _) = try member(#""reference_id":"\#(text)""#)
        #expect(member.reference == ExternalID(text).map { .set($0) })
    }

    @Test func numbersCanBeJunkToo() throws {
        for number in ["0", "-1"] {
            #expect(try member("\"reference_id\":\(number)").notes.referencesIgnored == 1)
        }
    }

    @Test func aReferenceIsTakenUpToItsLimit() throws {
        let longest = String(repeating: "r", count: Limits.externalIDBytesMax)
        #expect(try member("\"reference_id\":\"\(longest)\"").member.reference != .absent)
        #expect(try member("\"reference_id\":\"\(longest)r\"").notes.referencesIgnored == 1)
    }

    @Test(arguments: ["User ID", "¿Cuál es tu rol?", "", "__proto__", "a.b", "$email"])
    func anyPropertyCanBeTheReference(name: String) throws {
        let (member, _) = try member("\"reference_id\":\"x\",\"\(name)\":\"u1\"", reference: name)
        #expect(member.reference == ExternalID("u1").map { .set($0) })
    }

    @Test func theDistinctIDCanBeTheReferenceAndATrait() throws {
        let name = "mixpanel_distinct_id"
        let (member, _) = try member("\"x\":1", reference: name, traits: [name])
        #expect(member.reference == ExternalID("a").map { .set($0) })
        #expect(member.traits == [TraitChange(name: name, value: .text("a"))])
    }

    @Test(
        arguments: [
            ("true", TraitValue.bool(true)), ("12.50", .number("12.50")), (#""""#, .text("")),
            (#""2025-01-31T08:57:52""#, .text("2025-01-31T08:57:52")), (#""\u00e9""#, .text("é")),
            ("90071992547409931", .number("90071992547409931")), ("null", nil),
        ] as [(String, TraitValue?)])
    func scalarTraitsAreKeptAndNullRemoves(written: String, value: TraitValue?) throws {
        let (member, notes) = try member("\"plan\":\(written)", traits: ["plan"])
        #expect(member.traits == [TraitChange(name: "plan", value: value)])
        #expect(notes == PageNotes())
    }

    @Test(arguments: [#"["a","b"]"#, #"{"k":[1,{"z":null}]}"#, #""\u0000""#, #""\ud800""#])
    func traitsThatCanNotBeKeptAreIgnoredAndCounted(written: String) throws {
        let (member, notes) = try member("\"plan\":\(written)", traits: ["plan"])
        #expect(member.traits == [])
        #expect(notes == PageNotes(traitsIgnored: 1))
    }

    @Test func aTraitIsTakenUpToItsLimit() throws {
        let longest = String(repeating: "é", count: Limits.traitBytesMax / 2)
        let digits = String(repeating: "1", count: Limits.traitBytesMax)
        for written in ["\"\(longest)\"", "\"\\n\(longest.dropFirst())\"", digits] {
            #expect(try member("\"t\":\(written)", traits: ["t"]).member.traits.count == 1)
        }
        for written in ["\"\(longest)a\"", "\"\\n\(longest)\"", digits + "1"] {
            let (member, notes) = try member("\"t\":\(written)", traits: ["t"])
            #expect(member.traits == [])
            #expect(notes.traitsIgnored == 1)
        }
    }

    @Test func onlyAllowListedTraitsAreKeptAndNoneByDefault() throws {
        let properties = #""b":1,"a":2,"c":3,"A":4"#
        #expect(try member(properties).member.traits == [])
        #expect(
            try member(properties, traits: ["a", "b", "missing"]).member.traits == [
                TraitChange(name: "a", value: .number("2")),
                TraitChange(name: "b", value: .number("1")),
            ])
    }

    @Test func theLastCopyOfATraitCounts() throws {
        let (member, _) = try member(#""a":1,"a":2"#, traits: ["a"])
        #expect(member.traits == [TraitChange(name: "a", value: .number("2"))])
    }

    @Test func nothingOfOneMemberIsLeftForTheNext() throws {
        let list = #"""
            [{"mixpanel_distinct_id":"a","reference_id":"r","t":1,"u":2},{"reference_id":"s","t":3},
            {"mixpanel_distinct_id":"b"},{"mixpanel_distinct_id":"c","u":4}]
            """#
        let page = try read(call(list), for: makeConnection(traits: ["t", "u"]))
        #expect(page.ids == ["a", "b", "c"])
        #expect(page.members[1].reference == .absent)
        #expect(page.members.map(\.traits.count) == [2, 0, 1])
        #expect(page.notes.unusable == [.idMissing: 1])
    }

    @Test func oneIDManyTimesIsLeftToWhoeverRecordsThePage() throws {
        let list = Array(repeating: #"{"mixpanel_distinct_id":"a"}"#, count: 3)
        #expect(try read(call("[\(list.joined(separator: ","))]")).ids == ["a", "a", "a"])
    }

    @Test(arguments: [0, 999, 1000, 1001, 5000])
    func pagesOfAnySizeAreRead(count: Int) throws {
        let list = (0..<count).map { "{\"mixpanel_distinct_id\":\"u\($0)\"}" }
        #expect(try read(call("[\(list.joined(separator: ","))]")).members.count == count)
    }

    @Test func escapedTextsDoNotRunIntoEachOther() throws {
        let one = #"{"mixpanel_distinct_id":"\u0061b","reference_id":"\u0063d","t":"\u0065f"}"#
        let page = try read(call("[\(one),\(one)]"), for: makeConnection(traits: ["t"]))
        #expect(page.ids == ["ab", "ab"])
        for member in page.members {
            #expect(member.reference == ExternalID("cd").map { .set($0) })
            #expect(member.traits == [TraitChange(name: "t", value: .text("ef"))])
        }
    }
}

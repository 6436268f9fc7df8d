import Audiences
import TestSupport
import Testing

@testable import SQLiteStore

/// The byte formats of the columns, and the hash.
struct CodingTests {
    /// From the reference implementation: key 00…0f, message 00 01 02 … of that length.
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (2, 0x0d6c_8009_d9a9_4f5a),
            (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462), (9, 0x9e00_82df_0ba9_e4b0),
            (15, 0xa129_ca61_49be_45e5), (16, 0x3f2a_cc7f_57c2_9bdb), (31, 0x32d8_92fa_d841_c342),
            (63, 0x958a_324c_eb06_4572),
        ] as [(UInt8, UInt64)])
    func sipHashIsTheReferenceOne(_ length: UInt8, _ expected: UInt64) throws {
        let siphash = try #require(SipHash(key: Array(0..<16)))
        let message = Array(0..<length)
        #expect(message.withUnsafeBytes { siphash.hash($0) } == expected)
    }

    /// From the reference implementation, as above.
    @Test(
        arguments: [
            (0, 0xe6a8_25ba_047f_81a3, 0x9302_55c7_1472_f66d),
            (1, 0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634),
        ] as [(UInt8, UInt64, UInt64)])
    func theLongSipHashIsTheReferenceOne(
        _ length: UInt8, _ first: UInt64, _ second: UInt64
    ) throws {
        let siphash = try #require(SipHash(key: Array(0..<16)))
        let message = Array(0..<length)
        #expect(message.withUnsafeBytes { siphash.longHash($0) } == (first, second))
    }

    @Test func sipHashWantsSixteenBytesOfKey() {
        #expect(SipHash(key: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(SipHash(key: [UInt8](repeating: 1, count: 17)) == nil)
    }

    @Test(
        arguments: [
            [], [1], [1, 2, 3], [127, 128, 16_383, 16_384], [0, .max], [5, 5_000_000_000],
        ] as [[Int64]])
    func aListOfPeopleComesBack(_ people: [Int64]) {
        #expect(PersonList.decode(PersonList.encode(people)) == people)
    }

    @Test func neighboursTakeAByteEach() {
        #expect(PersonList.encode(Array(1_000_000..<1_001_000)).count == 1002)
    }

    @Test func idsAndTraitsAndNotesComeBack() {
        let ids = ["ada", "ren\u{e9}", "rene\u{301}", String(repeating: "x", count: 1024)]
            .map { ExternalID.make($0) }
        #expect(IDList.decode(IDList.encode(ids)) == ids)
        let traits = [
            Trait(name: "a\u{0}b", value: .text("")), Trait(name: "b", value: .number("1e400")),
            Trait(name: "", value: .bool(true)), Trait(name: "d", value: .bool(false)),
        ]
        #expect(TraitList.encode(traits).flatMap(TraitList.decode) == traits)
        #expect(TraitList.encode([]) == nil)
        var notes = PageNotes(referencesIgnored: 3, traitsIgnored: 300)
        for (index, reason) in UnusableReason.allCases.enumerated() {
            notes.unusable[reason] = index + 1
        }
        #expect(NoteList.encode(notes).flatMap(NoteList.decode) == notes)
        #expect(NoteList.encode(PageNotes()) == nil)
    }

    /// Truncated, too long for 64 bits, an unknown kind, an empty id.
    @Test func bytesNobodyWroteAreRefused() {
        #expect(PersonList.decode([0x80]) == nil)
        #expect(PersonList.decode([UInt8](repeating: 0xff, count: 9) + [0x02]) == nil)
        #expect(PersonList.decode([UInt8](repeating: 0xff, count: 11)) == nil)
        #expect(IDList.decode([3, 65, 66]) == nil)
        #expect(IDList.decode([0]) == nil)
        #expect(TraitList.decode([9, 1, 65]) == nil)
        #expect(TraitList.decode([1, 1, 65]) == nil)
        #expect(NoteList.decode([1, 65, 1]) == nil)
        #expect(NoteList.decode([5, 65]) == nil)
    }

    @Test func everyTruncationIsReadWithoutATrap() {
        let bytes = TraitList.encode([
            Trait(name: "plan", value: .text("pro")), Trait(name: "seats", value: .number("7")),
        ])
        for length in 0...(bytes?.count ?? 0) {
            _ = TraitList.decode(Array((bytes ?? []).prefix(length)))
        }
    }

    @Test func cursorsAreReadStrictly() throws {
        let place = Place(scope: 12, row: .max)
        let cursor = place.cursor(in: .members)
        #expect(try Place(cursor, in: .members) == place)
        let wrong = [
            "m1-12-9223372036854775808", "m1-012-3", "m1-12", "m1-12-3-4", "m1--12-3", "m1-12-+3",
            "m1-1२-3", "M1-12-3", "s1-12-3", "m1-12-3 ", "m1-12-3\u{0}", "-",
        ]
        for text in wrong {
            let failure = #expect(throws: Failure.self, "\(text)") {
                try Place(Cursor(text), in: .members)
            }
            #expect(failure?.code == .invalid)
        }
    }
}

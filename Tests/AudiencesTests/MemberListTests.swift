import Audiences
import TestSupport
import Testing

@Suite struct MemberListTests {
    private static let trait = TraitChange(name: "plan", value: .text("pro"))

    private static let records: [MemberRecord] = [
        .make("ada", reference: "user-1"),
        .make("Zoë\u{301}", reference: .cleared),
        .make("ada", traits: [trait]),
        .make(String(repeating: "x", count: 1024), reference: String(repeating: "ö", count: 512)),
        .make("b"),
    ]

    @Test func membersComeOutAsTheyWentIn() {
        let list = MemberList(Self.records)
        #expect(Array(list) == Self.records)
        #expect(list.count == 5 && list[2].traits == [Self.trait] && list[4].traits.isEmpty)
    }

    @Test func theIDsAreLentAsTheyAre() {
        MemberList(Self.records).withIDs { ids in
            for (member, record) in Self.records.enumerated() {
                #expect(Array(ids.distinctID(member)) == Array(record.distinctID.text.utf8))
                switch (ids.reference(member), record.reference) {
                case (.absent, .absent), (.cleared, .cleared): break
                case (.set(let bytes), .set(let id)):
                    #expect(Array(bytes) == Array(id.text.utf8))
                default: Issue.record("\(record.reference)")
                }
            }
        }
    }

    @Test func aListOutgrowsWhatWasReserved() {
        var list = MemberList()
        list.reserveCapacity(1)
        let records = (0..<500).map { MemberRecord.make("person-\($0)", reference: "user-\($0)") }
        for record in records { list.append(record) }
        #expect(Array(list) == records)
    }

    @Test func aCopyDoesNotChangeWithTheOriginal() {
        var list = MemberList(Self.records)
        let copy = list
        list.append(.make("late"))
        #expect(copy.count == 5 && list.count == 6 && copy != list)
        #expect(copy == MemberList(Self.records))
    }

    @Test func textsThatLookTheSameAreDifferentIDs() {
        let composed: MemberList = [.make("\u{E9}")]
        let decomposed: MemberList = [.make("e\u{301}")]
        #expect(composed != decomposed)
    }
}

import Audiences
import TestSupport
import Testing

@Suite struct PersonTests {
    let distinct = id("u-1")

    @Test func withoutAReferenceIDTheDistinctIDMatches() {
        #expect(Person(distinctID: distinct).matchID == distinct)
    }

    @Test func withAReferenceIDTheDistinctIDNoLongerMatches() {
        #expect(Person(distinctID: distinct, referenceID: id("42")).matchID == id("42"))
    }

    @Test func anAbsentPropertyLeavesTheReferenceIDAlone() {
        var person = Person(distinctID: distinct, referenceID: id("42"))
        #expect(!updated(&person, MemberRecord(distinctID: distinct)))
        #expect(person.referenceID == id("42"))
    }

    @Test func aClearedOneIsGone() {
        var person = Person(distinctID: distinct, referenceID: id("42"))
        #expect(updated(&person, MemberRecord(distinctID: distinct, reference: .cleared)))
        #expect(person.referenceID == nil)
    }

    @Test func theLatestReferenceIDWins() {
        var person = Person(distinctID: distinct, referenceID: id("42"))
        #expect(updated(&person, MemberRecord(distinctID: distinct, reference: .set(id("43")))))
        #expect(!updated(&person, MemberRecord(distinctID: distinct, reference: .set(id("43")))))
        #expect(person.referenceID == id("43"))
    }

    @Test func aReferenceIDThatOnlyChangedItsNormalFormHasChanged() {
        var person = Person(distinctID: distinct, referenceID: id("caf\u{E9}"))
        let record = MemberRecord(distinctID: distinct, reference: .set(id("cafe\u{301}")))
        #expect(updated(&person, record))
        #expect(person.referenceID == id("cafe\u{301}"))
    }

    @Test func traitsAreReplacedRemovedAndKeptByName() {
        var person = Person(
            distinctID: distinct,
            traits: [
                Trait(name: "plan", value: .text("free")),
                Trait(name: "seats", value: .number("3")),
            ])
        let record = MemberRecord(
            distinctID: distinct,
            traits: [
                TraitChange(name: "plan", value: .text("pro")),
                TraitChange(name: "seats", value: nil),
                TraitChange(name: "beta", value: .bool(true)),
            ])
        #expect(updated(&person, record))
        #expect(
            person.traits == [
                Trait(name: "beta", value: .bool(true)), Trait(name: "plan", value: .text("pro")),
            ])
        #expect(!updated(&person, record))
    }

    @Test func aTraitThatOnlyChangedItsNormalFormHasChanged() {
        var person = Person(
            distinctID: distinct, traits: [Trait(name: "city", value: .text("Malm\u{F6}"))])
        let change = TraitChange(name: "city", value: .text("Malmo\u{308}"))
        #expect(updated(&person, MemberRecord(distinctID: distinct, traits: [change])))
    }
}

/// The macro can't call what mutates.
private func updated(_ person: inout Person, _ record: MemberRecord) -> Bool {
    person.update(from: record)
}

private func id(_ text: String) -> ExternalID {
    .make(text)
}

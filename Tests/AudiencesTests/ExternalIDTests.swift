import Audiences
import Testing

@Suite struct ExternalIDTests {
    @Test func canonicallyEquivalentTextsAreTwoIDs() {
        let composed = ExternalID("caf\u{E9}")
        let decomposed = ExternalID("cafe\u{301}")
        #expect(composed?.text == decomposed?.text, "Swift takes the texts for equal")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(ExternalID("K") != ExternalID("\u{212A}"))
    }

    @Test func nothingIsTrimmedOrFolded() {
        #expect(ExternalID(" a ")?.text == " a ")
        #expect(ExternalID("A") != ExternalID("a"))
    }

    @Test func theLengthIsCountedInBytes() {
        let longest = String(repeating: "é", count: Limits.externalIDBytesMax / 2)
        #expect(ExternalID(longest) != nil)
        #expect(ExternalID(longest + "x") == nil)
        #expect(ExternalID("") == nil)
    }

    @Test func aNULMakesNoID() {
        #expect(ExternalID("a\0b") == nil)
    }

    @Test func orderIsThatOfTheBytes() {
        let ids = ["b", "a", "é", "Z"].compactMap(ExternalID.init(_:)).sorted()
        #expect(ids.map(\.text) == ["Z", "a", "b", "é"])
    }
}

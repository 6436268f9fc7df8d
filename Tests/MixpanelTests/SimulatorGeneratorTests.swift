import Testing

@testable import Mixpanel

@Suite struct SimulatorGeneratorTests {
    @Test func theGeneratorIsSplitMix64() {
        // The first numbers of seed 1234567, as in the reference implementation by Vigna.
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func anIndexStaysBelowItsBoundAndReachesAllBelow() {
        var random = SplitMix64(seed: 1)
        let seen = Set((0..<1000).map { _ in random.index(below: 7) })
        #expect(seen == Set(0..<7))
    }

    @Test func aChanceComesAboutAsOftenAsItsShare() {
        var random = SplitMix64(seed: 2)
        let quarter = (0..<10_000).count { _ in random.chance(0.25) }
        #expect((2300...2700).contains(quarter))
        #expect((0..<1000).allSatisfy { _ in random.chance(1) })
        #expect(!(0..<1000).contains { _ in random.chance(0) })
    }

    @Test func shufflingKeepsEveryElementAndChangesTheOrder() {
        var random = SplitMix64(seed: 3)
        var numbers = Array(0..<100)
        random.shuffle(&numbers)
        #expect(numbers != Array(0..<100))
        #expect(numbers.sorted() == Array(0..<100))
    }

    @Test func shufflingNothingIsNothing() {
        var random = SplitMix64(seed: 3)
        var none: [Int] = []
        random.shuffle(&none)
        #expect(none.isEmpty)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func anIDIsARandomUUIDOfVersion4(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let text = String(decoding: random.uuid(), as: UTF8.self)
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(text.wholeMatch(of: form) != nil, "\(text)")
    }
}

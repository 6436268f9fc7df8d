import HTTPWire
import Testing

/// Invariants of any bytes at all: reading them ends in waiting, a refusal or a request, never in
/// a trap, and does not depend on how they were cut.
@Suite struct MutationTests {
    /// SplitMix64: the same numbers on every run, so that a failure can be repeated.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static let seeds = (CorpusTests.accepted + CorpusTests.refused).filter {
        $0.bytes.count < 1_000
    }

    /// Bytes that mean something somewhere in a message.
    static let telling = Array("\r\n\t\0 :;,=\"\\%/?*#[]+-05afGH\u{7F}\u{E9}".utf8)

    @Test(arguments: seeds)
    func brokenRequestsAreReadTheSameHoweverTheyAreCut(_ seed: CorpusTests.Case) {
        var numbers = Numbers(state: UInt64(seed.bytes.count))
        for _ in 0..<40 {
            var bytes = seed.bytes
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                guard let at = bytes.indices.randomElement(using: &numbers) else { continue }
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
                case 2: bytes[at] = Self.telling.randomElement(using: &numbers) ?? 0
                default: bytes.insert(bytes[at], at: at)
                }
            }
            let whole = Exchange.verdict(on: [bytes])
            let cut = Int.random(in: 0...bytes.count, using: &numbers)
            #expect(Exchange.verdict(on: bytes.map { [$0] }) == whole)
            #expect(Exchange.verdict(on: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
    }
}

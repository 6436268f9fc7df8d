/// A small generator of random numbers: the same seed gives the same numbers on every machine
/// and with every version of Swift.
///
/// It is SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
/// Good enough to invent people; never for a secret.
package struct SplitMix64: Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// One of many sequences of a seed, so that the n-th thing can be made without the others.
    package init(seed: UInt64, stream: UInt64) {
        var mixer = SplitMix64(seed: stream)
        state = seed ^ mixer.next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `bound`, which must be positive.
    ///
    /// The bias of this way is below `bound` / 2^64.
    package mutating func index(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Whether something happens that happens in this share of all cases, 0…1.
    package mutating func chance(_ share: Double) -> Bool {
        // The upper 53 bits, for those a Double holds exactly.
        Double(next() >> 11) * 0x1p-53 < share
    }

    /// Puts `elements` into a random order (Fisher and Yates).
    package mutating func shuffle(_ elements: inout [some Any]) {
        for last in elements.indices.dropFirst().reversed() {
            elements.swapAt(last, index(below: last + 1))
        }
    }

    /// An id that looks like a random UUID (RFC 9562, version 4), in ASCII.
    package mutating func uuid() -> [UInt8] {
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return [UInt8](unsafeUninitializedCapacity: 36) { buffer, count in
            for place in 0..<32 {
                let half = place < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - place % 16 * 4)) & 0xF
                if place == 8 || place == 12 || place == 16 || place == 20 {
                    buffer[count] = UInt8(ascii: "-")
                    count += 1
                }
                buffer[count] = digit < 10 ? digit + 0x30 : digit + 0x57
                count += 1
            }
        }
    }
}

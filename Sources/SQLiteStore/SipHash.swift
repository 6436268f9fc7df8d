/// SipHash-2-4 with 64 bits of output (Aumasson and Bernstein, 2012).
///
/// The indexes of people are keyed by it: 8 bytes instead of an id of up to 1024, and since the
/// key is random and secret, nobody can choose ids that collide. A match is always verified
/// against the id itself, so a collision costs a look-up, never a mix-up.
struct SipHash: Sendable, Hashable {
    private let key0: UInt64
    private let key1: UInt64

    /// How many bytes a key has.
    static let keyBytes = 16

    /// `nil` unless the key has 16 bytes.
    init?(key: [UInt8]) {
        guard key.count == Self.keyBytes else { return nil }
        key0 = key.prefix(8).littleEndianWord
        key1 = key.suffix(8).littleEndianWord
    }

    /// The hash of a text's bytes of UTF-8, as SQLite's signed integer.
    func hash(_ text: String) -> Int64 {
        var text = text
        return Int64(bitPattern: text.withUTF8 { hash(UnsafeRawBufferPointer($0)) })
    }

    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key0, key1)
        let words = bytes.count / 8
        for word in 0..<words {
            state.compress(
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self))
            )
        }
        // The last word: what is left over, and the length modulo 256 in the top byte.
        var last = UInt64(UInt8(truncatingIfNeeded: bytes.count)) << 56
        for (position, byte) in bytes.dropFirst(words * 8).enumerated() {
            last |= UInt64(byte) << UInt64(8 * position)
        }
        state.compress(last)
        return state.finish()
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        init(_ key0: UInt64, _ key1: UInt64) {
            v0 = key0 ^ 0x736f_6d65_7073_6575
            v1 = key1 ^ 0x646f_7261_6e64_6f6d
            v2 = key0 ^ 0x6c79_6765_6e65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xff
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        mutating func round() {
            v0 &+= v1
            v1 = v1.rotated(by: 13) ^ v0
            v0 = v0.rotated(by: 32)
            v2 &+= v3
            v3 = v3.rotated(by: 16) ^ v2
            v0 &+= v3
            v3 = v3.rotated(by: 21) ^ v0
            v2 &+= v1
            v1 = v1.rotated(by: 17) ^ v2
            v2 = v2.rotated(by: 32)
        }
    }
}

/// The two hashes of a store, each under a key of its own.
struct Hashing: Sendable, Hashable {
    /// Of the indexes of people.
    let people: SipHash
    /// Of those who are to stay erased: nobody can tell from one of the indexes who is meant.
    let erased: SipHash
}

extension UInt64 {
    fileprivate func rotated(by bits: UInt64) -> UInt64 {
        self << bits | self >> (64 - bits)
    }
}

extension Collection where Element == UInt8 {
    fileprivate var littleEndianWord: UInt64 {
        reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

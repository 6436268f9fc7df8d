/// SipHash-2-4 (Aumasson and Bernstein, 2012).
///
/// A hash under a key: who does not know the key can neither choose texts that collide nor tell the
/// hash of one.
package struct SipHash: Sendable, Hashable {
    private let key0: UInt64
    private let key1: UInt64

    /// How many bytes a key has.
    package static let keyBytes = 16

    /// `nil` unless the key has 16 bytes.
    package init?(key: [UInt8]) {
        guard key.count == Self.keyBytes else { return nil }
        key0 = key.prefix(8).littleEndianWord
        key1 = key.suffix(8).littleEndianWord
    }

    /// The hash of a text's bytes of UTF-8, as SQLite's signed integer.
    package func hash(_ text: String) -> Int64 {
        var text = text
        return text.withUTF8 { signedHash(UnsafeRawBufferPointer($0)) }
    }

    package func signedHash(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        Int64(bitPattern: hash(bytes))
    }

    package func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key0, key1)
        state.compress(bytes)
        state.v2 ^= 0xff
        return state.finish()
    }

    /// The variant with 128 bits of output.
    package func longHash(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var state = State(key0, key1)
        state.v1 ^= 0xee
        state.compress(bytes)
        state.v2 ^= 0xee
        let first = state.finish()
        state.v1 ^= 0xdd
        return (first, state.finish())
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

        mutating func compress(_ bytes: UnsafeRawBufferPointer) {
            let words = bytes.count / 8
            for word in 0..<words {
                compress(
                    UInt64(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: word * 8, as: UInt64.self)))
            }
            // The last word: what is left over, and the length modulo 256 in the top byte.
            var last = UInt64(UInt8(truncatingIfNeeded: bytes.count)) << 56
            for place in words * 8..<bytes.count {
                last |= UInt64(bytes[place]) << UInt64(8 * (place - words * 8))
            }
            compress(last)
        }

        mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
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

/// Base64 without padding (RFC 4648 section 3.2), in its one canonical form.
package enum UnpaddedBase64: Sendable {
    /// RFC 4648 section 4: of the PHC strings of hashes.
    case standard
    /// RFC 4648 section 5: safe in URLs and file names.
    case url

    private static let common = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private var alphabet: [UInt8] {
        switch self {
        case .standard: Self.common + Array("+/".utf8)
        case .url: Self.common + Array("-_".utf8)
        }
    }

    package func encode(_ bytes: [UInt8]) -> String {
        let alphabet = alphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + 5) / 6)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = (bits & 0x3F) << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> UInt32(bitCount) & 0x3F)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << UInt32(6 - bitCount) & 0x3F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` unless `text` is what ``encode(_:)`` makes of some bytes.
    package func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        let alphabet = alphabet
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for digit in text {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
                bits &= (1 << UInt32(bitCount)) - 1
            }
        }
        // What is left over must be zero, else two texts would name the same bytes.
        return bits == 0 ? bytes : nil
    }
}

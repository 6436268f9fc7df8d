import Audiences
import Foundation
import Platform

/// A key of 32 bytes, under which secrets are sealed.
struct EncryptionKey: Sendable, Hashable, CustomStringConvertible {
    let bytes: [UInt8]
    /// Names the key in what is sealed with it, and tells nothing about it: 8 hexadecimal digits.
    let id: String

    /// What a text must be, in the words of a complaint.
    static let rule = "32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` makes them"

    init?(bytes: [UInt8]) {
        guard bytes.count == AESGCM.keyByteCount,
            let code = try? HMACSHA256.code(for: "muster encryption key".utf8, key: bytes)
        else { return nil }
        self.bytes = bytes
        id = code.prefix(4).map { String(format: "%02x", $0) }.joined()
    }

    /// Reads 64 hexadecimal digits, or base64 with or without its padding.
    init?(_ text: String) {
        let digits = Array(text.utf8)
        if digits.count == 2 * AESGCM.keyByteCount {
            self.init(hex: digits)
        } else {
            let isPadded = digits.count == 44 && digits.last == UInt8(ascii: "=")
            let bytes = UnpaddedBase64.standard.decode(isPadded ? digits.dropLast() : digits[...])
            guard let bytes else { return nil }
            self.init(bytes: bytes)
        }
    }

    private init?(hex digits: [UInt8]) {
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard values.count == digits.count else { return nil }
        self.init(
            bytes: stride(from: 0, to: values.count, by: 2).map {
                UInt8(values[$0] << 4 | values[$0 + 1])
            })
    }

    static func make() throws -> EncryptionKey {
        guard let key = EncryptionKey(bytes: try RandomBytes.make(AESGCM.keyByteCount)) else {
            throw PlatformError.unavailable("HMAC")
        }
        return key
    }

    /// Never the key itself.
    var description: String { "key \(id)" }

    /// As it stands in the key file.
    var line: String { UnpaddedBase64.standard.encode(bytes) + "=\n" }
}

/// What the domain needs of cryptography, as functions given from above.
///
/// The domain decides what a secret looks like and how its hash is written; the platform supplies
/// the primitives.
package struct Secrets: Sendable {
    /// Bytes from the system's cryptographically secure generator.
    package var random: @Sendable (_ count: Int) throws -> [UInt8]
    /// SHA-256; 32 bytes.
    package var sha256: @Sendable (_ message: [UInt8]) throws -> [UInt8]
    /// Whether two byte strings are equal, in a time that depends on their lengths only.
    package var equal: @Sendable (_ left: [UInt8], _ right: [UInt8]) -> Bool
    /// Scrypt (RFC 7914); 32 bytes.
    ///
    /// Takes as long, and as much memory, as its cost says.
    package var scrypt:
        @Sendable (_ password: [UInt8], _ salt: [UInt8], _ cost: ScryptCost) throws -> [UInt8]

    package init(
        random: @escaping @Sendable (_ count: Int) throws -> [UInt8],
        sha256: @escaping @Sendable (_ message: [UInt8]) throws -> [UInt8],
        equal: @escaping @Sendable (_ left: [UInt8], _ right: [UInt8]) -> Bool,
        scrypt:
            @escaping @Sendable (_ password: [UInt8], _ salt: [UInt8], _ cost: ScryptCost) throws
            -> [UInt8] = { _, _, _ in throw Failure(.internal, "There is no scrypt here.") }
    ) {
        self.random = random
        self.sha256 = sha256
        self.equal = equal
        self.scrypt = scrypt
    }

    /// A new secret: `prefix`, 256 random bits in base 62, and a CRC-32 of both.
    ///
    /// The prefix and the checksum let a scanner tell a leaked secret from a random word without
    /// asking anybody; underscores, unlike hyphens, keep a double click selecting the whole.
    package func makeSecret(prefix: String) throws -> String {
        var characters: [UInt8] = []
        while characters.count < SecretFormat.randomCharacters {
            // 248 is the largest multiple of 62 in a byte: above it the choice would be uneven.
            characters += try random(64).filter { $0 < 248 }
                .map { SecretFormat.alphabet[Int($0 % 62)] }
        }
        let body =
            prefix
            + String(decoding: characters.prefix(SecretFormat.randomCharacters), as: UTF8.self)
        return body + SecretFormat.checksum(of: body)
    }

    /// A random username for Basic authentication: `mixpanel_` and 10 characters.
    package func makeUsername() throws -> String {
        let letters = try random(10).map { byte in SecretFormat.alphabet[Int(byte % 32)] }
        return "mixpanel_" + String(decoding: letters, as: UTF8.self)
    }

    /// SHA-256 in hexadecimal.
    package func digest(of message: [UInt8]) throws -> String {
        SecretFormat.hex(try sha256(message))
    }

    /// Hashes a generated secret with a fresh salt.
    package func hash(_ secret: String) throws -> SecretHash {
        let salt = SecretFormat.hex(try random(16))
        return try SecretHash(salt: salt, secret: Array(secret.utf8), by: self)
    }

    /// Hashes a secret that somebody chose, slowly, with a fresh salt.
    package func hashSlowly(_ secret: [UInt8]) throws -> SecretHash {
        try SecretHash(salt: try random(16), secret: secret, cost: .default, by: self)
    }

    /// HMAC-SHA-256 (RFC 2104) with a key of at most 64 bytes.
    package func messageCode(_ message: [UInt8], key: [UInt8]) throws -> [UInt8] {
        let key = key + [UInt8](repeating: 0, count: max(0, 64 - key.count))
        let inner = try sha256(key.map { $0 ^ 0x36 } + message)
        return try sha256(key.map { $0 ^ 0x5C } + inner)
    }
}

/// The form of the secrets Muster makes.
package enum SecretFormat {
    /// 43 characters out of 62 hold 256 bits.
    static let randomCharacters = 43
    static let checksumCharacters = 6
    static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    /// Whether `secret` has the form and the checksum of one that Muster made.
    package static func isWellFormed(_ secret: String, prefix: String) -> Bool {
        let bytes = Array(secret.utf8)
        let length = prefix.utf8.count + randomCharacters + checksumCharacters
        guard bytes.count == length, bytes.starts(with: prefix.utf8) else { return false }
        let body = String(decoding: bytes.dropLast(checksumCharacters), as: UTF8.self)
        return bytes.suffix(checksumCharacters).elementsEqual(checksum(of: body).utf8)
    }

    /// CRC-32 (the one of gzip) in base 62, six characters.
    static func checksum(of text: String) -> String {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in text.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 {
                crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1
            }
        }
        var rest = ~crc
        var digits: [UInt8] = []
        for _ in 0..<checksumCharacters {
            digits.append(alphabet[Int(rest % 62)])
            rest /= 62
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    static func hex(_ bytes: [UInt8]) -> String {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// `nil` unless `digits` are pairs of lower-case hexadecimal digits.
    static func bytes(hex digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}

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

    package init(
        random: @escaping @Sendable (_ count: Int) throws -> [UInt8],
        sha256: @escaping @Sendable (_ message: [UInt8]) throws -> [UInt8],
        equal: @escaping @Sendable (_ left: [UInt8], _ right: [UInt8]) -> Bool
    ) {
        self.random = random
        self.sha256 = sha256
        self.equal = equal
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

    /// Hashes a generated secret with a fresh salt.
    package func hash(_ secret: String) throws -> SecretHash {
        let salt = SecretFormat.hex(try random(16))
        return try SecretHash(salt: salt, secret: Array(secret.utf8), by: self)
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
}

/// A salted hash of a secret as a PHC string: `$sha256$<salt>$<digest>`, both in hexadecimal.
///
/// Plain SHA-256 is enough for a secret of 256 random bits (OWASP ASVS 5.0, 6.5.2) and costs a
/// microsecond, where a password hash would let any stranger burn a core. Secrets that people
/// chose need a slow hash and another identifier here.
package struct SecretHash: Sendable, Hashable {
    package let phc: String
    private let salt: String
    private let digest: String

    /// The salt has 16 bytes and SHA-256 has 32, each written as two digits.
    private static let saltBytes = 32
    private static let digestBytes = 64

    init(salt: String, secret: [UInt8], by secrets: Secrets) throws {
        let digest = SecretFormat.hex(try secrets.sha256(Array(salt.utf8) + secret))
        self.salt = salt
        self.digest = digest
        phc = "$sha256$\(salt)$\(digest)"
    }

    /// Reads a stored hash; `nil` if it is none of ours.
    package init?(phc: String) {
        // Bytes at their places, not a split into characters: this is read for every request.
        let bytes = Array(phc.utf8)
        let prefix = Array("$sha256$".utf8)
        let digestStart = prefix.count + Self.saltBytes + 1
        guard bytes.count == digestStart + Self.digestBytes, bytes.starts(with: prefix) else {
            return nil
        }
        let saltBytes = bytes[prefix.count..<digestStart - 1]
        let digestBytes = bytes[digestStart...]
        let mark = UInt8(ascii: "$")
        guard bytes[digestStart - 1] == mark, !saltBytes.contains(mark),
            !digestBytes.contains(mark)
        else { return nil }
        self.phc = phc
        salt = String(decoding: saltBytes, as: UTF8.self)
        digest = String(decoding: digestBytes, as: UTF8.self)
    }

    /// Whether this is the hash of `secret`, in constant time.
    package func matches(_ secret: [UInt8], by secrets: Secrets) throws -> Bool {
        let given = SecretFormat.hex(try secrets.sha256(Array(salt.utf8) + secret))
        return secrets.equal(Array(given.utf8), Array(digest.utf8))
    }
}

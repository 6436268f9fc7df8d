/// A salted hash of a secret as a PHC string.
///
/// Two kinds. `$sha256$<salt>$<digest>`, both in hexadecimal, of secrets that Muster made: plain
/// SHA-256 is enough for 256 random bits (OWASP ASVS 5.0, 6.5.2) and costs a microsecond, where a
/// password hash would let any stranger burn a core. `$scrypt$ln=15,r=8,p=3$<salt>$<digest>`, both
/// in base64 without padding, of secrets that people chose: slow, so that guessing is.
package struct SecretHash: Sendable, Hashable {
    package let phc: String
    private let kind: Kind
    private let salt: [UInt8]
    private let digest: [UInt8]

    private enum Kind: Sendable, Hashable {
        case sha256
        case scrypt(ScryptCost)
    }

    /// Both kinds have 32 bytes.
    private static let digestBytes = 32
    /// The salt of a generated secret has 16 bytes, written, and hashed, as two digits each.
    private static let saltDigits = 32

    init(salt: String, secret: [UInt8], by secrets: Secrets) throws {
        self.salt = Array(salt.utf8)
        digest = try secrets.sha256(self.salt + secret)
        kind = .sha256
        phc = "$sha256$\(salt)$\(SecretFormat.hex(digest))"
    }

    init(salt: [UInt8], secret: [UInt8], cost: ScryptCost, by secrets: Secrets) throws {
        self.salt = salt
        digest = try secrets.scrypt(secret, salt, cost)
        kind = .scrypt(cost)
        let base64 = UnpaddedBase64.standard
        phc = "$scrypt$\(cost.phc)$\(base64.encode(salt))$\(base64.encode(digest))"
    }

    /// Reads a stored hash; `nil` if it is none of ours, or costs more than its limits allow.
    package init?(phc: String) {
        // Bytes at their places, not a split into characters: this is read for every request.
        var phcBytes = phc
        let read = phcBytes.withUTF8 { Self.sha256($0) ?? Self.scrypt($0) }
        guard let read else { return nil }
        self.phc = phc
        (kind, salt, digest) = read
    }

    private typealias Parts = (Kind, salt: [UInt8], digest: [UInt8])

    private static func sha256(_ text: UnsafeBufferPointer<UInt8>) -> Parts? {
        let prefix: StaticString = "$sha256$"
        let digestStart = prefix.utf8CodeUnitCount + saltDigits + 1
        guard text.count == digestStart + 2 * digestBytes, text.starts(with: prefix),
            text[digestStart - 1] == UInt8(ascii: "$")
        else { return nil }
        let salt = text[prefix.utf8CodeUnitCount..<digestStart - 1]
        guard !salt.contains(UInt8(ascii: "$")),
            let digest = SecretFormat.bytes(hex: text[digestStart...])
        else { return nil }
        return (.sha256, Array(salt), digest)
    }

    private static func scrypt(_ text: UnsafeBufferPointer<UInt8>) -> Parts? {
        let prefix: StaticString = "$scrypt$"
        guard text.starts(with: prefix) else { return nil }
        let parts = text[prefix.utf8CodeUnitCount...]
            .split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count == 3, let cost = ScryptCost(phc: parts[0]),
            let salt = UnpaddedBase64.standard.decode(parts[1]), !salt.isEmpty,
            salt.count <= Limits.scryptSaltBytesMax,
            let digest = UnpaddedBase64.standard.decode(parts[2]), digest.count == digestBytes
        else { return nil }
        return (.scrypt(cost), salt, digest)
    }

    /// Whether checking it takes long on purpose, so that nobody may make us do so often.
    package var isSlow: Bool { kind != .sha256 }

    /// Whether this is the hash of `secret`, in constant time.
    package func matches(_ secret: [UInt8], by secrets: Secrets) throws -> Bool {
        let given =
            switch kind {
            case .sha256: try secrets.sha256(salt + secret)
            case .scrypt(let cost): try secrets.scrypt(secret, salt, cost)
            }
        return secrets.equal(given, digest)
    }
}

/// What one scrypt hash costs (RFC 7914 section 2), within its limits.
package struct ScryptCost: Sendable, Hashable {
    /// The base-2 logarithm of N: how often the memory is gone through.
    package let logarithm: Int
    /// r: how large a block is, in units of 128 bytes.
    package let blockSize: Int
    /// p: how often all of it is done.
    package let parallelism: Int

    /// 32 MiB and a sixth of a second (OWASP Password Storage Cheat Sheet).
    package static let `default` = ScryptCost(unchecked: 15, 8, 3)

    private init(unchecked logarithm: Int, _ blockSize: Int, _ parallelism: Int) {
        (self.logarithm, self.blockSize, self.parallelism) = (logarithm, blockSize, parallelism)
    }

    /// `nil` for a cost outside its limits.
    package init?(logarithm: Int, blockSize: Int, parallelism: Int) {
        // Each by itself first, so that no product overflows.
        guard (1...30).contains(logarithm), (1...1024).contains(blockSize),
            (1...1024).contains(parallelism)
        else { return nil }
        let blocks = blockSize << logarithm
        guard
            (Limits.scryptMemoryBytesMin...Limits.scryptMemoryBytesMax).contains(128 * blocks),
            blocks * parallelism <= Limits.scryptBlocksMax
        else { return nil }
        self.init(unchecked: logarithm, blockSize, parallelism)
    }

    var phc: String { "ln=\(logarithm),r=\(blockSize),p=\(parallelism)" }

    /// Reads `ln=15,r=8,p=3`, in this order and in canonical decimals.
    init?(phc text: some Collection<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 3, let logarithm = Self.value(of: "ln=", in: parts[0]),
            let blockSize = Self.value(of: "r=", in: parts[1]),
            let parallelism = Self.value(of: "p=", in: parts[2])
        else { return nil }
        self.init(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
    }

    private static func value(of name: String, in part: some Collection<UInt8>) -> Int? {
        let digits = part.dropFirst(name.utf8.count)
        guard part.starts(with: name.utf8), (1...4).contains(digits.count),
            digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func starts(with prefix: StaticString) -> Bool {
        count >= prefix.utf8CodeUnitCount
            && prefix.withUTF8Buffer { $0.elementsEqual(self[..<$0.count]) }
    }
}

import Synchronization
import Testing

@testable import Audiences

@Suite struct SecretHashTests {
    @Test func aHashMatchesItsSecretOnly() throws {
        let secrets = Secrets.toy()
        let hash = try secrets.hash("correct")
        #expect(hash.phc.hasPrefix("$sha256$"))
        #expect(!hash.phc.contains("correct"))
        #expect(try hash.matches(Array("correct".utf8), by: secrets))
        #expect(try !hash.matches(Array("correcu".utf8), by: secrets))
        #expect(SecretHash(phc: hash.phc) == hash)
    }

    @Test func twoHashesOfOneSecretDiffer() throws {
        let secrets = Secrets.toy()
        let hashes = [try secrets.hash("same"), try secrets.hash("same")]
        #expect(hashes[0].phc != hashes[1].phc)
    }

    @Test(arguments: [
        "", "plain", "$sha256$00$00", "$scrypt$00$00", "$sha256",
        phc(digest: String(repeating: "0", count: 63) + "A"),
        phc(digest: String(repeating: "0", count: 63)),
        phc(digest: String(repeating: "0", count: 65)),
        phc(prefix: "$sha255$"), phc(mark: "0"), phc(salt: "$" + String(repeating: "0", count: 31)),
        phc(digest: String(repeating: "0", count: 63) + "$"),
    ])
    func whatWeDidNotWriteIsNoHash(phc: String) {
        #expect(SecretHash(phc: phc) == nil)
    }

    @Test func whatWeWroteIsReadBack() {
        #expect(SecretHash(phc: Self.phc())?.phc == Self.phc())
    }

    static func phc(
        prefix: String = "$sha256$", salt: String = String(repeating: "0", count: 32),
        mark: String = "$", digest: String = String(repeating: "0", count: 64)
    ) -> String { prefix + salt + mark + digest }
}

/// Hashes of secrets that people chose.
@Suite struct SlowHashTests {
    private static let salt = "c2FsdHNhbHRzYWx0c2FsdA"
    private static let digest = String(repeating: "A", count: 43)

    private static func phc(_ cost: String, salt: String = salt, digest: String = digest) -> String
    {
        "$scrypt$\(cost)$\(salt)$\(digest)"
    }

    @Test func aSlowHashMatchesItsSecretOnly() throws {
        let secrets = Secrets.toy()
        let hash = try secrets.hashSlowly(Array("correct".utf8))
        #expect(hash.isSlow)
        #expect(hash.phc.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(try hash.matches(Array("correct".utf8), by: secrets))
        #expect(try !hash.matches(Array("correcu".utf8), by: secrets))
        #expect(SecretHash(phc: hash.phc) == hash)
        #expect(try !secrets.hash("generated").isSlow)
    }

    @Test func whatWasReadIsWhatIsComputed() throws {
        let asked = Mutex<[String]>([])
        var secrets = Secrets.toy()
        secrets.scrypt = { password, salt, cost in
            asked.withLock { $0.append("\(password) \(salt) \(cost.phc)") }
            return [UInt8](repeating: 0, count: 32)
        }
        let hash = try #require(SecretHash(phc: Self.phc("ln=14,r=8,p=5")))
        #expect(try hash.matches([7], by: secrets))
        #expect(
            asked.withLock { $0 } == ["[7] \(Array("saltsaltsaltsalt".utf8)) ln=14,r=8,p=5"])
    }

    @Test(arguments: [
        // Memory: 2^ln r 128 B, at its least and its most.
        ("ln=13,r=8,p=1", true), ("ln=13,r=7,p=1", false), ("ln=12,r=16,p=1", true),
        ("ln=17,r=8,p=1", true), ("ln=18,r=8,p=1", false), ("ln=17,r=9,p=1", false),
        ("ln=20,r=1,p=1", true), ("ln=21,r=1,p=1", false),
        // Work: 2^ln r p blocks.
        ("ln=17,r=8,p=4", true), ("ln=17,r=8,p=5", false), ("ln=13,r=8,p=64", true),
        ("ln=13,r=8,p=65", false),
        // What would overflow, or is none.
        ("ln=9999,r=8,p=1", false), ("ln=30,r=1024,p=1024", false), ("ln=0,r=8,p=1", false),
        ("ln=15,r=0,p=1", false), ("ln=15,r=8,p=0", false), ("ln=13,r=9999,p=1", false),
        ("ln=13,r=8,p=9999", false),
    ])
    func aCostIsTakenWithinItsLimits(cost: String, isTaken: Bool) {
        #expect((SecretHash(phc: Self.phc(cost)) != nil) == isTaken)
    }

    @Test(arguments: [
        "ln=15,r=8", "ln=15,r=8,p=3,x=1", "r=8,ln=15,p=3", "ln=+15,r=8,p=3", "ln=015,r=8,p=3",
        "ln=15, r=8,p=3", "ln=,r=8,p=3", "LN=15,r=8,p=3", "ln=15,r=8,p=-3", "ln=15,r=8,p=00003",
        "ln=99999999999999999999,r=8,p=3", "",
    ])
    func aCostIsWrittenInOneWay(cost: String) {
        #expect(SecretHash(phc: Self.phc(cost)) == nil)
    }

    @Test func aSaltIsNotEmptyAndNotTooLong() {
        func read(_ count: Int) -> SecretHash? {
            let salt = UnpaddedBase64.standard.encode([UInt8](repeating: 1, count: count))
            return SecretHash(phc: Self.phc("ln=15,r=8,p=3", salt: salt))
        }
        #expect(read(0) == nil)
        #expect(read(1) != nil)
        #expect(read(Limits.scryptSaltBytesMax) != nil)
        #expect(read(Limits.scryptSaltBytesMax + 1) == nil)
    }

    @Test(arguments: [
        String(repeating: "A", count: 42), String(repeating: "A", count: 44),
        String(repeating: "A", count: 43) + "=", String(repeating: "A", count: 42) + "B",
        String(repeating: "A", count: 42) + "-", String(repeating: "A", count: 43) + "$",
    ])
    func aDigestHas32BytesAndOneForm(digest: String) {
        #expect(SecretHash(phc: Self.phc("ln=15,r=8,p=3", digest: digest)) == nil)
    }
}

@Suite struct UnpaddedBase64Tests {
    /// RFC 4648 section 10, without the padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func textsAreThoseOfTheStandard(plain: String, text: String) {
        for base64 in [UnpaddedBase64.standard, .url] {
            #expect(base64.encode(Array(plain.utf8)) == text)
            #expect(base64.decode(text.utf8) == Array(plain.utf8))
        }
    }

    @Test func theTwoDifferInTwoLetters() {
        #expect(UnpaddedBase64.standard.encode([0xFB, 0xFF]) == "+/8")
        #expect(UnpaddedBase64.url.encode([0xFB, 0xFF]) == "-_8")
        #expect(UnpaddedBase64.standard.decode("-_8".utf8) == nil)
        #expect(UnpaddedBase64.url.decode("+/8".utf8) == nil)
    }

    @Test func whatIsWrittenIsReadBack() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 251 &* ($0 + count)) }
            #expect(UnpaddedBase64.url.decode(UnpaddedBase64.url.encode(bytes).utf8) == bytes)
        }
    }

    @Test(arguments: ["A", "AAAAA", "AB", "AAB", "AA=", "A A", "é"])
    func aTextThatNobodyWroteIsRefused(text: String) {
        #expect(UnpaddedBase64.standard.decode(text.utf8) == nil)
    }
}

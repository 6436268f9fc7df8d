import Synchronization
import Testing

@testable import Audiences

@Suite struct SecretsTests {
    @Test func aSecretHasItsPrefixItsLengthAndItsChecksum() throws {
        let secret = try Secrets.toy().makeSecret(prefix: "muster_secret_")
        #expect(secret.utf8.count == 14 + 43 + 6)
        #expect(SecretFormat.isWellFormed(secret, prefix: "muster_secret_"))
        #expect(!SecretFormat.isWellFormed(secret, prefix: "muster_key_"))
    }

    @Test func oneWrongCharacterBreaksTheChecksum() throws {
        let secret = try Secrets.toy().makeSecret(prefix: "p_")
        for index in secret.indices.dropFirst(2) {
            var broken = secret
            let other: Character = secret[index] == "a" ? "b" : "a"
            broken.replaceSubrange(index...index, with: [other])
            #expect(!SecretFormat.isWellFormed(broken, prefix: "p_"))
        }
    }

    @Test func theChecksumIsTheCRCOfGzip() {
        // CRC-32("123456789") is 0xCBF43926, the check value of its catalogue entry; in base 62.
        var rest: UInt32 = 0xCBF4_3926
        var digits: [UInt8] = []
        for _ in 0..<6 {
            digits.insert(SecretFormat.alphabet[Int(rest % 62)], at: 0)
            rest /= 62
        }
        #expect(SecretFormat.checksum(of: "123456789") == String(decoding: digits, as: UTF8.self))
    }

    @Test(arguments: [(0, 0), (24, 24), (62, 0), (200, 14), (205, 19)] as [(UInt8, Int)])
    func aRandomByteChoosesACharacterByItsRemainder(_ first: UInt8, _ character: Int) throws {
        var secrets = Secrets.toy()
        secrets.random = { _ in (first..<first + 43).map { $0 } }
        let secret = try secrets.makeSecret(prefix: "")
        let expected = (0..<43).map { SecretFormat.alphabet[(character + $0) % 62] }
        #expect(Array(secret.utf8.prefix(43)) == expected)
    }

    @Test func everyCharacterIsEquallyLikely() throws {
        // 248 bytes are four for each character; the eight above would favour eight of them.
        var secrets = Secrets.toy()
        secrets.random = { _ in Array(240...255) }
        let secret = try secrets.makeSecret(prefix: "")
        #expect(Set(secret.utf8.prefix(43)) == Set(SecretFormat.alphabet[54...61]))
    }

    @Test func theFormOfASecretIsItsPrefixItsLengthAndItsChecksumTogether() {
        func text(_ prefix: String, _ letters: Int) -> String {
            let body = prefix + String(repeating: "a", count: letters)
            return body + SecretFormat.checksum(of: body)
        }
        #expect(SecretFormat.isWellFormed(text("p_", 43), prefix: "p_"))
        #expect(!SecretFormat.isWellFormed(text("q_", 43), prefix: "p_"))
        #expect(!SecretFormat.isWellFormed(text("p_", 42), prefix: "p_"))
        #expect(!SecretFormat.isWellFormed(text("p_", 44), prefix: "p_"))
        #expect(!SecretFormat.isWellFormed("p_", prefix: "p_"))
    }

    @Test func aUsernameIsTenLettersOutOfThirtyTwo() throws {
        var secrets = Secrets.toy()
        secrets.random = { count in (30..<30 + UInt8(count)).map { $0 } }
        #expect(try secrets.makeUsername() == "mixpanel_uv01234567")
    }

    @Test func aDigestIsWrittenInTwoDigitsAByte() {
        #expect(SecretFormat.hex([0x00, 0x09, 0x0A, 0x9F, 0xA0, 0xFF]) == "00090a9fa0ff")
    }
}

@Suite struct CohortSyncCredentialTests {
    let now = Timestamp(milliseconds: 1_000_000)

    @Test func bothHalvesMustBeRight() throws {
        let secrets = Secrets.toy()
        let issued = try CohortSync.issue(at: now, by: secrets)
        func accepts(_ user: String, _ secret: String) throws -> Bool {
            try issued.stored.secret(
                shownBy: Credentials(username: Array(user.utf8), secret: Array(secret.utf8)),
                slowly: false, at: now, by: secrets) == issued.stored.secrets[0]
        }
        #expect(try accepts(issued.stored.username, issued.secret))
        #expect(try !accepts(issued.stored.username, "x"))
        #expect(try !accepts("x", issued.secret))
        #expect(try !accepts("", ""))
        let username = issued.stored.username
        for near in ["", String(username.dropLast()), username + "0", username + username] {
            #expect(try !accepts(near, issued.secret), "\(near)")
        }
        let nobody = CohortSync(username: "", secrets: issued.stored.secrets, createdAt: now)
        #expect(!nobody.isUsername([], by: secrets))
        #expect(!nobody.isUsername([0], by: secrets))
    }

    @Test func anExpiringSecretIsGoodUntilItsTime() throws {
        let secrets = Secrets.toy()
        var issued = try CohortSync.issue(at: now, by: secrets).stored
        let hash = try secrets.hash("old")
        issued.secrets.append(
            StoredSecret(
                id: SecretID.make(from: [UInt8](repeating: 1, count: 16)), hash: hash,
                createdAt: now, expiresAt: Timestamp(milliseconds: 2_000_000)))
        let credentials = Credentials(
            username: Array(issued.username.utf8), secret: Array("old".utf8))
        func accepts(at time: Int64) throws -> Bool {
            try issued.secret(
                shownBy: credentials, slowly: false, at: Timestamp(milliseconds: time), by: secrets)
                == issued.secrets[1]
        }
        #expect(try accepts(at: 1_999_999))
        #expect(try !accepts(at: 2_000_000))
    }

    @Test func slowAndFastSecretsAreComparedApart() throws {
        let secrets = Secrets.toy()
        var sync = try CohortSync.issue(at: now, by: secrets).stored
        sync.secrets.append(
            StoredSecret(
                id: SecretID.make(from: [UInt8](repeating: 1, count: 16)),
                hash: try secrets.hashSlowly(Array("chosen".utf8)), createdAt: now))
        let credentials = Credentials(
            username: Array(sync.username.utf8), secret: Array("chosen".utf8))
        func shown(slowly: Bool, _ credentials: Credentials) throws -> StoredSecret? {
            try sync.secret(shownBy: credentials, slowly: slowly, at: now, by: secrets)
        }
        #expect(try shown(slowly: true, credentials) == sync.secrets[1])
        #expect(try shown(slowly: false, credentials) == nil)
        let stranger = Credentials(username: [], secret: credentials.secret)
        #expect(try shown(slowly: true, stranger) == nil)
    }

    @Test func everySecretIsComparedWhicheverMatches() throws {
        let comparisons = Mutex(0)
        var secrets = Secrets.toy()
        let equal = secrets.equal
        secrets.equal = { left, right in
            comparisons.withLock { $0 += 1 }
            return equal(left, right)
        }
        var sync = try CohortSync.issue(at: now, by: secrets).stored
        for text in ["a", "b"] {
            sync.secrets.append(
                StoredSecret(
                    id: SecretID.make(from: Array(repeating: text.utf8.first ?? 0, count: 16)),
                    hash: try secrets.hash(text), createdAt: now))
        }
        for secret in ["a", "b", "nobody's"] {
            comparisons.withLock { $0 = 0 }
            _ = try sync.secret(
                shownBy: Credentials(username: [], secret: Array(secret.utf8)), slowly: false,
                at: now, by: secrets)
            #expect(comparisons.withLock { $0 } == 4, "the username and three secrets")
        }
    }

    @Test func anOperatorKeyNamesItself() throws {
        let secrets = Secrets.toy()
        let issued = try OperatorKey.issue(name: "app", at: now, by: secrets)
        #expect(OperatorKey.id(claimedBy: Array(issued.secret.utf8)) == issued.stored.id)
        #expect(OperatorKey.id(claimedBy: Array("muster_key_".utf8)) == nil)
        #expect(OperatorKey.id(claimedBy: []) == nil)
        let disguised = issued.secret.replacing("muster_key_", with: "muster_kex_")
        #expect(OperatorKey.id(claimedBy: Array(disguised.utf8)) == nil)
        #expect(try issued.stored.hash.matches(Array(issued.secret.utf8), by: secrets))
    }
}

@Suite struct ConnectionMakingTests {
    private func make(_ name: String) throws -> Connection {
        try Connection.make(name: name, at: Timestamp(milliseconds: 5), by: .toy())
    }

    @Test func aConnectionNeedsAName() throws {
        #expect(throws: Failure.self) { try make("") }
        let made = try make("Shop")
        #expect(made.name == "Shop")
        #expect(made.referenceProperty == "reference_id")
        #expect(made.createdAt == made.updatedAt)
        #expect(made.webhookPath == "/webhooks/mixpanel/\(made.id.text)")
    }

    @Test func aLongNameIsCut() throws {
        let longest = String(repeating: "n", count: Limits.nameCharactersMax)
        #expect(try make(longest).name == longest)
        #expect(try make(longest + "n").name == longest)
    }
}

extension Secrets {
    /// No cryptography: a counter for chance, and a sum for a digest.
    static func toy() -> Secrets {
        let counter = Mutex<UInt8>(0)
        return Secrets(
            random: { count in
                counter.withLock { start in
                    defer { start = start &+ 37 }
                    return (0..<count).map { start &+ UInt8(truncatingIfNeeded: $0 &* 7) }
                }
            },
            sha256: { message in
                var digest = [UInt8](repeating: 7, count: 32)
                for (index, byte) in message.enumerated() {
                    digest[index % 32] = digest[index % 32] &* 31 &+ byte
                }
                return digest
            },
            equal: { $0 == $1 },
            scrypt: { password, salt, cost in
                let text = password + salt + Array(cost.phc.utf8)
                return (0..<32).map { index in
                    text.reduce(UInt8(index)) { $0 &* 31 &+ $1 }
                }
            })
    }
}

import Audiences
import Foundation
import Testing

@testable import muster

/// A data directory that is gone after the test.
final class DataDirectory: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")
        .path(percentEncoded: false)

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var keyPath: String { "\(path)/encryption.key" }
    var keyText: String? {
        FileManager.default.contents(atPath: keyPath).map { String(decoding: $0, as: UTF8.self) }
    }

    func write(_ text: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: keyPath))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: keyPath)
    }

    func ring(_ configured: EncryptionKey? = nil, _ previous: [EncryptionKey] = []) -> KeyRing {
        KeyRing(configured: configured, previous: previous, file: KeyFile(directory: path))
    }
}

extension EncryptionKey {
    static func test(_ number: UInt8) throws -> EncryptionKey {
        try #require(EncryptionKey(bytes: [UInt8](repeating: number, count: 32)))
    }
}

@Suite struct KeyRingTests {
    private let directory: DataDirectory

    init() throws {
        directory = try DataDirectory()
    }

    private func failure(_ body: () throws(Failure) -> some Any) -> String {
        do throws(Failure) {
            return "none: \(try body())"
        } catch {
            return "\(error.message) \(error.detail)"
        }
    }

    @Test func whatIsSealedOpensInItsContextOnly() throws {
        let sealing = directory.ring().sealing
        let sealed = try sealing.seal(Array("hunter2".utf8), "conn_a")
        #expect(sealed.text.wholeMatch(of: /v1\.[0-9a-f]{8}\.[A-Za-z0-9_\-]{47}/) != nil)
        #expect(try sealing.open(sealed, "conn_a") == Array("hunter2".utf8))
        #expect(
            failure { () throws(Failure) in try sealing.open(sealed, "conn_b") }
                .contains("belongs to something else"))
        #expect(try sealing.seal(Array("hunter2".utf8), "conn_a") != sealed)
        let nothing = try sealing.seal([], "conn_a")
        #expect(try sealing.open(nothing, "conn_a") == [])
    }

    @Test func oneChangedCharacterIsNoticed() throws {
        let sealing = directory.ring().sealing
        let text = try sealing.seal([1, 2, 3], "c").text
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            let secret = SealedSecret(changed)
            #expect(throws: Failure.self) { try sealing.open(secret, "c") }
        }
        for other in ["", "v1", "v1..", "v1.00000000.", text + "A", String(text.dropLast())] {
            #expect(throws: Failure.self) { try sealing.open(SealedSecret(other), "c") }
        }
    }

    @Test func theKeyIsMadeWhenItIsFirstNeededAndNotBefore() throws {
        let sealing = directory.ring().sealing
        #expect(throws: Failure.self) { try sealing.open(SealedSecret("v1.0.0"), "c") }
        #expect(!sealing.isCurrent(SealedSecret("v1.0.0")))
        #expect(directory.keyText == nil)
        let sealed = try sealing.seal([1], "c")
        #expect(directory.keyText?.wholeMatch(of: /[A-Za-z0-9+\/]{43}=\n/) != nil)
        let mode = try FileManager.default.attributesOfItem(
            atPath: directory.keyPath)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(sealing.isCurrent(sealed))
        #expect(try directory.ring().sealing.open(sealed, "c") == [1])
    }

    @Test func manyProcessesAtOnceUseOneKey() async throws {
        let directory = directory
        let sealed = try await withThrowingTaskGroup(of: SealedSecret.self) { group in
            for _ in 0..<16 { group.addTask { try directory.ring().sealing.seal([1], "c") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(sealed.map { $0.text.prefix(11) }).count == 1)
        for secret in sealed { #expect(try directory.ring().sealing.open(secret, "c") == [1]) }
    }

    @Test func aConfiguredKeySealsAndThoseBeforeItOpen() throws {
        let inFile = try directory.ring().sealing.seal([1], "c")
        let old = try directory.ring(.test(1)).sealing.seal([2], "c")
        let ring = try directory.ring(.test(2), [.test(1)])
        let new = try ring.sealing.seal([3], "c")
        for (sealed, byte) in [(inFile, 1), (old, 2), (new, 3)] as [(SealedSecret, UInt8)] {
            #expect(try ring.sealing.open(sealed, "c") == [byte])
            #expect(ring.sealing.isCurrent(sealed) == (byte == 3))
        }
        #expect(try new.text.hasPrefix("v1.\(EncryptionKey.test(2).id)."))
        let without = try directory.ring(.test(2)).sealing
        let words = failure { () throws(Failure) in try without.open(old, "c") }
        #expect(try words.contains("put the key \(EncryptionKey.test(1).id) back"), "\(words)")
    }

    @Test func whatAnotherProcessPutsIntoTheFileHoldsAtOnce() throws {
        let ring = directory.ring()
        let before = try ring.sealing.seal([1], "c")
        try directory.ring().file.addKeyIfThereIsOne()
        #expect(!ring.sealing.isCurrent(before))
        #expect(try ring.sealing.open(before, "c") == [1])
        #expect(try ring.sealing.isCurrent(ring.sealing.seal([2], "c")))
    }

    @Test(arguments: [
        ("", 0o600, "is empty; put it back from a backup"),
        ("\n", 0o600, "is empty"),
        ("short\n", 0o600, "in line 1"),
        (String(repeating: "00", count: 32) + "\nshort\n", 0o600, "in line 2"),
        (String(repeating: "00", count: 32) + "\n", 0o640, "chmod 600 "),
        (String(repeating: "00", count: 32) + "\n", 0o604, "chmod 600 "),
        (String(repeating: "0", count: 8193), 0o600, "is longer than 8192 bytes"),
    ])
    func aFileThatCannotBeRightIsRefusedWithTheFixAndLeftAlone(
        text: String, mode: Int, fix: String
    ) throws {
        try directory.write(text, mode: mode)
        let ring = directory.ring()
        for words in [
            failure { () throws(Failure) in try ring.sealing.seal([1], "c") },
            failure { () throws(Failure) in
                try ring.sealing.open(
                    SealedSecret("v1.0." + String(repeating: "A", count: 40)), "c")
            },
            failure { () throws(Failure) in try ring.file.addKeyIfThereIsOne() },
        ] {
            #expect(words.contains("The encryption key can't be used."))
            #expect(words.contains(fix), "\(words)")
            #expect(words.contains(directory.keyPath))
        }
        #expect(directory.keyText == text)
    }

    @Test func aFileIsTakenUpToItsLimit() throws {
        let line = String(repeating: "00", count: 32) + "\n"
        try directory.write(String(repeating: line, count: 126))
        #expect(try directory.ring().file.keys().count == 126)
        try directory.write(String(repeating: line, count: 127))
        #expect(throws: Failure.self) { try directory.ring().file.keys() }
    }

    @Test func aKeyIsWrittenInBase64OrInHexadecimal() throws {
        let key = try EncryptionKey.test(0xAB)
        let base64 = Data(key.bytes).base64EncodedString()
        for text in [
            base64, String(base64.dropLast()), String(repeating: "ab", count: 32),
            String(repeating: "AB", count: 32),
        ] { #expect(EncryptionKey(text) == key, "\(text)") }
        for text in [
            "", "ab", String(base64.dropLast(2)), base64 + "=", base64 + " ",
            String(repeating: "ab", count: 31), String(repeating: "ag", count: 32),
            String(repeating: "ab", count: 33), "=" + base64.dropLast(),
        ] { #expect(EncryptionKey(text) == nil, "\(text)") }
        #expect(EncryptionKey(String(key.line.dropLast())) == key)
        #expect("\(key)" == "key \(key.id)")
    }

    /// RFC 4231 section 4.2 and 4.3: what is remembered of credentials rests on it.
    @Test func messageCodesAreThoseOfTheStandard() throws {
        for (key, text, first) in [
            ([UInt8](repeating: 0x0b, count: 20), "Hi There", [0xb0, 0x34, 0x4c, 0x61]),
            (Array("Jefe".utf8), "what do ya want for nothing?", [0x5b, 0xdc, 0xc1, 0x46]),
        ] as [([UInt8], String, [UInt8])] {
            let code = try Composition.secrets.messageCode(Array(text.utf8), key: key)
            #expect(Array(code.prefix(4)) == first)
        }
    }

    /// Made by Python's hashlib.scrypt: others' hashes are understood.
    @Test func aHashThatSomebodyElseMadeIsUnderstood() throws {
        let hash = try #require(SecretHash(phc: Self.foreign))
        #expect(try hash.matches(Array("correct horse battery".utf8), by: Composition.secrets))
        #expect(try !hash.matches(Array("correct horse batterz".utf8), by: Composition.secrets))
    }

    private static let foreign =
        "$scrypt$ln=13,r=8,p=1$aW52ZW50ZWQgc2FsdCAxNg$"
        + "HSMyaz1e6knrteosunKrXs1pe7z2uAdKeXcSY0FqDg0"
}

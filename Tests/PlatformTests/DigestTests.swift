import Platform
import Testing

/// Published vectors: FIPS 180-4 examples, RFC 4231 section 4.
struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func digestsAreThoseOfTheStandard(text: String, digest: String) throws {
        #expect(hex(try SHA256.digest(of: text.utf8)) == digest)
        #expect(hex(try SHA256.digest(of: Array(text.utf8))) == digest)
    }

    @Test func messageCodesAreThoseOfTheStandard() throws {
        let first = try HMACSHA256.code(
            for: "Hi There".utf8, key: [UInt8](repeating: 0x0b, count: 20))
        #expect(
            hex(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = try HMACSHA256.code(
            for: "what do ya want for nothing?".utf8, key: Array("Jefe".utf8))
        #expect(
            hex(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let longKey = try HMACSHA256.code(
            for: "Test Using Larger Than Block-Size Key - Hash Key First".utf8,
            key: [UInt8](repeating: 0xaa, count: 131))
        #expect(
            hex(longKey) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func anEmptyKeyIsAKeyLikeAnyOther() throws {
        let empty = try HMACSHA256.code(for: [], key: [])
        #expect(
            hex(empty) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        _ = try HMACSHA256.code(for: [], key: [1])
        #expect(try HMACSHA256.code(for: [], key: []) == empty)
    }

    @Test(arguments: [0, 1, 32, 1000])
    func randomBytesAreAsManyAsAskedFor(count: Int) throws {
        #expect(try RandomBytes.make(count).count == count)
    }

    @Test func randomBytesAreNotTheSameTwice() throws {
        #expect(try RandomBytes.make(32) != RandomBytes.make(32))
    }

    @Test func aNegativeNumberOfRandomBytesIsAnError() {
        #expect(throws: PlatformError.self) { try RandomBytes.make(-1) }
    }

    @Test func equalityIsOfBytes() {
        #expect(ConstantTime.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.areEqual([], []))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.areEqual([0, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2]))
    }
}

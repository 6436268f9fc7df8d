import Platform
import Testing

/// Test cases 13 to 16 of the proposal that NIST SP 800-38D rests on (McGrew, Viega: appendix B).
struct AESGCMTests {
    private static let longKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let longNonce = "cafebabefacedbaddecaf888"
    private static let longPlain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    private static let longSealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

    @Test(arguments: [
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24), "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24),
            String(repeating: "0", count: 32), "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            longKey, longNonce, longPlain + "1aafd255", "",
            longSealed + "898015ad" + "b094dac5d93471bdec1a502270e3cc6c"
        ),
        (
            longKey, longNonce, longPlain, "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            longSealed + "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func textsAreThoseOfTheStandard(
        key: String, nonce: String, plain: String, context: String, sealed: String
    ) throws {
        let made = try AESGCM.seal(
            bytes(plain), key: bytes(key), nonce: bytes(nonce), context: bytes(context))
        #expect(hex(made) == sealed)
        let opened = try AESGCM.open(
            bytes(sealed), key: bytes(key), nonce: bytes(nonce), context: bytes(context))
        #expect(opened == bytes(plain))
    }

    @Test func whateverIsChangedNothingIsOpened() throws {
        let (key, nonce) = (bytes(Self.longKey), bytes(Self.longNonce))
        let sealed = try AESGCM.seal([1, 2, 3], key: key, nonce: nonce, context: [9])
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, context: [9]) == [1, 2, 3])
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(try AESGCM.open(changed, key: key, nonce: nonce, context: [9]) == nil)
        }
        for other in [sealed.dropLast(), sealed + [0], Array(sealed.suffix(15)), []] {
            #expect(try AESGCM.open(other, key: key, nonce: nonce, context: [9]) == nil)
        }
        for context in [[], [8], [9, 9]] as [[UInt8]] {
            #expect(try AESGCM.open(sealed, key: key, nonce: nonce, context: context) == nil)
        }
        #expect(try AESGCM.open(sealed, key: key.reversed(), nonce: nonce, context: [9]) == nil)
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce.reversed(), context: [9]) == nil)
    }

    @Test(arguments: [(31, 12), (33, 12), (0, 12), (32, 11), (32, 13), (32, 0)])
    func aKeyOrNonceOfAnotherLengthIsAnError(keyBytes: Int, nonceBytes: Int) {
        let key = [UInt8](repeating: 1, count: keyBytes)
        let nonce = [UInt8](repeating: 1, count: nonceBytes)
        let sealed = [UInt8](repeating: 0, count: 40)
        #expect(throws: PlatformError.self) {
            try AESGCM.seal([1], key: key, nonce: nonce, context: [])
        }
        #expect(throws: PlatformError.self) {
            try AESGCM.open(sealed, key: key, nonce: nonce, context: [])
        }
    }
}

func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

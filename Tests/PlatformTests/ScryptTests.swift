import Platform
import Testing

/// The vectors of RFC 7914 section 12.
struct ScryptTests {
    @Test(arguments: [
        (
            "", "", Scrypt.Cost(logarithm: 4, blockSize: 1, parallelism: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", Scrypt.Cost(logarithm: 10, blockSize: 8, parallelism: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride",
            Scrypt.Cost(logarithm: 14, blockSize: 8, parallelism: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func keysAreThoseOfTheStandard(
        password: String, salt: String, cost: Scrypt.Cost, expected: String
    ) throws {
        let derived = try Scrypt.derive(
            64, from: Array(password.utf8), salt: Array(salt.utf8), cost: cost,
            memoryBytesMax: 32 << 20)
        #expect(hex(derived) == expected)
    }

    /// OpenSSL counts what RFC 7914 section 6 keeps: 128 r (N + p), and 256 r to mix a block.
    @Test func noMoreMemoryIsTakenThanAllowed() throws {
        let cost = Scrypt.Cost(logarithm: 10, blockSize: 8, parallelism: 1)
        let needed = 128 * 8 * (1024 + 1 + 2)
        func derive(_ memoryBytesMax: Int) throws -> [UInt8] {
            try Scrypt.derive(
                32, from: [1], salt: [2], cost: cost, memoryBytesMax: memoryBytesMax)
        }
        #expect(try derive(needed).count == 32)
        #expect(throws: PlatformError.self) { try derive(needed - 1) }
    }

    @Test(arguments: [
        (0, 8, 1, 32), (-1, 8, 1, 32), (63, 8, 1, 32), (62, 8, 1, 32), (10, 0, 1, 32),
        (10, -1, 1, 32), (10, .max, 1, 32), (10, 8, 0, 32), (10, 8, -1, 32), (10, 8, .max, 32),
        (10, 8, 1, 0), (10, 8, 1, -1),
    ])
    func aCostThatCannotBeIsAnError(
        logarithm: Int, blockSize: Int, parallelism: Int, byteCount: Int
    ) {
        let cost = Scrypt.Cost(
            logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
        #expect(throws: PlatformError.self) {
            try Scrypt.derive(
                byteCount, from: [1], salt: [2], cost: cost, memoryBytesMax: 32 << 20)
        }
    }
}

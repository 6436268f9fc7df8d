import HTTPWire
import Synchronization
import Testing

@testable import Routing

@Suite struct InflateTests {
    private let page = Array(
        (0..<500).map { "{\"mixpanel_distinct_id\":\"u-\($0 &* 7919 % 5003)\"}" }.joined().utf8)

    private func decode(
        _ bytes: [UInt8], as coding: Inflate.Coding = .gzip, upTo bytesMax: Int = 1 << 20,
        limits: InflateLimits = InflateLimits()
    ) throws(InflateError) -> [UInt8] {
        try Inflate.decode(BodyBuffer(bytes), as: coding, upTo: bytesMax, limits: limits).array
    }

    /// The sizes of the memory that decoding asked for, in order.
    private func sizes(
        decoding bytes: [UInt8], upTo bytesMax: Int, limits: InflateLimits = InflateLimits()
    ) -> (sizes: [Int], outcome: Result<BodyBuffer, InflateError>) {
        let asked = Mutex<[Int]>([])
        let outcome = Result { () throws(InflateError) in
            try Inflate.decode(BodyBuffer(bytes), as: .gzip, upTo: bytesMax, limits: limits) {
                (memory, old, count) in
                asked.withLock { $0.append(count) }
                return Inflate.resize(memory, old, count)
            }
        }
        return (asked.withLock { $0 }, outcome)
    }

    @Test(arguments: [
        (Inflate.Coding.gzip, Int32(31)), (.deflate, 15), (.deflate, -15),
    ])
    func everyFormatIsDecoded(coding: Inflate.Coding, windowBits: Int32) throws {
        for content in [[], [0x7B], page, page + page.reversed()] {
            let encoded = deflated(content, windowBits: windowBits)
            #expect(try decode(encoded, as: coding) == content)
        }
    }

    @Test func aStreamMadeByAnotherProgramIsDecoded() throws {
        // `{}` as gzip(1) writes it, with a file name and a time in the header.
        let encoded: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x08, 0x00, 0x00, 0x00, 0x60, 0x00, 0x03, 0x61, 0x00, 0xAB, 0xAE,
            0x05, 0x00, 0x43, 0xBF, 0xA6, 0xA3, 0x02, 0x00, 0x00, 0x00,
        ]
        #expect(try decode(encoded) == Array("{}".utf8))
    }

    @Test func gzipMembersInARowAreOneContent() throws {
        let encoded = gzipped(page) + gzipped([]) + gzipped(Array("end".utf8))
        #expect(try decode(encoded) == page + Array("end".utf8))
    }

    @Test func allMembersTogetherStayUnderTheLimit() throws {
        let encoded = gzipped(page) + gzipped(page)
        #expect(try decode(encoded, upTo: page.count * 2) == page + page)
        #expect(throws: InflateError.tooLarge(bytesMax: page.count * 2 - 1)) {
            try decode(encoded, upTo: page.count * 2 - 1)
        }
    }

    @Test(arguments: [
        (Inflate.Coding.gzip, Int32(31)), (.deflate, 15), (.deflate, -15),
    ])
    func aStreamCutOffAnywhereIsRefused(coding: Inflate.Coding, windowBits: Int32) {
        let encoded = deflated(page, windowBits: windowBits)
        for count in 0..<encoded.count {
            // The first bytes alone are too few to tell the two forms of deflate apart.
            let error = #expect(throws: InflateError.self) {
                try decode(Array(encoded[..<count]), as: coding)
            }
            if count > 2 { #expect(error == .truncated, "cut at \(count)") }
        }
    }

    @Test func aSecondMemberCutOffIsRefused() {
        let second = gzipped(page)
        #expect(throws: InflateError.truncated) { try decode(second + second.dropLast()) }
        #expect(throws: InflateError.truncated) { try decode(second + second.prefix(2)) }
    }

    @Test(
        arguments: [[0], [0x0A], [0x1F], [0, 0, 0, 0], [0x8B, 0x1F], [0x1F, 0x8C, 8]] as [[UInt8]])
    func whatFollowsTheStreamIsRefused(junk: [UInt8]) {
        #expect(throws: InflateError.trailingBytes) { try decode(gzipped(page) + junk) }
        for windowBits in [Int32(15), -15] {
            let encoded = deflated(page, windowBits: windowBits)
            #expect(throws: InflateError.trailingBytes) { try decode(encoded + junk, as: .deflate) }
        }
    }

    @Test func aSecondDeflateStreamIsNotPartOfTheFirst() {
        let encoded = deflated(page, windowBits: 15)
        for second in [encoded, gzipped(page)] {
            #expect(throws: InflateError.trailingBytes) {
                try decode(encoded + second, as: .deflate)
            }
        }
    }

    @Test func wrongChecksumsAndLengthsAreRefused() {
        let gzip = gzipped(page)
        for fromEnd in 1...8 {
            var damaged = gzip
            damaged[damaged.count - fromEnd] ^= 0x01
            #expect(throws: InflateError.corrupt) { try decode(damaged) }
        }
        var zlib = deflated(page, windowBits: 15)
        zlib[zlib.count - 1] ^= 0x01
        #expect(throws: InflateError.corrupt) { try decode(zlib, as: .deflate) }
    }

    @Test(arguments: [
        Array("{\"action\":\"members\"}".utf8), [0x1F, 0x8B, 0x07, 0, 0, 0, 0, 0, 0, 0],
        [0x1F, 0x8B, 0x08, 0xE0, 0, 0, 0, 0, 0, 0], deflated([1, 2, 3], windowBits: 15),
        deflated([1, 2, 3], windowBits: -15),
    ])
    func whatIsNotGzipIsRefused(bytes: [UInt8]) {
        #expect(throws: InflateError.corrupt) { try decode(bytes) }
    }

    @Test func whatIsNotDeflateIsRefused() {
        #expect(throws: InflateError.corrupt) { try decode(gzipped(page), as: .deflate) }
        // A preset dictionary (RFC 1950 section 2.2, FDICT), which nobody has agreed on.
        #expect(throws: InflateError.corrupt) {
            try decode([0x78, 0xBB, 0, 0, 0, 1], as: .deflate)
        }
        // Block type 3 is reserved.
        #expect(throws: InflateError.corrupt) { try decode([0x07, 0, 0], as: .deflate) }
    }

    @Test func anyByteChangedAnywhereGivesAnAnswer() {
        let encoded = gzipped(Array(page.prefix(2000)))
        for index in encoded.indices {
            for change in [UInt8(0x01), 0x80, 0xFF] {
                var damaged = encoded
                damaged[index] ^= change
                _ = try? decode(damaged)
            }
        }
    }

    @Test func theLimitIsExact() throws {
        let encoded = gzipped(page)
        #expect(try decode(encoded, upTo: page.count) == page)
        #expect(throws: InflateError.tooLarge(bytesMax: page.count - 1)) {
            try decode(encoded, upTo: page.count - 1)
        }
        #expect(try decode(gzipped([]), upTo: 0) == [])
        #expect(throws: InflateError.tooLarge(bytesMax: 0)) { try decode(gzipped([1]), upTo: 0) }
        #expect(throws: InflateError.tooLarge(bytesMax: 0)) { try decode(gzipped([1]), upTo: -1) }
    }

    @Test func aBombIsCaughtByItsRatioWithLittleMemory() {
        // Sixteen MiB of one letter: about a thousand to one.
        let bomb = gzipped(Array(repeating: 0x61, count: 16 << 20))
        let (sizes, outcome) = sizes(decoding: bomb, upTo: 128 << 20)
        #expect(throws: InflateError.tooDense) { try outcome.get() }
        #expect(sizes.max().map { $0 <= 4 * InflateLimits().ratioGraceBytes } == true)
    }

    /// The first block, and each growth of it.
    @Test(arguments: 1...4)
    func withoutMemoryTheDecoderSaysSo(call: Int) {
        let calls = Mutex(0)
        let content = Array(repeating: UInt8(0x20), count: 100 << 10)
        #expect(throws: InflateError.outOfMemory) {
            try Inflate.decode(
                BodyBuffer(gzipped(content)), as: .gzip, upTo: 1 << 20, limits: InflateLimits()
            ) { memory, old, count in
                let number = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                return number == call ? nil : Inflate.resize(memory, old, count)
            }
        }
        #expect(calls.withLock { $0 } == call)
    }

    /// From 16 KiB to 16 MiB, across the size from which a block is a mapping.
    @Test func largeContentGrowsWithoutLosingAByte() throws {
        let content = (0..<(9 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 10 ^ $0) }
        var limits = InflateLimits()
        limits.firstBufferBytesMax = 0
        let decoded = try decode(gzipped(content), upTo: 16 << 20, limits: limits)
        #expect(decoded == content)
    }

    @Test func theRatioIsTheConfiguredOne() throws {
        var limits = InflateLimits()
        limits.ratioGraceBytes = 0
        let content = Array(repeating: UInt8(0x61), count: 100_000)
        let encoded = gzipped(content)
        limits.ratioMax = (content.count + encoded.count - 1) / encoded.count
        #expect(try decode(encoded, limits: limits) == content)
        limits.ratioMax -= 1
        #expect(throws: InflateError.tooDense) { try decode(encoded, limits: limits) }
    }

    @Test(arguments: [(100, 1000), (100, 100), (100, 0), (1, 1 << 20)])
    func theFirstBufferIsWithinItsBounds(least: Int, most: Int) throws {
        var limits = InflateLimits()
        limits.firstBufferBytesMin = least
        limits.firstBufferBytesMax = most
        for content in [[], page] {
            let encoded = gzipped(content)
            let (sizes, outcome) = sizes(decoding: encoded, upTo: 1 << 20, limits: limits)
            #expect(try outcome.get().array == content)
            #expect(sizes.first == min(max(encoded.count * 8, least), max(least, most)))
        }
    }

    @Test func aRatioIsFreeUpToTheGraceAndCountedBeyondIt() throws {
        let grace = InflateLimits().ratioGraceBytes
        let letters = { Array(repeating: UInt8(0x61), count: $0) }
        #expect(try decode(gzipped(letters(grace)), upTo: 8 << 20).count == grace)
        #expect(throws: InflateError.tooDense) {
            try decode(gzipped(letters(grace + 1)), upTo: 8 << 20)
        }
    }

    @Test func aRatioIsCountedOnWhatWasReceivedNotOnOneMember() throws {
        // Noise does not compress, and pays for the letters after it.
        var state: UInt32 = 1
        let noise = (0..<40_000).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let content = noise + Array(repeating: 0x61, count: 2 << 20)
        #expect(try decode(gzipped(content), upTo: 8 << 20) == content)
    }

    @Test func theBufferDoublesInsteadOfStartingAtTheLimit() throws {
        let content = (0..<(300 << 10)).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let encoded = gzipped(Array(repeating: 0x20, count: 100 << 10))
        let whole = sizes(decoding: encoded, upTo: 128 << 20)
        #expect(try whole.outcome.get().count == 100 << 10)
        #expect(whole.sizes == [16 << 10, 32 << 10, 64 << 10, 128 << 10])
        let limit = (100 << 10) - 1
        let cut = sizes(decoding: encoded, upTo: limit)
        #expect(throws: InflateError.tooLarge(bytesMax: limit)) { try cut.outcome.get() }
        #expect(cut.sizes == [16 << 10, 32 << 10, 64 << 10, limit])
        #expect(try decode(gzipped(content)) == content)
    }
}

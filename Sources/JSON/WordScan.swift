/// Eight bytes of text at a time, in one machine word.
///
/// Swift's own SIMD types compile to byte-by-byte code for this task, and were measured 80 times
/// slower than plain words.
enum WordScan {
    static let step = 8

    /// The bytes that end or interrupt a plain run inside a JSON string: `"`, `\`, controls, and
    /// everything that is not ASCII.
    ///
    /// A subtraction borrows where a byte is less than what is taken away: `"`, with one bit
    /// turned over, is the only one that comes to stand below 0x21 beside the controls. It also
    /// leaves a top bit where there was one, but those bytes are marked anyway.
    @inline(__always)
    static func stops(inString word: UInt64) -> UInt64 {
        let quotesAndControls = (word ^ every(0x02)) &- every(0x21)
        let backslashes = (word ^ every(0x5C)) &- every(0x01)
        return (quotesAndControls | backslashes | word) & tops
    }

    /// The bytes that ``JSONWriter`` can't copy as they are: as above, and `<`, `>`, `&`.
    @inline(__always)
    static func stops(inOutput word: UInt64) -> UInt64 {
        // `"` and `&` differ in one bit only, and so do `<` and `>`.
        let quotes = equal(word | every(0x04), 0x26)
        let angles = equal(word | every(0x02), 0x3E)
        return (quotes | angles | equal(word, 0x5C) | below0x20(word) | word) & tops
    }

    /// The index of the first byte that `stops` marks; `stops` must not be zero.
    @inline(__always)
    static func first(_ stops: UInt64) -> Int {
        stops.trailingZeroBitCount >> 3
    }

    @inline(__always)
    static func load(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        return UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether both hold the same bytes.
    @inline(__always)
    static func equal(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>)
        -> Bool
    {
        guard one.count == other.count else { return false }
        var index = 0
        while index &+ step <= one.count {
            guard load(one, at: index) == load(other, at: index) else { return false }
            index &+= step
        }
        while index < one.count {
            guard one[index] == other[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the same `count` bytes, all of them there at `one`, stand at `other`.
    @inline(__always)
    static func equal(
        _ bytes: UnsafeBufferPointer<UInt8>, at one: Int, and other: Int, count: Int
    ) -> Bool {
        guard count <= bytes.count &- other else { return false }
        guard count >= step else {
            return (0..<count).allSatisfy { bytes[one &+ $0] == bytes[other &+ $0] }
        }
        // The last word overlaps the one before.
        let last = count &- step
        var index = 0
        while index < last {
            guard load(bytes, at: one &+ index) == load(bytes, at: other &+ index) else {
                return false
            }
            index &+= step
        }
        return load(bytes, at: one &+ last) == load(bytes, at: other &+ last)
    }

    private static let tops: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    private static func every(_ byte: UInt8) -> UInt64 {
        UInt64(byte) &* 0x0101_0101_0101_0101
    }

    /// Sets the top bit of each byte that equals `byte`.
    ///
    /// A borrow can mark bytes above the first true one by mistake, never below it, so only the
    /// lowest mark may be used.
    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ every(byte)
        return (difference &- every(0x01)) & ~difference
    }

    @inline(__always)
    private static func below0x20(_ word: UInt64) -> UInt64 {
        (word &- every(0x20)) & ~word
    }
}

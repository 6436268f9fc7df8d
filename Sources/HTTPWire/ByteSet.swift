/// A set of ASCII bytes as a bitmap: one shift and one test a byte.
///
/// Every byte of a head passes through one of these, so there is no branch and no table in memory.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    /// - Parameters:
    ///   - low: bit n stands for byte n.
    ///   - high: bit n stands for byte 64 + n.
    @inline(__always)
    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let half = byte < 64 ? low : high
        return byte < 128 && (half &>> UInt64(byte)) & 1 != 0
    }
}

/// Cuts bytes into the pieces a network may deliver them in.
enum ByteFeeder {
    /// At once, byte by byte, and cut in two at every point; of long inputs at every 509th, and
    /// near both ends, where lines begin and end.
    static func cuts(of bytes: [UInt8]) -> [[[UInt8]]] {
        let points = (1..<max(bytes.count, 1)).filter {
            bytes.count < 2_000 || $0 < 40 || $0 > bytes.count - 40 || $0 % 509 == 0
        }
        return [[bytes], bytes.map { [$0] }]
            + points.map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
    }

    /// Every strict prefix; of long inputs as many as ``cuts(of:)`` has cuts.
    static func prefixes(of bytes: [UInt8]) -> [[UInt8]] {
        cuts(of: bytes).dropFirst(2).map { $0[0] }
    }
}

/// The bytes libFuzzer gives a driver, and the choices the driver makes with them.
///
/// The choices come out of the last bytes, which stay part of the message: an input is a message
/// and nothing else, so a file of the corpus is a seed as it is, and a finding becomes one.
struct Input {
    let bytes: UnsafeRawBufferPointer
    private var state: UInt64

    init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        bytes = UnsafeRawBufferPointer(start: start, count: count)
        state = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// One of `0..<count`, by SplitMix64.
    mutating func choose(_ count: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(count))
    }

    /// The ways to deliver the message, each as the ends of its pieces: whole, byte by byte, and
    /// in some pieces.
    mutating func deliveries() -> [[Int]] {
        let some = (0...choose(7)).map { _ in choose(bytes.count + 1) }
        return [[bytes.count], Array(0...bytes.count), some.sorted() + [bytes.count]]
    }
}

/// Percent-encodes `text` as tersely as a path segment allows, and tersely enough for a query of a
/// form without `&`, `=` and `+`.
func percentEncoded(_ text: String, inForm: Bool = false) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    let plain = Array((inForm ? "-._~!$'()*,;:@/?" : "-._~!$&'()*+,;=:@").utf8)
    return text.utf8.flatMap { byte -> [UInt8] in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            [byte]
        case _ where plain.contains(byte): [byte]
        default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}

/// Comparing and searching bytes without regard to ASCII case, and to ASCII case only.
enum ASCII {
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Whether `bytes` is `lower`, which is in lower case.
    static func equals(_ bytes: some Sequence<UInt8>, _ lower: StaticString) -> Bool {
        lower.withUTF8Buffer { bytes.lazy.map(lowercase).elementsEqual($0) }
    }

    /// Whether `lower`, which is in lower case, stands anywhere in `bytes`.
    static func contains(_ bytes: [UInt8], _ lower: StaticString) -> Bool {
        lower.withUTF8Buffer { wanted in
            guard bytes.count >= wanted.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                bytes[start...].prefix(wanted.count).lazy.map(lowercase).elementsEqual(wanted)
            }
        }
    }

    /// `bytes` without spaces, tabs and line ends at its start.
    static func trimmingStart(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }
}

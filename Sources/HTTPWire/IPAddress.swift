/// An IPv4 or IPv6 address without a port.
///
/// An IPv4 address and its IPv4-mapped form (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) are the
/// same: which of them a system shows depends on the kind of its socket only.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address as IPv6, the first bit the highest.
    let high: UInt64
    let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    init(high: UInt64, low: UInt64) {
        (self.high, self.low) = (high, low)
    }

    init(ipv4: UInt32) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4))
    }

    /// What stands for whoever has the address: itself, or of IPv6 its /64, for a subscriber has at
    /// least that many (RFC 6177).
    package var subscriber: IPAddress {
        isIPv4 ? self : IPAddress(high: high, low: 0)
    }

    var isIPv4: Bool { high == 0 && low & ~0xFFFF_FFFF == Self.mappedPrefix }

    /// Reads `192.0.2.1` and `2001:db8::1` (RFC 4291 section 2.2), without zone, port or brackets.
    package init?(_ text: some Collection<UInt8>) {
        if let ipv4 = Self.ipv4(text) {
            self.init(ipv4: ipv4)
        } else if let groups = Self.groups(text) {
            self.init(high: Self.join(groups[..<4]), low: Self.join(groups[4...]))
        } else {
            return nil
        }
    }

    package init?(_ text: String) {
        self.init(text.utf8)
    }

    /// The canonical text of RFC 5952.
    package var description: String {
        guard !isIPv4 else {
            let octets = (0..<4).map { index in low >> UInt64(24 - 8 * index) & 0xFF }
            return octets.map { String($0) }.joined(separator: ".")
        }
        let groups = (0..<8).map { index -> UInt64 in
            let half = index < 4 ? high : low
            return half >> UInt64(48 - 16 * (index % 4)) & 0xFFFF
        }
        let words = groups.map(Self.hex)
        // The longest run of zeros, the first of several; one zero alone is written out.
        var longest = 0..<0
        for start in groups.indices {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start > max(1, longest.count) { longest = start..<end }
        }
        guard !longest.isEmpty else { return words.joined(separator: ":") }
        return words[..<longest.lowerBound].joined(separator: ":") + "::"
            + words[longest.upperBound...].joined(separator: ":")
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = [12, 8, 4, 0].map { UInt8(word >> $0 & 0xF) }.drop { $0 == 0 }
        let text = (digits.isEmpty ? [0] : digits).map { digit in
            digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Four numbers without leading zeros, which some would read as octal.
    private static func ipv4(_ text: some Collection<UInt8>) -> UInt32? {
        let parts = text.split(
            separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), let value = Grammar.decimal(part), value <= 255,
                part.count == 1 || part.first != UInt8(ascii: "0")
            else { return nil }
            address = address << 8 | UInt32(value)
        }
        return address
    }

    /// Eight groups; `::` stands for one or more that are zero.
    private static func groups(_ text: some Collection<UInt8>) -> [UInt64]? {
        // Longer than any address: not worth splitting.
        guard text.count <= 45 else { return nil }
        let bytes = Array(text)
        guard let gap = bytes.indices.first(where: { bytes[$0...].starts(with: [0x3A, 0x3A]) })
        else {
            return words(bytes[...], isEnd: true).flatMap { $0.count == 8 ? $0 : nil }
        }
        guard let before = words(bytes[..<gap], isEnd: false),
            let after = words(bytes[(gap + 2)...], isEnd: true),
            before.count + after.count < 8
        else { return nil }
        return before + Array(repeating: 0, count: 8 - before.count - after.count) + after
    }

    /// Groups between single colons; at the end of an address the last may be an IPv4 address, and
    /// counts for two.
    private static func words(_ text: ArraySlice<UInt8>, isEnd: Bool) -> [UInt64]? {
        guard !text.isEmpty else { return [] }
        var words: [UInt64] = []
        let parts = text.split(separator: Grammar.colon, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isEnd, index == parts.count - 1, let ipv4 = ipv4(part) {
                words += [UInt64(ipv4 >> 16), UInt64(ipv4 & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var word: UInt64 = 0
            for byte in part {
                guard let digit = Grammar.hexValue(byte) else { return nil }
                word = word << 4 | UInt64(digit)
            }
            words.append(word)
        }
        return words
    }

    private static func join(_ words: ArraySlice<UInt64>) -> UInt64 {
        words.reduce(0) { $0 << 16 | $1 }
    }
}

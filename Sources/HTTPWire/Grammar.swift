/// Which bytes may stand where; each rule under the name its RFC gives it.
enum Grammar {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let colon = UInt8(ascii: ":")
    static let comma = UInt8(ascii: ",")
    static let percent = UInt8(ascii: "%")
    static let slash = UInt8(ascii: "/")
    static let question = UInt8(ascii: "?")

    /// RFC 5234 appendix B.1, DIGIT.
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// RFC 5234 appendix B.1, HEXDIG, with lower case letters too (RFC 3986 section 6.2.2.1,
    /// RFC 9112 section 7.1): its value, or `nil`.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- UInt8(ascii: "0") }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter &+ 10 : nil
    }

    /// RFC 9110 section 5.6.2, tchar: letters, digits and ``!#$%&'*+-.^_`|~``.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE).contains(byte)
    }

    /// RFC 9110 section 5.5, field-content: field-vchar (VCHAR and obs-text), SP and HTAB.
    @inline(__always)
    static func isFieldContent(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == tab
    }

    /// The first place in `range` of `bytes` that does not hold field-content, or its end.
    ///
    /// Values are most of a head, so this reads eight bytes at a time as long as none of them
    /// needs a closer look.
    static func endOfFieldContent(
        in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int
    ) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones << 7
        var index = start
        while end - index >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let controls = (word &- ones &* 0x20) & ~word
            let deletes = word ^ ones &* 0x7F
            guard (controls | ((deletes &- ones) & ~deletes)) & highBits == 0 else { break }
            index += 8
        }
        while index < end, isFieldContent(bytes[index]) { index += 1 }
        return index
    }

    /// RFC 9110 section 5.6.3, OWS and BWS.
    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    /// RFC 9110 section 5.6.4, qdtext.
    static func isQuotedText(_ byte: UInt8) -> Bool {
        isFieldContent(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// RFC 3986 section 2.3, unreserved: letters, digits and `-._~`.
    @inline(__always)
    static func isUnreserved(_ byte: UInt8) -> Bool {
        ByteSet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE).contains(byte)
    }

    /// RFC 3986 section 3.3, pchar without pct-encoded, which takes three bytes to judge:
    /// unreserved, sub-delims (``!$&'()*+,;=``), `:` and `@`.
    @inline(__always)
    static func isPathCharacter(_ byte: UInt8) -> Bool {
        ByteSet(low: 0x2FFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF).contains(byte)
    }

    /// Any byte some request target may hold: pchar and `/?%[]`, RFC 9112 section 3.2 with
    /// RFC 3986 appendix A.
    ///
    /// Says nothing about where; ``Target`` does.
    @inline(__always)
    static func isTargetByte(_ byte: UInt8) -> Bool {
        ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x47FF_FFFE_AFFF_FFFF).contains(byte)
    }

    /// Folds ASCII upper case to lower, and nothing else: `String.lowercased()` would turn the
    /// Kelvin sign into a `k`.
    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Whether `bytes` is `lower`, which is lower case ASCII, ASCII case aside.
    static func equals(_ bytes: some Collection<UInt8>, _ lower: StaticString) -> Bool {
        guard bytes.count == lower.utf8CodeUnitCount else { return false }
        return lower.withUTF8Buffer { wanted in
            var index = 0
            for byte in bytes {
                guard lowercase(byte) == wanted[index] else { return false }
                index += 1
            }
            return true
        }
    }

    /// Whether `bytes` is `wanted`, byte for byte.
    @inline(__always)
    static func equals(_ bytes: Slice<UnsafeRawBufferPointer>, exactly wanted: StaticString) -> Bool
    {
        guard bytes.count == wanted.utf8CodeUnitCount else { return false }
        return wanted.withUTF8Buffer { wanted in
            for offset in 0..<wanted.count where bytes[bytes.startIndex + offset] != wanted[offset]
            {
                return false
            }
            return true
        }
    }

    /// Reads 1*DIGIT (RFC 9110 section 8.6), never by `Int(_:)`, which takes a sign.
    ///
    /// - Returns: `nil` for anything but digits; `Int.max` for a number that does not fit.
    static func decimal(_ bytes: some Collection<UInt8>) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        var overflowed = false
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            let (tens, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, low) = tens.addingReportingOverflow(Int(byte &- UInt8(ascii: "0")))
            overflowed = overflowed || high || low
            value = overflowed ? 0 : sum
        }
        return overflowed ? Int.max : value
    }
}

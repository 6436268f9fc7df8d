// The grammar of strings. Indices are compared with `bytes.count` before every access; additions
// can't overflow, because a buffer is far shorter than `Int.max`.

extension JSONSource {
    /// The string whose opening quote is at `quote`.
    ///
    /// Inlined for its callers, since most of a page is strings: a sixth of the whole time.
    @inline(__always)
    func text(at quote: Int) throws(JSONError) -> JSONText {
        let start = quote &+ 1
        var index = start
        var hasEscapes = false
        while true {
            index = endOfPlainRun(from: index)
            guard index < bytes.count else {
                throw JSONError(.expectedEndOfString, at: bytes.count)
            }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                return JSONText(range: start..<index, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                index = try endOfEscape(at: index)
            case 0x80...0xFF:
                index = try endOfNonASCIIRun(from: index)
            case 0x20...0x7F:
                index &+= 1
            default:
                throw JSONError(.controlCharacter, at: index)
            }
        }
    }

    /// Steps over plain bytes in words; may stop before the end of the run when fewer than
    /// eight bytes are left of the text.
    @inline(__always)
    private func endOfPlainRun(from start: Int) -> Int {
        let last = bytes.count &- WordScan.step
        var index = start
        while index <= last {
            let stops = WordScan.stops(inString: WordScan.load(bytes, at: index))
            if stops != 0 { return index &+ WordScan.first(stops) }
            index &+= WordScan.step
        }
        return index
    }

    private func endOfNonASCIIRun(from start: Int) throws(JSONError) -> Int {
        var index = start
        while index < bytes.count, bytes[index] >= 0x80 {
            guard let length = UTF8Sequence.length(in: bytes, at: index) else {
                throw JSONError(.invalidUTF8, at: index)
            }
            index &+= length
        }
        return index
    }

    /// Checks the escape whose backslash is at `start`.
    ///
    /// Surrogates are not paired here, since the grammar allows lone ones.
    private func endOfEscape(at start: Int) throws(JSONError) -> Int {
        let index = start &+ 1
        guard index < bytes.count else { throw JSONError(.expectedEscape, at: bytes.count) }
        switch bytes[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index &+ 1
        case UInt8(ascii: "u"):
            if index &+ 4 < bytes.count, areHexadecimal(index &+ 1, index &+ 2),
                areHexadecimal(index &+ 3, index &+ 4)
            {
                return index &+ 5
            }
            for digit in (index &+ 1)...(index &+ 4) {
                guard digit < bytes.count, JSONScanner.hexValue(bytes[digit]) != nil else {
                    throw JSONError(.expectedHexDigit, at: min(digit, bytes.count))
                }
            }
            return index &+ 5
        default:
            throw JSONError(.expectedEscape, at: index)
        }
    }

    @inline(__always)
    private func areHexadecimal(_ one: Int, _ other: Int) -> Bool {
        Self.isHexadecimal(bytes[one]) && Self.isHexadecimal(bytes[other])
    }

    @inline(__always)
    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }
}

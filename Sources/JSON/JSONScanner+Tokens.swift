// The words of the grammar: whitespace, strings, numbers and literals. Each reads one token at
// `offset` and leaves `offset` behind it. Indices are compared with `bytes.count` before every
// access; additions can't overflow, because a buffer is far shorter than `Int.max`.

extension JSONScanner {
    @inline(__always)
    mutating func skipWhitespace() {
        while offset < bytes.count, bytes[offset] <= 0x20 {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset &+= 1
            default: return
            }
        }
    }

    /// Reads a string; its opening quote is at `offset`.
    ///
    /// Inlined for its two callers, since most of a page is strings: a sixth of the whole time.
    @inline(__always)
    mutating func string() throws(JSONError) -> JSONText {
        let start = offset &+ 1
        var index = start
        var hasEscapes = false
        while true {
            index = endOfPlainRun(from: index)
            guard index < bytes.count else {
                throw JSONError(.expectedEndOfString, at: bytes.count)
            }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                offset = index &+ 1
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
        var index = start
        while index &+ WordScan.step <= bytes.count {
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
            for digit in (index &+ 1)...(index &+ 4) {
                guard digit < bytes.count, Self.hexValue(bytes[digit]) != nil else {
                    throw JSONError(.expectedHexDigit, at: min(digit, bytes.count))
                }
            }
            return index &+ 5
        default:
            throw JSONError(.expectedEscape, at: index)
        }
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
        default: nil
        }
    }

    /// Reads a number (RFC 8259 section 6): `-12`, `0.5`, `1e+9`; not `+1`, `01`, `1.`, `.5`.
    mutating func number() throws(JSONError) {
        var index = offset
        if bytes[index] == UInt8(ascii: "-") { index &+= 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index &+= 1
        } else {
            index = try endOfDigits(from: index)
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index = try endOfDigits(from: index &+ 1)
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if index < bytes.count,
                bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-")
            {
                index &+= 1
            }
            index = try endOfDigits(from: index)
        }
        offset = index
    }

    /// The end of one or more digits.
    private func endOfDigits(from start: Int) throws(JSONError) -> Int {
        var index = start
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 { index &+= 1 }
        guard index > start else { throw JSONError(.expectedDigit, at: start) }
        return index
    }

    /// Reads `word`, whose first character is at `offset`.
    mutating func literal(_ word: StaticString) throws(JSONError) {
        let end = offset &+ word.utf8CodeUnitCount
        guard end <= bytes.count,
            word.withUTF8Buffer({ bytes[offset..<end].elementsEqual($0) })
        else { throw JSONError(.expectedValue, at: offset) }
        offset = end
    }
}

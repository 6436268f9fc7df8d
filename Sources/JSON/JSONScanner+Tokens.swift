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
    @inline(__always)
    mutating func string() throws(JSONError) -> JSONText {
        let text = try source.text(at: offset)
        offset = text.range.upperBound &+ 1
        return text
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

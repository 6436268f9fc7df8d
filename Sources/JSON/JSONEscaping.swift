/// Escapes text for ``JSONWriter``: whole runs of plain bytes at once, the rest one by one.
enum JSONEscaping {
    static func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var copied = 0
        var index = 0
        while true {
            index = endOfPlainRun(in: text, from: index)
            guard index < text.count else { break }
            let length = lengthOfCharacter(in: text, at: index)
            if let length, !needsEscape(text, at: index, length: length) {
                index += length
                continue
            }
            output.append(contentsOf: text[copied..<index])
            appendEscaped(text, at: index, length: length, to: &output)
            index += length ?? 1
            copied = index
        }
        output.append(contentsOf: text[copied..<text.count])
    }

    private static func endOfPlainRun(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index + WordScan.step <= text.count {
            let stops = WordScan.stops(inOutput: WordScan.load(text, at: index))
            if stops != 0 { return index + WordScan.first(stops) }
            index += WordScan.step
        }
        return index
    }

    /// The length of the character in UTF-8, or `nil` if the byte starts none.
    private static func lengthOfCharacter(
        in text: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> Int? {
        text[index] < 0x80 ? 1 : UTF8Sequence.length(in: text, at: index)
    }

    private static func needsEscape(
        _ text: UnsafeBufferPointer<UInt8>, at index: Int, length: Int
    ) -> Bool {
        switch text[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "&"), 0x00..<0x20:
            true
        case 0xE2: text[index + 1] == 0x80 && text[index + 2] | 0x01 == 0xA9
        default: false
        }
    }

    private static func appendEscaped(
        _ text: UnsafeBufferPointer<UInt8>, at index: Int, length: Int?, to output: inout [UInt8]
    ) {
        switch (text[index], length) {
        case (_, nil): output.append(contentsOf: [0xEF, 0xBF, 0xBD])
        case (UInt8(ascii: "\""), _): output.append(contentsOf: "\\\"".utf8)
        case (UInt8(ascii: "\\"), _): output.append(contentsOf: "\\\\".utf8)
        case (0x0A, _): output.append(contentsOf: "\\n".utf8)
        case (0x0D, _): output.append(contentsOf: "\\r".utf8)
        case (0x09, _): output.append(contentsOf: "\\t".utf8)
        case (0xE2, _):
            output.append(contentsOf: "\\u202".utf8)
            output.append(hexDigit(text[index + 2] & 0x0F))
        case (let byte, _):
            output.append(contentsOf: "\\u00".utf8)
            output.append(hexDigit(byte >> 4))
            output.append(hexDigit(byte & 0x0F))
        }
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
    }
}

/// The text that is being scanned, to look up what a ``JSONText`` or a number in it says.
///
/// Apart from the scanner because it does not change, and is small enough to be handed about.
/// It must not be used after the memory it reads is gone, nor with ranges of another text.
package struct JSONSource {
    let bytes: UnsafeBufferPointer<UInt8>

    /// The bytes of part of the text, as written; to be used while the text is in place.
    package func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))
    }

    /// Whether `text` says exactly `wanted`, byte for byte once escapes are undone.
    package func matches(_ text: JSONText, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { matches(text, $0) }
    }

    /// Whether `text` says exactly `wanted`, byte for byte once escapes are undone.
    package func matches(_ text: JSONText, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.hasEscapes else {
            return WordScan.equal(UnsafeBufferPointer(rebasing: bytes[text.range]), wanted)
        }
        var plain: [UInt8] = []
        // A lone surrogate is no text, so it equals none, not even a replacement character.
        return !unescape(text, into: &plain).contains(.loneSurrogate)
            && plain.elementsEqual(wanted)
    }

    /// Appends the bytes of `text` with its escapes undone: valid UTF-8 in any case.
    ///
    /// A lone surrogate becomes U+FFFD, and U+0000 a zero byte; both are reported, for the
    /// caller to refuse or to live with.
    package func unescape(_ text: JSONText, into plain: inout [UInt8]) -> JSONTextFlaws {
        guard text.hasEscapes else {
            plain.append(contentsOf: bytes[text.range])
            return []
        }
        var flaws: JSONTextFlaws = []
        var index = text.range.lowerBound
        while index < text.range.upperBound {
            let run = bytes[index..<text.range.upperBound].firstIndex(of: UInt8(ascii: "\\"))
            let end = run ?? text.range.upperBound
            plain.append(contentsOf: bytes[index..<end])
            guard end < text.range.upperBound else { break }
            index = unescapeOne(at: end, into: &plain, &flaws)
        }
        return flaws
    }

    /// The text as a `String`, or `nil` if it holds a lone surrogate.
    package func unicode(_ text: JSONText) -> String? {
        guard text.hasEscapes else {
            return String(decoding: slice(text.range), as: UTF8.self)
        }
        var plain: [UInt8] = []
        guard !unescape(text, into: &plain).contains(.loneSurrogate) else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Undoes the escape at `start`, which ``JSONScanner`` has checked, and returns its end.
    private func unescapeOne(
        at start: Int, into plain: inout [UInt8], _ flaws: inout JSONTextFlaws
    ) -> Int {
        let letter = bytes[start &+ 1]
        switch letter {
        case UInt8(ascii: "u"): return unescapeUnicode(at: start, into: &plain, &flaws)
        case UInt8(ascii: "b"): plain.append(0x08)
        case UInt8(ascii: "f"): plain.append(0x0C)
        case UInt8(ascii: "n"): plain.append(0x0A)
        case UInt8(ascii: "r"): plain.append(0x0D)
        case UInt8(ascii: "t"): plain.append(0x09)
        default: plain.append(letter)
        }
        return start &+ 2
    }

    /// RFC 8259 section 7: characters above U+FFFF are written as a pair of UTF-16 surrogates.
    private func unescapeUnicode(
        at start: Int, into plain: inout [UInt8], _ flaws: inout JSONTextFlaws
    ) -> Int {
        let unit = codeUnit(at: start &+ 2)
        var end = start &+ 6
        var code = unit
        if unit & 0xFC00 == 0xD800, bytes[end] == UInt8(ascii: "\\"),
            bytes[end &+ 1] == UInt8(ascii: "u")
        {
            let low = codeUnit(at: end &+ 2)
            if low & 0xFC00 == 0xDC00 {
                code = 0x1_0000 &+ ((unit & 0x3FF) << 10) &+ (low & 0x3FF)
                end &+= 6
            }
        }
        if code == 0 { flaws.insert(.nul) }
        if let scalar = Unicode.Scalar(code) {
            plain.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            flaws.insert(.loneSurrogate)
            plain.append(contentsOf: UTF8.encodedReplacementCharacter)
        }
        return end
    }

    /// The four hexadecimal digits at `start`.
    private func codeUnit(at start: Int) -> UInt32 {
        bytes[start..<(start &+ 4)].reduce(0) { $0 << 4 | (JSONScanner.hexValue($1) ?? 0) }
    }
}

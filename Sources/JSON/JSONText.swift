/// A string of the text that is being scanned: where it stands, still escaped.
package struct JSONText: Sendable, Hashable {
    /// The offsets of the bytes between the quotes.
    package let range: Range<Int>
    /// Whether ``JSONSource/unescape(_:into:)`` has work to do.
    ///
    /// Without escapes the bytes are valid UTF-8 without control characters.
    package let hasEscapes: Bool
}

/// What a string can hold that is valid JSON and yet can't be kept everywhere.
package struct JSONTextFlaws: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Half a surrogate pair, written `\uD83D`: there is no UTF-8 for it.
    package static let loneSurrogate = JSONTextFlaws(rawValue: 1)
    /// A U+0000, written `\u0000`: it ends a text early in C and in some databases.
    package static let nul = JSONTextFlaws(rawValue: 2)
}

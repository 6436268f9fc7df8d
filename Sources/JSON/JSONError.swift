/// Where a text stopped being JSON, and what should have been there.
///
/// Holds nothing of the text itself: the message may be logged and shown, and the text may be
/// about people.
package struct JSONError: Error, Sendable, Hashable {
    /// The offset of the offending byte, from 0; the length of the text if it ended too early.
    package let offset: Int
    package let reason: Reason

    package enum Reason: Sendable, Hashable {
        case expectedValue
        case expectedKeyOrEnd
        case expectedKey
        case expectedColon
        case expectedCommaOrEndOfObject
        case expectedCommaOrEndOfArray
        case expectedDigit
        case expectedEscape
        case expectedHexDigit
        case expectedEndOfString
        case expectedEndOfText
        case controlCharacter
        case invalidUTF8
        case tooDeep(levelsMax: Int)
        /// The same key twice in one object: legal (RFC 8259 section 4), but without a meaning.
        case repeatedKey
        /// Half a surrogate pair: legal (RFC 8259 section 8.2), but no Unicode text.
        case loneSurrogate
    }

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// For example: `expected ":" after a key at byte 17`.
    package var description: String { "\(reason.words) at byte \(offset)" }
}

extension JSONError.Reason {
    fileprivate var words: String {
        switch self {
        case .expectedValue: "expected a value"
        case .expectedKeyOrEnd: "expected a key or \"}\""
        case .expectedKey: "expected a key"
        case .expectedColon: "expected \":\" after a key"
        case .expectedCommaOrEndOfObject: "expected \",\" or \"}\""
        case .expectedCommaOrEndOfArray: "expected \",\" or \"]\""
        case .expectedDigit: "expected a digit"
        case .expectedEscape: "expected a character that may follow a backslash"
        case .expectedHexDigit: "expected a hexadecimal digit"
        case .expectedEndOfString: "expected the end of a string"
        case .expectedEndOfText: "expected nothing more"
        case .controlCharacter: "expected control characters to be escaped"
        case .invalidUTF8: "expected valid UTF-8"
        case .tooDeep(let levelsMax): "expected at most \(levelsMax) levels of nesting"
        case .repeatedKey: "expected each key once in an object"
        case .loneSurrogate: "expected surrogates in pairs"
        }
    }
}

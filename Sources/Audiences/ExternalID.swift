/// An identifier somebody else chose: a distinct id, a reference id, a cohort or session id.
///
/// 1...``Limits/externalIDBytesMax`` bytes of UTF-8 without NUL, compared **byte by byte**.
/// Swift's `String` equality is canonical equivalence, which would merge two people whose ids
/// differ only in how an accent is composed; so nothing here compares the text.
package struct ExternalID: Sendable, Hashable, Comparable {
    /// The id as it was sent: nothing trimmed, no case folded.
    package let text: String

    /// `nil` if the text is empty, too long, or has a NUL in it.
    package init?(_ text: String) {
        guard (1...Limits.externalIDBytesMax).contains(text.utf8.count),
            !Self.hasNUL(text)
        else { return nil }
        self.text = text
    }

    /// - Parameter text: known to be none of these.
    init(unchecked text: String) {
        self.text = text
    }

    /// The bytes of UTF-8.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        var text = text
        return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    }

    /// Over the text's own memory this is several times faster than `utf8.contains(0)`.
    private static func hasNUL(_ text: String) -> Bool {
        let found = text.utf8.withContiguousStorageIfAvailable { bytes in
            var found = false
            for byte in bytes { found = byte == 0 || found }
            return found
        }
        return found ?? text.utf8.contains(0)
    }

    package static func == (left: ExternalID, right: ExternalID) -> Bool {
        sameBytes(left.text, right.text)
    }

    package static func < (left: ExternalID, right: ExternalID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hashBytes(of: text, into: &hasher)
    }
}

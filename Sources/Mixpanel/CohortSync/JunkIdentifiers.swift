/// Values that stand for "no id" in somebody's code, and would join strangers into one person.
///
/// The list is Mixpanel's own, of ids it refuses on ingestion; they can still come in a custom
/// property. https://docs.mixpanel.com/reference/import-events
package enum JunkIdentifiers {
    private static let words = [
        "anon", "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "<nil>",
        "0", "-1", "true", "false", "[]", "{}",
    ].map { Array($0.utf8) }

    private static let longestWordBytes = 9
    private static let zeroUUID = Array("00000000-0000-0000-0000-000000000000".utf8)

    /// Whether `text` is one of them; ASCII case makes no difference.
    static func contain(_ text: UnsafeRawBufferPointer) -> Bool {
        if text.count == zeroUUID.count { return text.elementsEqual(zeroUUID) }
        guard text.count <= longestWordBytes else { return false }
        return words.contains { word in
            word.count == text.count
                && zip(word, text).allSatisfy { $0 == ($1 &- 0x41 < 26 ? $1 | 0x20 : $1) }
        }
    }

    /// As above.
    package static func contain(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes(contain)
    }
}

/// Writes JSON piece by piece, with the commas between.
///
///     var json = JSONWriter()
///     json.beginObject()
///     json.key("status")
///     json.string("success")
///     json.endObject()
///
/// What is begun must be ended, and a key comes before each value in an object: that is the
/// caller's part, and not checked. Texts are also safe to put into an HTML page or a script:
/// `<`, `>`, `&`, U+2028 and U+2029 are escaped (the last two end a line in old JavaScript).
package struct JSONWriter: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []
    /// Whether a value stands before this place at the same level.
    private var needsComma = false

    package init(reservingCapacity bytesCount: Int = 0) {
        bytes.reserveCapacity(bytesCount)
    }

    /// Hands over what was written since the last call, for answers that are sent in pieces.
    package mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    package mutating func beginObject() {
        begin(UInt8(ascii: "{"))
    }

    package mutating func endObject() {
        end(UInt8(ascii: "}"))
    }

    package mutating func beginArray() {
        begin(UInt8(ascii: "["))
    }

    package mutating func endArray() {
        end(UInt8(ascii: "]"))
    }

    package mutating func key(_ name: StaticString) {
        separate()
        name.withUTF8Buffer { quote($0) }
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a key that is not known in advance.
    package mutating func key(utf8 name: some Sequence<UInt8>) {
        string(utf8: name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        string(utf8: text.utf8)
    }

    /// Writes a text given as bytes.
    ///
    /// What is not valid UTF-8 in it becomes U+FFFD.
    package mutating func string(utf8 text: some Sequence<UInt8>) {
        separate()
        let wasContiguous: Void? = text.withContiguousStorageIfAvailable { quote($0) }
        if wasContiguous == nil {
            Array(text).withUnsafeBufferPointer { quote($0) }
        }
        needsComma = true
    }

    package mutating func int(_ value: some BinaryInteger) {
        raw(String(value).utf8)
    }

    package mutating func bool(_ value: Bool) {
        raw((value ? "true" : "false").utf8)
    }

    package mutating func null() {
        raw("null".utf8)
    }

    /// Writes a number as given, which must follow the grammar of JSON.
    package mutating func rawNumber(_ written: String) {
        raw(written.utf8)
    }

    /// Writes a tree; as deep as the tree is, the calls go.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let written): rawNumber(written)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(utf8: member.key.utf8)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func raw(_ written: String.UTF8View) {
        separate()
        bytes.append(contentsOf: written)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        JSONEscaping.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}

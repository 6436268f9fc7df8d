/// Reads JSON (RFC 8259) in place, one value at a time, when asked: no tree, no `String`.
///
/// Strict: it accepts what the grammar allows and nothing else, checks UTF-8, and refuses more
/// than ``depthLevelsMax`` levels. It knows its place in the text, so callers only say what
/// they want next:
///
///     if case .object = try scanner.value() {
///         while let key = try scanner.nextKey() { try scanner.skipValue() }
///     }
///     try scanner.finish()
///
/// Repeated keys, lone surrogates and the range of numbers are left to the caller, because
/// RFC 8259 allows them. A scanner must not be used after the memory it reads is gone. A copy
/// goes on from the same place, independently. After an error, a scanner is of no further use.
package struct JSONScanner {
    /// How deep arrays and objects may be nested.
    ///
    /// One bit remembers each level, so a hostile text of brackets costs nothing. Real payloads
    /// use five levels; the rest is room for what people keep in a property, which must not fail
    /// the page it is on. Beyond it a text is refused whole: it can't be told from an attack.
    package static let depthLevelsMax = 512

    package let source: JSONSource
    var bytes: UnsafeBufferPointer<UInt8> { source.bytes }
    /// The offset of the first byte that was not read yet.
    package internal(set) var offset = 0
    /// How many arrays and objects are open.
    package private(set) var depth = 0
    /// The kinds of the innermost containers: bit n is set if the one of level n + 1, counted from
    /// the last multiple of 64, is an object.
    private var objects: UInt64 = 0
    /// The same of the levels before those, 64 to a word; empty for any real text.
    private var outerObjects: [UInt64] = []
    private var place = Place.beforeValue

    private enum Place {
        case beforeValue
        case afterBegin
        case afterValue
    }

    /// What starts a value; scalars are read whole.
    package enum Value: Sendable, Hashable {
        /// Read its members with ``JSONScanner/nextKey()`` until that gives `nil`.
        case object
        /// Read its elements with ``JSONScanner/nextElement()`` until that gives `false`.
        case array
        case string(JSONText)
        /// The offsets of a number as written.
        case number(Range<Int>)
        case bool(Bool)
        case null
    }

    /// Starts at the beginning of `bytes`, which must stay in place while the scanner is used.
    ///
    /// - Parameters:
    ///   - bytes: the whole text.
    ///   - skippingBOM: whether a UTF-8 byte order mark may come first. Senders must not add
    ///     one, and receivers may ignore it (RFC 8259 section 8.1).
    package init(_ bytes: UnsafeRawBufferPointer, skippingBOM: Bool = false) {
        source = JSONSource(bytes: bytes.bindMemory(to: UInt8.self))
        if skippingBOM, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
        }
    }

    /// Reads the next value, or its beginning.
    package mutating func value() throws(JSONError) -> Value {
        assert(place == .beforeValue, "ask for the next key or element first")
        skipWhitespace()
        guard offset < bytes.count else { throw JSONError(.expectedValue, at: offset) }
        let start = offset
        switch bytes[start] {
        case UInt8(ascii: "\""):
            let text = try string()
            place = .afterValue
            return .string(text)
        case UInt8(ascii: "{"):
            try begin(object: true)
            return .object
        case UInt8(ascii: "["):
            try begin(object: false)
            return .array
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            place = .afterValue
            return .number(start..<offset)
        case UInt8(ascii: "t"):
            try literal("true")
            place = .afterValue
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            place = .afterValue
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            place = .afterValue
            return .null
        default:
            throw JSONError(.expectedValue, at: start)
        }
    }

    /// Moves to the value of the next member of the innermost object, and returns its key.
    ///
    /// - Returns: `nil` if there is none: the object is closed then.
    package mutating func nextKey() throws(JSONError) -> JSONText? {
        assert(place != .beforeValue && isInObject, "there is no object to read from")
        skipWhitespace()
        var byte = offset < bytes.count ? bytes[offset] : 0
        if byte == UInt8(ascii: "}") {
            end()
            return nil
        }
        if place == .afterValue {
            guard byte == UInt8(ascii: ",") else {
                throw JSONError(.expectedCommaOrEndOfObject, at: offset)
            }
            offset += 1
            skipWhitespace()
            byte = offset < bytes.count ? bytes[offset] : 0
        }
        guard byte == UInt8(ascii: "\"") else {
            throw JSONError(place == .afterBegin ? .expectedKeyOrEnd : .expectedKey, at: offset)
        }
        let key = try string()
        skipWhitespace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: ":") else {
            throw JSONError(.expectedColon, at: offset)
        }
        offset += 1
        place = .beforeValue
        return key
    }

    /// Moves to the next element of the innermost array.
    ///
    /// - Returns: `false` if there is none: the array is closed then.
    package mutating func nextElement() throws(JSONError) -> Bool {
        assert(place != .beforeValue && !isInObject, "there is no array to read from")
        skipWhitespace()
        let byte = offset < bytes.count ? bytes[offset] : 0
        if byte == UInt8(ascii: "]") {
            end()
            return false
        }
        if place == .afterValue {
            guard byte == UInt8(ascii: ",") else {
                throw JSONError(.expectedCommaOrEndOfArray, at: offset)
            }
            offset += 1
        }
        place = .beforeValue
        return true
    }

    /// Reads a whole value, whatever it is, checking all of it.
    ///
    /// - Returns: the offsets of the value as written.
    @discardableResult
    package mutating func skipValue() throws(JSONError) -> Range<Int> {
        skipWhitespace()
        let start = offset
        _ = try wholeValue()
        return start..<offset
    }

    /// Reads the next value to its end: what is in an object or array is checked and passed over.
    package mutating func wholeValue() throws(JSONError) -> Value {
        let value = try value()
        try skipRest(of: value)
        return value
    }

    /// Passes over what is in `value`, which ``value()`` has just given, and closes it.
    package mutating func skipRest(of value: Value) throws(JSONError) {
        switch value {
        case .string, .number, .bool, .null: return
        case .object, .array: break
        }
        let outside = depth - 1
        while depth > outside {
            if isInObject {
                guard try nextKey() != nil else { continue }
            } else {
                guard try nextElement() else { continue }
            }
            _ = try self.value()
        }
    }

    /// Checks that nothing but whitespace follows the outermost value.
    package mutating func finish() throws(JSONError) {
        assert(depth == 0 && place == .afterValue, "the value was not read to its end")
        skipWhitespace()
        guard offset == bytes.count else { throw JSONError(.expectedEndOfText, at: offset) }
    }

    /// Goes on behind whole members of the innermost object.
    mutating func passMembers(to end: Int) {
        assert(place != .beforeValue && isInObject, "there is no object to read from")
        offset = end
        place = .afterValue
    }

    /// Closes the innermost object if its brace is next.
    @inline(__always)
    mutating func closeObjectAtOnce() -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "}") else { return false }
        end()
        return true
    }

    /// Moves to the next element of the innermost array, as ``nextElement()``, and begins it if
    /// it is an object that directly follows another value.
    ///
    /// - Returns: false, and nothing is done, if it does not.
    package mutating func beginNextObject() throws(JSONError) -> Bool {
        assert(place != .beforeValue && !isInObject, "there is no array to read from")
        guard place == .afterValue, offset &+ 1 < bytes.count,
            bytes[offset] == UInt8(ascii: ","), bytes[offset &+ 1] == UInt8(ascii: "{")
        else { return false }
        offset &+= 1
        try begin(object: true)
        return true
    }

    private var isInObject: Bool {
        depth > 0 && objects & Self.bit(ofLevel: depth - 1) != 0
    }

    private static let wordLevels = UInt64.bitWidth

    private static func bit(ofLevel level: Int) -> UInt64 {
        1 << UInt64(truncatingIfNeeded: level % wordLevels)
    }

    @inline(__always)
    private mutating func begin(object: Bool) throws(JSONError) {
        guard depth < Self.depthLevelsMax else {
            throw JSONError(.tooDeep(levelsMax: Self.depthLevelsMax), at: offset)
        }
        if depth > 0, depth % Self.wordLevels == 0 { outerObjects.append(objects) }
        let bit = Self.bit(ofLevel: depth)
        objects = object ? objects | bit : objects & ~bit
        depth += 1
        offset += 1
        place = .afterBegin
    }

    @inline(__always)
    private mutating func end() {
        depth = max(0, depth - 1)
        if depth % Self.wordLevels == 0, let outer = outerObjects.popLast() { objects = outer }
        offset += 1
        place = .afterValue
    }
}

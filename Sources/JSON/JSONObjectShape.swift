/// Reads the objects of a list for the values of a few names, and remembers how they are written.
///
/// Most lists hold objects with the same keys in the same order. What stands between two values,
/// such as `,"reference_id":`, is then read and looked up once: where the very same bytes stand in
/// the same place of the grammar again they mean the same again, so they are only compared. Good
/// for one text.
package struct JSONObjectShape {
    /// What precedes a value: from the end of the one before, or from the brace, to the colon.
    private struct Gap {
        let start: Int
        let count: Int
        /// Which of the names the key is; `nil` if it is none.
        let name: Int?
    }

    /// Keys of one object that are remembered; further ones are read each time.
    static let keysMax = 64

    private let names: JSONNames
    private var gaps: [Gap] = []
    fileprivate var values: [JSONScanner.Value?]

    package init(_ names: [String]) {
        self.names = JSONNames(names)
        values = Array(repeating: nil, count: names.count)
    }

    /// What the last object says of a name; `nil` if it has no such key, the last value if it has
    /// several.
    ///
    /// A name that was given twice has its value at the first place.
    package subscript(name: Int) -> JSONScanner.Value? { values[name] }

    fileprivate mutating func forgetValues() {
        for name in values.indices { values[name] = nil }
    }

    /// Reads members that come as they came before, with a string each: nearly all there are.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - position: how many keys of the object were read.
    ///   - offset: where to begin.
    /// - Returns: how many keys and where to go on then.
    /// - Throws: what is wrong with a string.
    fileprivate mutating func readStrings(
        in source: JSONSource, from position: Int, at offset: Int
    ) throws(JSONError) -> (position: Int, offset: Int) {
        let bytes = source.bytes
        var position = position
        var offset = offset
        while position < gaps.count {
            let gap = gaps[position]
            let quote = offset &+ gap.count
            guard WordScan.equal(bytes, at: gap.start, and: offset, count: gap.count),
                quote < bytes.count, bytes[quote] == UInt8(ascii: "\"")
            else { break }
            let text = try source.text(at: quote)
            if let name = gap.name { values[name] = .string(text) }
            offset = text.range.upperBound &+ 1
            position &+= 1
        }
        return (position, offset)
    }

    fileprivate mutating func remember(
        _ key: JSONText, in source: JSONSource, from start: Int, to end: Int, at position: Int
    ) -> Int? {
        let name = names.index(of: key, in: source)
        let gap = Gap(start: start, count: end - start, name: name)
        if position < gaps.count {
            gaps[position] = gap
        } else if position < Self.keysMax {
            gaps.append(gap)
        }
        return name
    }
}

extension JSONScanner {
    /// Reads the rest of the object that ``value()`` has just given, and closes it.
    ///
    /// The values are then in `shape`.
    package mutating func readObject(_ shape: inout JSONObjectShape) throws(JSONError) {
        shape.forgetValues()
        var position = 0
        while true {
            let read = try shape.readStrings(in: source, from: position, at: offset)
            if read.position > position { passMembers(to: read.offset) }
            if closeObjectAtOnce() { return }
            guard try readMember(&shape, read.position) else { return }
            position = read.position + 1
        }
    }

    /// Reads any member; false if there is none, and the object is closed.
    private mutating func readMember(
        _ shape: inout JSONObjectShape, _ position: Int
    ) throws(JSONError) -> Bool {
        let start = offset
        guard let key = try nextKey() else { return false }
        let name = shape.remember(key, in: source, from: start, to: offset, at: position)
        let value = try wholeValue()
        if let name { shape.values[name] = value }
        return true
    }
}

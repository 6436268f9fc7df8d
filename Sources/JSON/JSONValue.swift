/// A JSON value as a tree, for the small bodies of API requests.
///
/// Pages of members are read with ``JSONScanner`` instead, which builds nothing. There is no
/// `==`: texts would compare by canonical equivalence and numbers by spelling.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As written, so that nothing is rounded: ids above 2^53 survive.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// How deep arrays and objects may be nested; requests of the API use three levels.
    ///
    /// Less than a scanner takes, because reading a tree costs stack for each level.
    package static let depthLevelsMax = 64

    /// Reads `text`, which must be one JSON value with nothing but whitespace around it.
    ///
    /// Stricter than RFC 8259, which leaves both open: an object with a repeated key is
    /// refused, since it may have passed a check as one thing and be acted upon as another,
    /// and so is a lone surrogate, since no `String` can hold it.
    package init(parsing text: UnsafeRawBufferPointer) throws(JSONError) {
        var scanner = JSONScanner(text)
        try self.init(from: &scanner)
        try scanner.finish()
    }

    /// Reads `text`, as ``init(parsing:)-(UnsafeRawBufferPointer)`` does.
    package init(parsing text: [UInt8]) throws(JSONError) {
        let result = text.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
        }
        self = try result.get()
    }

    /// Reads the next value of `scanner`.
    ///
    /// Calls itself for each level of nesting, of which there may be ``depthLevelsMax``.
    package init(from scanner: inout JSONScanner) throws(JSONError) {
        let value = try scanner.value()
        guard scanner.depth <= Self.depthLevelsMax else {
            throw JSONError(.tooDeep(levelsMax: Self.depthLevelsMax), at: scanner.offset - 1)
        }
        switch value {
        case .null:
            self = .null
        case .bool(let value):
            self = .bool(value)
        case .number(let range):
            self = .number(String(decoding: scanner.source.slice(range), as: UTF8.self))
        case .string(let text):
            self = .string(try scanner.string(of: text))
        case .array:
            var elements: [JSONValue] = []
            while try scanner.nextElement() {
                elements.append(try JSONValue(from: &scanner))
            }
            self = .array(elements)
        case .object:
            self = .object(try JSONObject(from: &scanner))
        }
    }
}

/// The members of an object, in the order they were written in, each key once.
package struct JSONObject: Sendable {
    package private(set) var members: [(key: String, value: JSONValue)] = []

    /// - Parameter members: with different keys, which is the caller's part, and not checked.
    package init(_ members: [(key: String, value: JSONValue)]) {
        self.members = members
    }

    /// The value of the member with exactly this key, byte for byte.
    package subscript(key: String) -> JSONValue? {
        members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// Reads the members of the object that `scanner` has just begun.
    fileprivate init(from scanner: inout JSONScanner) throws(JSONError) {
        var keys = JSONKeySet()
        while let text = try scanner.nextKey() {
            let key = try scanner.string(of: text)
            guard keys.insert(key.utf8) else {
                throw JSONError(.repeatedKey, at: text.range.lowerBound)
            }
            members.append((key, try JSONValue(from: &scanner)))
        }
    }
}

extension JSONScanner {
    fileprivate func string(of text: JSONText) throws(JSONError) -> String {
        guard let string = source.unicode(text) else {
            throw JSONError(.loneSurrogate, at: text.range.lowerBound)
        }
        return string
    }
}

// MARK: - Reading one kind of value; `nil` for any other kind

extension JSONValue {
    /// Whether this is `null`.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The number, if it is written as a plain integer that fits: `7`, not `7.0` and not `7e0`.
    package var int: Int? {
        guard case .number(let written) = self else { return nil }
        return Int(plainDecimal: written.utf8)
    }
}

extension Int {
    /// Reads an optional `-` and then digits only.
    ///
    /// `Int(_:)` would take a `+`, too.
    ///
    /// - Returns: `nil` for anything else, and for what does not fit.
    package init?(plainDecimal text: some Collection<UInt8>) {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard !digits.isEmpty else { return nil }
        var negated = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (tens, over) = negated.multipliedReportingOverflow(by: 10)
            let digit = Int(byte) - 0x30
            // Negative all along, because there is one more negative number than positive ones.
            let (sum, under) = tens.subtractingReportingOverflow(digit)
            guard !over, !under else { return nil }
            negated = sum
        }
        guard !isNegative else {
            self = negated
            return
        }
        guard negated != .min else { return nil }
        self = -negated
    }
}

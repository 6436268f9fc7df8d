internal import Audiences
internal import JSON

// Reading answers whose shape nobody promised: what is not of the expected kind is as good as
// not there.

extension JSONScanner {
    /// Calls `body` for each member of the next value, if that is an object; `body` must read the
    /// member's value.
    ///
    /// - Returns: whether it was one.
    @discardableResult
    mutating func eachMember(
        _ body: (inout JSONScanner, JSONText) throws(JSONError) -> Void
    ) throws(JSONError) -> Bool {
        let kind = try value()
        guard case .object = kind else {
            try skipRest(of: kind)
            return false
        }
        while let key = try nextKey() { try body(&self, key) }
        return true
    }

    /// Calls `body` for each element of the next value, if that is an array; `body` must read the
    /// element.
    ///
    /// - Returns: whether it was one.
    @discardableResult
    mutating func eachElement(
        _ body: (inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) -> Bool {
        let kind = try value()
        guard case .array = kind else {
            try skipRest(of: kind)
            return false
        }
        while try nextElement() { try body(&self) }
        return true
    }

    /// The next value as a text for people, cut to ``MixpanelLimits/textBytesMax``.
    mutating func textValue() throws(JSONError) -> String? {
        guard case .string(let text) = try wholeValue() else { return nil }
        var plain: [UInt8] = []
        _ = source.unescape(text, into: &plain)
        return String(decoding: plain.prefix(MixpanelLimits.textBytesMax), as: UTF8.self)
    }

    /// The next value as an id: a text, or a number as it is written.
    mutating func idValue() throws(JSONError) -> ExternalID? {
        let value = try wholeValue()
        return IdentifierText(value, in: source).id
    }

    /// The next value as a whole number, written as a number or as a text.
    mutating func intValue() throws(JSONError) -> Int? {
        switch try wholeValue() {
        case .number(let range): Int(plainDecimal: source.slice(range))
        case .string(let text): Int(plainDecimal: source.slice(text.range))
        case .bool(let flag): flag ? 1 : 0
        case .null, .array, .object: nil
        }
    }
}

extension [UInt8] {
    /// Lets `body` scan these bytes, which must be one JSON value.
    ///
    /// - Returns: what `body` made of it; `nil` if the bytes are no JSON or `body` gave up.
    func scanned<Result>(
        _ body: (inout JSONScanner) throws(JSONError) -> Result?
    ) -> Result? {
        withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes, skippingBOM: true)
            guard let result = try? body(&scanner), (try? scanner.finish()) != nil else {
                return nil
            }
            return result
        }
    }
}

/// Reading a query the way HTML forms write it: `name=value` pairs joined by `&`, `+` a space.
///
/// Nothing is guessed: an escape that is not text throws ``WireError/malformed(rule:)``, and so
/// does a name given twice where one value was asked for. The answer to both is 400.
extension Target {
    /// All pairs in order; a pair without `=` has an empty value, an empty pair is left out.
    package func queryItems() throws(WireError) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        try forEachPair { name, value throws(WireError) in
            items.append((try name.text, try value.text))
        }
        return items
    }

    /// Every value of `name`, in order.
    package func values(_ name: String) throws(WireError) -> [String] {
        var values: [String] = []
        try forEachPair { found, value throws(WireError) in
            if try found.isText(name) {
                values.append(try value.text)
            } else if !value.isPlain {
                _ = try value.text
            }
        }
        return values
    }

    /// The value of `name`, `nil` if it is not there; a name given twice throws.
    package func value(_ name: String) throws(WireError) -> String? {
        let found = try values(name)
        guard found.count < 2 else { throw .malformed(rule: "query-name-repeated") }
        return found.first
    }

    /// The value of `name` if the query is that one pair; `nil` if there is anything else, or
    /// something is badly escaped.
    package func onlyValue(_ name: StaticString) -> String? {
        let start = name.utf8CodeUnitCount + 1
        let found = rawQuery?.utf8.withContiguousStorageIfAvailable { bytes -> String? in
            guard bytes.count >= start, bytes[start - 1] == UInt8(ascii: "="),
                Grammar.equals(UnsafeRawBufferPointer(bytes).prefix(start - 1), exactly: name)
            else { return nil }
            let value = UnsafeBufferPointer(rebasing: bytes[start...])
            var isPlain = true
            for byte in value {
                guard byte != UInt8(ascii: "&") else { return nil }
                isPlain = isPlain && byte != Grammar.percent && byte != UInt8(ascii: "+")
            }
            return isPlain
                ? String(decoding: value, as: UTF8.self)
                : PercentDecoding.decode(value, plusIsSpace: true)
        }
        return found ?? nil
    }

    private func forEachPair(
        _ body: (QueryText, QueryText) throws(WireError) -> Void
    ) throws(WireError) {
        guard let rawQuery else { return }
        var rest = rawQuery[...].utf8
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest[pair.endIndex...].dropFirst()
            guard !pair.isEmpty else { continue }
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            try body(
                QueryText(bytes: name), QueryText(bytes: pair[name.endIndex...].dropFirst()))
        }
    }
}

/// A name or a value as it stands in the query.
private struct QueryText {
    let bytes: Substring.UTF8View

    /// Whether there is nothing to decode, as in most: the text is what stands there.
    var isPlain: Bool {
        bytes.allSatisfy { $0 != Grammar.percent && $0 != UInt8(ascii: "+") }
    }

    var text: String {
        get throws(WireError) {
            if isPlain { return String(Substring(bytes)) }
            guard let text = PercentDecoding.decode(bytes, plusIsSpace: true) else {
                throw .malformed(rule: "query-escape")
            }
            return text
        }
    }

    /// Bytes are compared, because `==` on String is canonical equivalence.
    func isText(_ other: String) throws(WireError) -> Bool {
        if isPlain { return bytes.elementsEqual(other.utf8) }
        return try text.utf8.elementsEqual(other.utf8)
    }
}

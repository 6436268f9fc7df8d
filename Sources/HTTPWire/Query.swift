/// Reading a query the way HTML forms write it: `name=value` pairs joined by `&`, `+` a space.
///
/// Nothing is guessed: an escape that is not text throws ``WireError/malformed(rule:)``, and so
/// does a name given twice where one value was asked for. The answer to both is 400.
extension Target {
    /// All pairs in order; a pair without `=` has an empty value, an empty pair is left out.
    package func queryItems() throws(WireError) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        guard let rawQuery else { return items }
        for pair in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair[name.endIndex...].dropFirst()
            guard let name = PercentDecoding.decode(name, plusIsSpace: true),
                let value = PercentDecoding.decode(value, plusIsSpace: true)
            else { throw .malformed(rule: "query-escape") }
            items.append((name, value))
        }
        return items
    }

    /// Every value of `name`, in order.
    package func values(_ name: String) throws(WireError) -> [String] {
        // Bytes, because `==` on String is canonical equivalence.
        try queryItems().filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
    }

    /// The value of `name`, `nil` if it is not there; a name given twice throws.
    package func value(_ name: String) throws(WireError) -> String? {
        let found = try values(name)
        guard found.count < 2 else { throw .malformed(rule: "query-name-repeated") }
        return found.first
    }
}

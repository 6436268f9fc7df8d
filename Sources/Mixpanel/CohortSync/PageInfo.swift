internal import Audiences
internal import JSON

/// `page_info`: `{"total_pages": 10, "page_count": 6}`, where `page_count` is, despite its name,
/// the 1-based number of this page.
struct PageInfo {
    private var kind: JSONScanner.Value
    private var number: JSONScanner.Value?
    private var total: JSONScanner.Value?
    private var isRepeated = false

    private static let names = JSONNames(["page_count", "total_pages"])

    /// Reads the next value of `scanner`, whatever it is.
    init(from scanner: inout JSONScanner) throws(JSONError) {
        kind = try scanner.value()
        guard kind == .object else {
            try scanner.skipRest(of: kind)
            return
        }
        while let key = try scanner.nextKey() {
            let name = Self.names.index(of: key, in: scanner.source)
            let value = try scanner.wholeValue()
            switch name {
            case 0:
                isRepeated = isRepeated || number != nil
                number = value
            case 1:
                isRepeated = isRepeated || total != nil
                total = value
            default:
                break
            }
        }
    }

    /// Where the page stands; what can't be understood is irregular, never guessed.
    func position(in source: JSONSource) -> PagePosition {
        switch kind {
        case .null:
            return .absent
        case .object where !isRepeated:
            guard let number = Announced(number, in: source),
                let total = Announced(total, in: source)
            else { return .irregular }
            return PagePosition(number: number.count, of: total.count)
        default:
            return .irregular
        }
    }
}

/// A whole number, given as a number or as text, or nothing at all.
private struct Announced {
    /// `nil` if the field is missing or null.
    let count: Int?

    /// `nil` for what is neither missing nor a whole number.
    init?(_ value: JSONScanner.Value?, in source: JSONSource) {
        let written: UnsafeRawBufferPointer
        switch value {
        case nil, .null:
            count = nil
            return
        case .number(let range): written = source.slice(range)
        case .string(let text): written = source.slice(text.range)
        case .object, .array, .bool: return nil
        }
        guard let count = Int(plainDecimal: written) else { return nil }
        self.count = count
    }
}

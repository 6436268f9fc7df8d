/// The two formats that lists are exported in.
package enum ExportFormat: String, Sendable, CaseIterable {
    /// One JSON object a line, as the API lists it.
    case ndjson
    /// RFC 4180 with a header line; what is no text is a column of JSON.
    case csv

    var mediaType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }

    /// One line of CSV.
    static func row(_ fields: [[UInt8]]) -> [UInt8] {
        Array(fields.map(quoted).joined(separator: [UInt8(ascii: ",")])) + Array("\r\n".utf8)
    }

    /// RFC 4180 section 2, rules 5 to 7.
    private static func quoted(_ field: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let special: Set<UInt8> = [quote, UInt8(ascii: ","), 0x0D, 0x0A]
        guard field.contains(where: special.contains) else { return field }
        return [quote] + field.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}

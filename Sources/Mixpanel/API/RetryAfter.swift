package import Audiences
internal import JSON

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
package enum RetryAfter {
    /// How long to wait, at most ``MixpanelLimits/retryAfterSecondsMax``; `nil` if the field is
    /// not there or can't be understood.
    package static func read(_ field: String?, at now: Timestamp) -> Duration? {
        guard let field else { return nil }
        let bytes = Array(field.utf8)
        if bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            guard !bytes.isEmpty else { return nil }
            return wait(Int64(Int(plainDecimal: bytes) ?? .max))
        }
        guard let date = date(bytes) else { return nil }
        let (rounded, over) = date.since(now).addingReportingOverflow(999)
        return wait(over ? .max : rounded / 1000)
    }

    private static func wait(_ seconds: Int64) -> Duration {
        .seconds(min(max(0, seconds), Int64(MixpanelLimits.retryAfterSecondsMax)))
    }

    /// IMF-fixdate (RFC 9110 section 5.6.7), the only form that may be sent:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ bytes: [UInt8]) -> Timestamp? {
        guard bytes.count == 29, bytes[3] == UInt8(ascii: ","),
            bytes[26...].elementsEqual("GMT".utf8),
            let month = months.firstIndex(where: { $0.utf8.elementsEqual(bytes[8..<11]) })
        else { return nil }
        let day = String(decoding: bytes[5..<7], as: UTF8.self)
        let year = String(decoding: bytes[12..<16], as: UTF8.self)
        let time = String(decoding: bytes[17..<25], as: UTF8.self)
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(year)-\(number)-\(day)T\(time)Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

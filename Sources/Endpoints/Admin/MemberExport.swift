package import Audiences
import JSON

/// The two formats an audience is exported in.
package enum MemberExport: String, Sendable, CaseIterable {
    /// One JSON object a line, as in `/members`.
    case ndjson
    /// RFC 4180 with a header line; the traits are one column of JSON.
    case csv

    var mediaType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }

    /// What stands before the first member; empty if nothing.
    package var header: [UInt8] {
        switch self {
        case .ndjson: []
        case .csv:
            Array("mixpanel_distinct_id,reference_id,match_id,entered_at,traits\r\n".utf8)
        }
    }

    package func lines(_ members: [Member]) -> [UInt8] {
        var bytes: [UInt8] = []
        for member in members {
            switch self {
            case .ndjson:
                var json = JSONWriter()
                json.member(member)
                bytes += json.bytes
                bytes.append(UInt8(ascii: "\n"))
            case .csv:
                bytes += Self.row(member)
            }
        }
        return bytes
    }

    private static func row(_ member: Member) -> [UInt8] {
        var traits = JSONWriter()
        traits.traits(member.person.traits)
        let fields = [
            Array(member.person.distinctID.text.utf8),
            Array((member.person.referenceID?.text ?? "").utf8),
            Array(member.person.matchID.text.utf8),
            Array(member.enteredAt.rfc3339.utf8),
            traits.bytes,
        ]
        return Array(fields.map(quoted).joined(separator: [UInt8(ascii: ",")]))
            + Array("\r\n".utf8)
    }

    /// RFC 4180 section 2, rules 5 to 7.
    private static func quoted(_ field: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let special: Set<UInt8> = [quote, UInt8(ascii: ","), 0x0D, 0x0A]
        guard field.contains(where: special.contains) else { return field }
        return [quote] + field.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}

package import Audiences
import JSON

/// The members of an audience, for a table or another program.
package struct MemberExport: Sendable {
    private let format: ExportFormat

    package init(format: ExportFormat) {
        self.format = format
    }

    /// What stands before the first member; empty if nothing.
    package var header: [UInt8] {
        switch format {
        case .ndjson: []
        case .csv:
            Array("mixpanel_distinct_id,reference_id,match_id,entered_at,traits\r\n".utf8)
        }
    }

    package func lines(_ members: [Member]) -> [UInt8] {
        var bytes: [UInt8] = []
        for member in members {
            switch format {
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
        return ExportFormat.row(fields)
    }
}

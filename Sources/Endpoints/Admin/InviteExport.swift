package import Audiences
import JSON

/// Invites with their attribution, for a table or another program.
package struct InviteExport: Sendable {
    private let format: ExportFormat

    package init(format: ExportFormat) {
        self.format = format
    }

    /// What stands before the first invite; empty if nothing.
    package var header: [UInt8] {
        switch format {
        case .ndjson: []
        case .csv:
            Array(
                """
                code,status,source,connection_id,study_id,rule_id,audience_id,match_id,\
                mixpanel_distinct_id,created_at,shown_at,dismissed_at,started_at,completed_at,\
                traits\r\n
                """.utf8)
        }
    }

    package func lines(_ invites: [Invite]) -> [UInt8] {
        var bytes: [UInt8] = []
        for invite in invites {
            switch format {
            case .ndjson:
                var json = JSONWriter()
                json.invite(invite)
                bytes += json.bytes
                bytes.append(UInt8(ascii: "\n"))
            case .csv:
                bytes += Self.row(invite)
            }
        }
        return bytes
    }

    private static func row(_ invite: Invite) -> [UInt8] {
        var traits = JSONWriter()
        traits.traits(invite.traits)
        let times = [
            invite.createdAt, invite.shownAt, invite.dismissedAt, invite.startedAt,
            invite.completedAt,
        ]
        let texts =
            [
                invite.code.text, invite.status.rawValue, invite.source.rawValue,
                invite.connectionID.text, invite.studyID.text, invite.ruleID.text,
                invite.audienceID?.text, invite.matchID.text, invite.distinctID?.text,
            ] + times.map { $0?.rfc3339 }
        return ExportFormat.row(texts.map { Array(($0 ?? "").utf8) } + [traits.bytes])
    }
}

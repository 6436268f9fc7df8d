import Audiences
import HTTPWire
import JSON
import Routing

/// Who was invited to what, and what became of it.
struct InviteEndpoints: Sendable {
    private let launches: any LaunchStore

    init(_ parts: Dependencies) {
        launches = parts.launches
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await launches.invites(matching: filter(request), request.listRange())
        return .list(page) { json, invite in json.invite(invite) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        guard let code = InviteCode(request.parameters["code"]) else { throw Failure.noSuchInvite }
        let invite = try await launches.invite(code)
        guard let invite else { throw Failure.noSuchInvite }
        return .object { json in json.invite(invite) }
    }

    /// All of them, streamed in pieces, newest first.
    @Sendable func export(_ request: Request) async throws -> Response {
        let format = try request.choice("format", ExportFormat.self) ?? .ndjson
        let filter = try filter(request)
        let launches = launches
        return Response(
            .ok,
            headers: [
                ("Content-Type", format.mediaType),
                ("Content-Disposition", "attachment; filename=\"invites.\(format.rawValue)\""),
            ],
            body: .stream { writer in
                let export = InviteExport(format: format)
                try await writer.write(export.header)
                var range = ListRange(limit: Limits.listItemsMax)
                repeat {
                    let page = try await launches.invites(matching: filter, range)
                    try await writer.write(export.lines(page.items))
                    range.after = page.next
                } while range.after != nil
            })
    }

    private func filter(_ request: Request) throws(Failure) -> InviteFilter {
        InviteFilter(
            connection: try request.id("connection", ConnectionID.self, "a connection"),
            study: try request.id("study", StudyID.self, "a study"),
            rule: try request.id("rule", LaunchRuleID.self, "a launch rule"),
            matchID: try request.externalID("match_id"))
    }
}

import Audiences
import HTTPWire
import JSON
import Routing

/// Audiences, their members and their sync log.
struct AudienceEndpoints: Sendable {
    private let audiences: any AudienceStore
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        audiences = parts.audiences
        now = parts.now
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        var filter = AudienceFilter()
        if let text = try request.query("connection"), !text.isEmpty {
            guard let id = ConnectionID(text) else {
                throw Failure(.invalid, "connection is not the id of a connection.")
            }
            filter.connection = id
        }
        filter.project = try request.externalID("project")
        filter.cohort = try request.externalID("cohort")
        let page = try await audiences.audiences(matching: filter, try request.listRange())
        let now = now()
        return .list(page) { json, audience in json.audience(audience, at: now) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let audience = try await audience(request)
        return .object { json in json.audience(audience, at: now()) }
    }

    /// Beside the list stands how fresh it is: read before it, so never better than it was.
    @Sendable func members(_ request: Request) async throws -> Response {
        let audience = try await audience(request)
        let page = try await audiences.members(of: audience.id, request.listRange())
        let now = now()
        return .list(
            page,
            beside: { json in
                json.key("audience")
                json.reference(to: audience.id, audience.freshness, at: now)
            }, { json, member in json.member(member) })
    }

    @Sendable func syncs(_ request: Request) async throws -> Response {
        let page = try await audiences.syncs(of: request.audienceID(), request.listRange())
        return .list(page) { json, sync in json.sync(sync) }
    }

    /// Reference ids that several members have.
    @Sendable func sharedReferences(_ request: Request) async throws -> Response {
        let page = try await audiences.sharedReferences(
            of: request.audienceID(), request.listRange())
        return .list(page) { json, shared in json.sharedReference(shared) }
    }

    /// All members, streamed in pieces, so that the memory it takes does not grow with them.
    @Sendable func export(_ request: Request) async throws -> Response {
        let format = try request.choice("format", ExportFormat.self) ?? .ndjson
        let export = MemberExport(format: format)
        let audience = try await audience(request)
        let id = audience.id
        let audiences = audiences
        return Response(
            .ok,
            headers: [
                ("Content-Type", format.mediaType),
                (
                    "Content-Disposition",
                    "attachment; filename=\"\(id.text).\(format.rawValue)\""
                ),
                ("Muster-Status", audience.freshness.status(at: now()).rawValue),
                ("Muster-As-Of", audience.asOf?.rfc3339 ?? "never"),
            ],
            body: .stream { writer in
                try await writer.write(export.header)
                var range = ListRange(limit: Limits.listItemsMax)
                repeat {
                    let page = try await audiences.members(of: id, range)
                    try await writer.write(export.lines(page.items))
                    range.after = page.next
                } while range.after != nil
            })
    }

    private func audience(_ request: Request) async throws -> Audience {
        guard let audience = try await audiences.audience(request.audienceID()) else {
            throw Failure.noSuchAudience
        }
        return audience
    }
}

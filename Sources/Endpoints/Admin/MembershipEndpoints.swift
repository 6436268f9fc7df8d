import Audiences
import HTTPWire
import JSON
import Routing

/// Who is in what: the look-ups an app back end makes.
struct MembershipEndpoints: Sendable {
    private let audiences: any AudienceStore
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        audiences = parts.audiences
        limits = parts.limits
        now = parts.now
    }

    /// The audiences one person is in, or was in at the moment `at`.
    @Sendable func show(_ request: Request) async throws -> Response {
        guard let matchID = try request.externalID("match_id") else {
            throw Failure(.invalid, "The query parameter match_id is missing.")
        }
        let audience = try request.audience("audience_id")
        let now = now()
        let moment = try request.time("at")
        let found: [Membership]
        if let moment {
            guard moment <= now else { throw Failure(.invalid, "at must not be in the future.") }
            found = try await audiences.memberships(
                matching: matchID, in: audience, at: moment)
        } else {
            found = try await audiences.memberships(matching: matchID, in: audience)
        }
        return .json(.ok, written(found, matching: matchID, at: now, asOf: moment))
    }

    /// Answers what apps ask all the time: the audiences of one person, now.
    @Sendable func showAtOnce(_ head: RequestHead) -> Response? {
        guard let matchID = head.target.onlyValue("match_id").flatMap(ExternalID.init) else {
            return nil
        }
        let now = now()
        return audiences.membershipsAtOnce(matching: matchID, at: now) { found in
            written(found, matching: matchID, at: now)
        }.map { .json(.ok, $0) }
    }

    private func written(
        _ found: [Membership], matching matchID: ExternalID, at now: Timestamp,
        asOf moment: Timestamp? = nil
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("match_id")
        json.string(matchID.text)
        if let moment {
            json.key("at")
            json.time(moment)
        }
        json.key("audiences")
        json.beginArray()
        for membership in found { json.membership(membership, at: now) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// Many people against many audiences.
    @Sendable func query(_ request: Request) async throws -> Response {
        let body = try await request.object(limits, keys: ["match_ids", "audience_ids"])
        let asked = try MembershipQuery(body)
        let table = try await audiences.memberships(
            matchingAny: asked.matchIDs.compactMap(\.id), in: asked.audienceIDs)
        let now = now()
        return .object { json in
            json.beginObject()
            json.key("data")
            json.beginArray()
            var rows = table.rows.makeIterator()
            for (text, id) in asked.matchIDs {
                json.beginObject()
                json.key("match_id")
                json.string(text)
                json.key("audience_ids")
                json.beginArray()
                // An id that nobody can have has no row.
                let audiences = id == nil ? [] : rows.next()?.audiences ?? []
                for audience in audiences { json.string(audience.text) }
                json.endArray()
                json.endObject()
            }
            json.endArray()
            json.key("audiences")
            json.beginArray()
            for (id, freshness) in table.audiences {
                json.reference(to: id, freshness, at: now)
            }
            json.endArray()
            json.endObject()
        }
    }
}

/// The body of `POST /v1/memberships/query`.
private struct MembershipQuery {
    /// As asked; `id` is `nil` for a text that can't be anybody's id.
    var matchIDs: [(text: String, id: ExternalID?)]
    /// Empty for all audiences.
    var audienceIDs: [AudienceID]

    init(_ body: JSONObject) throws(Failure) {
        guard let asked = body["match_ids"]?.array, asked.count <= Limits.queryMatchIDsMax else {
            throw Failure(
                .invalid, "match_ids must be a list of at most \(Limits.queryMatchIDsMax) ids.")
        }
        matchIDs = try asked.map { value throws(Failure) in
            switch value {
            // An app whose user ids are numbers need not make texts of them.
            case .string(let text), .number(let text): (text, ExternalID(text))
            default: throw Failure(.invalid, "match_ids must be texts or numbers.")
            }
        }
        audienceIDs = []
        guard let value = body["audience_ids"], !value.isNull else { return }
        guard let named = value.array, named.count <= Limits.queryAudienceIDsMax else {
            throw Failure(
                .invalid,
                "audience_ids must be a list of at most \(Limits.queryAudienceIDsMax) ids.")
        }
        audienceIDs = try named.map { value throws(Failure) in
            guard let id = value.string.flatMap(AudienceID.init(_:)) else {
                throw Failure(.invalid, "audience_ids must be ids of audiences.")
            }
            return id
        }
    }
}

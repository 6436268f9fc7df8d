import Audiences
import HTTPWire
import JSON
import Routing

/// The change feed.
struct ChangeEndpoint: Sendable {
    /// How long one wait may last until it is looked whether the server is to stop.
    private static let waitStep = Duration.milliseconds(500)

    private let changes: any ChangeStore
    private let readiness: Readiness

    init(_ parts: Dependencies) {
        changes = parts.changes
        readiness = parts.readiness
    }

    /// Changes after a place in the feed; with `wait`, not before there is one.
    ///
    /// `next` is always given: the reader's next `after`, whether anything was found or not.
    @Sendable func list(_ request: Request) async throws -> Response {
        let limit = try request.listLimit()
        let wait = try seconds(request)
        let audience = try request.audience("audience_id")
        var after = try await place(request)
        var page = try await changes.changes(after: after, in: audience, limit: limit)
        let slices = wait * 2
        for _ in 0..<slices where page.changes.isEmpty && !readiness.isDraining {
            after = page.next
            if !page.hasMore {
                try await changes.awaitChange(after: after, for: Self.waitStep)
            }
            page = try await changes.changes(after: after, in: audience, limit: limit)
        }
        return .changes(page)
    }

    /// The `after` parameter: a number, `latest`, or nothing for the beginning.
    private func place(_ request: Request) async throws -> Int64 {
        guard let text = try request.query("after"), !text.isEmpty else { return 0 }
        if text.utf8.elementsEqual("latest".utf8) { return try await changes.latestChange() }
        guard let number = Int(plainDecimal: text.utf8) else {
            throw Failure(.invalid, "after must be a sequence number of the feed, or latest.")
        }
        return Int64(number)
    }

    private func seconds(_ request: Request) throws(Failure) -> Int {
        guard let text = try request.query("wait") else { return 0 }
        guard let seconds = Int(plainDecimal: text.utf8),
            (0...Limits.changesWaitSecondsMax).contains(seconds)
        else {
            throw Failure(
                .invalid, "wait must be 0 to \(Limits.changesWaitSecondsMax) seconds.")
        }
        return seconds
    }
}

extension Response {
    fileprivate static func changes(_ page: ChangePage) -> Response {
        .object { json in
            json.beginObject()
            json.key("object")
            json.string("list")
            json.key("data")
            json.beginArray()
            for change in page.changes { json.change(change) }
            json.endArray()
            json.key("has_more")
            json.bool(page.hasMore)
            json.key("next")
            json.string(String(page.next))
            json.endObject()
        }
    }
}

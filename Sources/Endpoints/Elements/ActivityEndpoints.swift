import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

/// The events of an instance's project: sent to Mixpanel, and today's most frequent ones.
struct ActivityEndpoints: Sendable {
    private let calls: ElementCalls
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        calls = parts.elements.calls
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    /// One event, or a list of them.
    @Sendable func write(_ call: ElementCall) async throws -> Response {
        let body = try await call.request.value(limits)
        let values = body.array ?? [body]
        guard (1...MixpanelLimits.batchRecordsMax).contains(values.count) else {
            throw Failure(
                .invalid,
                "The body must be an event, or 1 to \(MixpanelLimits.batchRecordsMax) of them.")
        }
        let moment = now()
        let events = try values.enumerated().map { place, value in
            do {
                return try ImportedEvent(
                    value, at: place, now: moment, digest: secrets.digest(of:))
            } catch let refusal as RecordRefusal {
                throw Failure(.invalid, "Event \(place): \(refusal.message)")
            }
        }
        let report = try await calls.using(call.instance()) { access in
            try await access.importEvents(events)
        }
        // Nothing of it is at Mixpanel: that is no success, whatever a client looks at.
        if report.accepted == 0, !report.failures.isEmpty { throw NothingImported(report) }
        return .object { json in json.imported(events, report) }
    }

    @Sendable func top(_ call: ElementCall) async throws -> Response {
        let (kind, limit) = try Self.topQuery(call.request)
        let events = try await calls.using(call.instance()) { access in
            try await access.topEvents(kind, limit: limit)
        }
        return .json(
            .ok, JSONWriter.array(of: events),
            headers: ElementPaging.headers(next: nil, count: events.count))
    }

    private static func topQuery(
        _ request: Request
    ) throws -> (kind: TopEventsKind, limit: Int?) {
        var kind = TopEventsKind.general
        for (name, value) in try request.parametersOfWhere() {
            guard name.utf8.elementsEqual("type".utf8), let named = TopEventsKind(rawValue: value)
            else {
                let kinds = TopEventsKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    .invalid, "where may say here type = one of \(kinds), in single quotes.")
            }
            kind = named
        }
        return (kind, try request.pageSize())
    }
}

extension JSONWriter {
    /// What became of events, and what was filled in.
    fileprivate mutating func imported(
        _ events: [ImportedEvent], _ report: IngestionReport
    ) {
        beginObject()
        key("accepted")
        int(report.accepted)
        key("unsent")
        int(report.unsent)
        key("stopped")
        optional(report.stop?.message)
        key("failed")
        beginArray()
        for failure in report.failures {
            beginObject()
            key("index")
            optional(failure.index)
            key("$insert_id")
            optional(failure.insertID)
            key("field")
            optional(failure.field)
            key("message")
            string(failure.message)
            endObject()
        }
        endArray()
        key("events")
        beginArray()
        for event in events {
            beginObject()
            key("$insert_id")
            string(event.insertID)
            key("filled")
            beginArray()
            if event.filled.contains(.time) { string("time") }
            if event.filled.contains(.insertID) { string("$insert_id") }
            endArray()
            endObject()
        }
        endArray()
        endObject()
    }
}

import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

/// What an instance reads and writes at Mixpanel.
struct ResourceEndpoints: Sendable {
    private let calls: ElementCalls
    private let instances: any InstanceStore
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    /// How long Mixpanel's last word on a credential is good enough for a ping: it costs a query of
    /// sixty an hour.
    static let pingMilliseconds: Int64 = 60_000

    init(_ parts: Dependencies) {
        calls = parts.elements.calls
        instances = parts.elements.instances
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    // MARK: People

    /// A page of people, or a slice of one if a smaller one is wanted.
    @Sendable func users(_ call: ElementCall) async throws -> Response {
        try await users(call, mappedBy: nil)
    }

    /// As ``users(_:)``, under the names that a transformation of the instance gives.
    @Sendable func mappedUsers(_ call: ElementCall) async throws -> Response {
        let map = try TransformationEndpoints.map(of: call.instance(), call)
        let mapping = FieldMapping(
            map.fields.map { ($0.path, $0.vendorPath) }, isPassThrough: map.isPassThrough)
        return try await users(call, mappedBy: mapping)
    }

    private func users(
        _ call: ElementCall, mappedBy mapping: FieldMapping?
    ) async throws -> Response {
        let instance = try call.instance()
        let request = call.request
        let place =
            try request.query("nextPage").flatMap { $0.isEmpty ? nil : $0 }
            .map { text throws(Failure) in try UserPlace(text) } ?? UserPlace()
        let size = try request.pageSize() ?? .max
        let query = UserQuery(
            expression: try request.expression(),
            properties: try request.query("fields").map(Self.names) ?? [],
            page: place.page, sessionID: place.sessionID)
        let page = try await calls.using(instance) { access in try await access.users(query) }
        let rest = page.users.dropFirst(place.offset)
        let slice = rest.prefix(size)
        let body = slice.map { user in
            let mapped = mapping?.mapped(user) ?? user
            return instance.dropsNulls ? NullFields.dropped(from: mapped) : mapped
        }
        let next = try Self.next(after: page, at: place, slice.count, of: rest.count)
        return .json(
            .ok, Self.array(body),
            headers: ElementPaging.headers(
                next: next?.text, count: body.count, total: page.total))
    }

    private static func next(
        after page: UserPage, at place: UserPlace, _ count: Int, of rest: Int
    ) throws -> UserPlace? {
        if count < rest {
            // Mixpanel is asked for the same page again; without a session it may be another one.
            var next = place
            next.offset += count
            return next
        }
        switch page.next {
        case .end: return nil
        case .page(let later): return UserPlace(page: later.page, sessionID: later.sessionID)
        case .lost:
            throw InstanceUnusable(
                message: "Mixpanel has more people and gives no way to ask for them: try again.")
        }
    }

    private static func names(_ list: String) -> [String] {
        list.split(separator: ",").map(String.init)
    }

    @Sendable func writeUser(_ call: ElementCall) async throws -> Response {
        let body = try await body(call.request)
        guard let object = body.object else {
            throw Failure(.invalid, "The body must be a JSON object.")
        }
        return try await write(try ProfileUpdate.read(object), by: call)
    }

    @Sendable func changeUser(_ call: ElementCall) async throws -> Response {
        let body = try await body(call.request)
        guard let object = body.object else {
            throw Failure(.invalid, "The body must be a JSON object.")
        }
        return try await write(
            try ProfileUpdate.read(object, of: call.request.parameters["user"]), by: call)
    }

    /// For ever; somebody who is an alias of another is not mistaken for them.
    @Sendable func deleteUser(_ call: ElementCall) async throws -> Response {
        try await write(
            [ProfileUpdate(call.request.parameters["user"], .delete(ignoresAlias: true))],
            by: call)
    }

    private func write(
        _ updates: [ProfileUpdate], by call: ElementCall
    ) async throws -> Response {
        let report = try await calls.using(call.instance()) { access in
            try await access.update(updates)
        }
        if let stop = report.stop { throw stop }
        return .object { json in
            json.beginObject()
            json.key("$distinct_id")
            json.string(updates.first?.distinctID ?? "")
            json.endObject()
        }
    }

    // MARK: Events

    /// One event, or a list of them.
    @Sendable func writeActivities(_ call: ElementCall) async throws -> Response {
        let body = try await body(call.request)
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
        let isRefused = report.accepted == 0 && !report.failures.isEmpty
        return .object(isRefused ? .badRequest : .ok) { json in
            json.imported(
                events, report, refusedFor: isRefused ? call.request.id.description : nil)
        }
    }

    @Sendable func topActivities(_ call: ElementCall) async throws -> Response {
        let (kind, limit) = try Self.topQuery(call.request)
        let events = try await calls.using(call.instance()) { access in
            try await access.topEvents(kind, limit: limit)
        }
        return .json(
            .ok, Self.array(events),
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

    // MARK: The element

    @Sendable func objects(_ call: ElementCall) throws -> Response {
        .object { json in
            json.value(.array(ElementObject.allCases.map { .string($0.rawValue) }))
        }
    }

    @Sendable func metadata(_ call: ElementCall) throws -> Response {
        let name = call.request.parameters["object"]
        guard let object = ElementObject(rawValue: name) else {
            throw Failure(.notFound, "No object found with name \(name.prefix(64))")
        }
        return .object { json in
            json.beginObject()
            json.key("fields")
            json.beginArray()
            for (path, type) in object.fields {
                json.beginObject()
                json.key("path")
                json.string(path)
                json.key("type")
                json.string(type)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }

    /// Asks Mixpanel unless it has just said something.
    @Sendable func ping(_ call: ElementCall) async throws -> Response {
        var instance = try call.instance()
        let isFresh = instance.check.at.map { now().since($0) < Self.pingMilliseconds } ?? false
        if !isFresh {
            let credential = try calls.credential(of: instance)
            let (_, check) = try await calls.check(credential)
            try await instances.note(
                check, of: instance.id, having: instance.credential.sealed)
            instance.check = check
        }
        return .object { json in
            json.beginObject()
            json.key("dateTime")
            json.string(now().inSeconds)
            json.key("endpoint")
            json.string(ElementInstance.elementKey)
            json.key("valid")
            json.bool(instance.check.isValid)
            json.endObject()
        }
    }

    private func body(_ request: Request) async throws -> JSONValue {
        let body = try await request.collectBody(limits.apiBody, inflate: limits.inflate)
        do {
            return try body.withUnsafeBytes { bytes in try JSONValue(parsing: bytes) }
        } catch let error as JSONError {
            throw Failure(.invalid, "The body is not JSON: \(error).")
        }
    }

    /// Values that are JSON already.
    static func array(_ values: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + values.joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8)
    }
}

extension ElementObject {
    /// What every one has; whatever else a project has stands in the object.
    fileprivate var fields: [(path: String, type: String)] {
        switch self {
        case .users: [("$distinct_id", "string"), ("$properties", "object")]
        case .activities:
            [
                ("event", "string"), ("properties", "object"),
                ("properties.distinct_id", "string"), ("properties.time", "number"),
                ("properties.$insert_id", "string"),
            ]
        }
    }
}

extension Request {
    /// `where` in Mixpanel's language; `nil` for everything.
    func expression() throws -> String? {
        guard let text = try query("where"), !text.isEmpty else { return nil }
        return try CEQL(text).expression()
    }

    /// `where` as names and values that all have to be so.
    func parametersOfWhere() throws -> [(name: String, value: String)] {
        guard let text = try query("where"), !text.isEmpty else { return [] }
        return try CEQL(text).parameters().map { name, value in
            switch value {
            case .text(let text), .number(let text): (name, text)
            case .bool(let flag): (name, flag ? "true" : "false")
            }
        }
    }
}

/// A place among people: a page of Mixpanel's and how many of it were answered before.
///
/// As text `p1.<page>.<offset>.<session>`, whose form is nobody's business.
struct UserPlace: Hashable {
    var page = 0
    var offset = 0
    var sessionID: String?

    init(page: Int = 0, sessionID: String? = nil) {
        self.page = page
        self.sessionID = sessionID
    }

    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "p1", let page = Int(plainDecimal: parts[1].utf8),
            let offset = Int(plainDecimal: parts[2].utf8),
            (0...MixpanelLimits.engagePagesMax).contains(page), offset >= 0
        else {
            throw Failure(.invalid, "nextPage is none of this list; start from the first page.")
        }
        self.page = page
        self.offset = offset
        sessionID = parts[3].isEmpty ? nil : String(parts[3])
    }

    /// Percent-encoded where a header or a query could not hold it: Mixpanel's sessions are plain.
    var text: String {
        let session = (sessionID ?? "").utf8.filter { (0x21...0x7E).contains($0) }
        return "p1.\(page).\(offset).\(String(decoding: session, as: UTF8.self))"
    }
}

extension JSONWriter {
    /// What became of events, and what was filled in.
    fileprivate mutating func imported(
        _ events: [ImportedEvent], _ report: IngestionReport, refusedFor requestID: String?
    ) {
        beginObject()
        if let requestID {
            key("requestId")
            string(requestID)
            key("message")
            string("Mixpanel took none of the events.")
            key("providerMessage")
            string(report.failures.first?.message ?? "")
        }
        key("accepted")
        int(report.accepted)
        key("unsent")
        int(report.unsent)
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

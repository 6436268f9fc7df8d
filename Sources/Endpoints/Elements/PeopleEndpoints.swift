import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

/// The people of an instance's project: read page by page, written one by one.
struct PeopleEndpoints: Sendable {
    private let calls: ElementCalls
    private let limits: EndpointLimits

    init(_ parts: Dependencies) {
        calls = parts.elements.calls
        limits = parts.limits
    }

    /// A page of people, or a slice of one if a smaller one is wanted.
    @Sendable func list(_ call: ElementCall) async throws -> Response {
        try await people(call, mappedBy: nil)
    }

    /// As ``list(_:)``, under the names that a transformation of the instance gives.
    @Sendable func listMapped(_ call: ElementCall) async throws -> Response {
        let map = try TransformationEndpoints.map(of: call.instance(), call)
        let mapping = FieldMapping(
            map.fields.map { ($0.path, $0.vendorPath) }, isPassThrough: map.isPassThrough)
        return try await people(call, mappedBy: mapping)
    }

    private func people(
        _ call: ElementCall, mappedBy mapping: FieldMapping?
    ) async throws -> Response {
        let instance = try call.instance()
        let request = call.request
        let place =
            try request.query("nextPage").flatMap { $0.isEmpty ? nil : $0 }
            .map { text throws(Failure) in try UserPlace(text) } ?? UserPlace()
        let size = try request.pageSize()
        let query = UserQuery(
            expression: try request.expression(),
            properties: try request.query("fields").map(Self.names) ?? [],
            page: place.page, sessionID: place.sessionID)
        let page = try await calls.using(instance) { access in try await access.users(query) }
        let rest = page.users.dropFirst(place.offset)
        let slice = rest.prefix(size ?? .max)
        let body = slice.map { user in
            let mapped = mapping?.mapped(user) ?? user
            return instance.dropsNulls ? NullFields.dropped(from: mapped) : mapped
        }
        let next = try Self.next(after: page, at: place, slice.count, of: rest.count)
        return .json(
            .ok, JSONWriter.array(of: body),
            headers: ElementPaging.headers(
                next: next?.text, count: body.count,
                cut: size.flatMap { $0 > Limits.listItemsMax ? $0 : nil }, total: page.total))
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

    @Sendable func write(_ call: ElementCall) async throws -> Response {
        let object = try await object(call)
        return try await send(try ProfileUpdate.read(object), by: call)
    }

    @Sendable func change(_ call: ElementCall) async throws -> Response {
        let object = try await object(call)
        return try await send(
            try ProfileUpdate.read(object, of: call.request.parameters["user"]), by: call)
    }

    private func object(_ call: ElementCall) async throws -> JSONObject {
        guard let object = try await call.request.value(limits).object else {
            throw Failure(.invalid, "The body must be a JSON object.")
        }
        return object
    }

    /// For ever; somebody who is an alias of another is not mistaken for them.
    @Sendable func delete(_ call: ElementCall) async throws -> Response {
        try await send(
            [ProfileUpdate(call.request.parameters["user"], .delete(ignoresAlias: true))],
            by: call)
    }

    private func send(
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
}

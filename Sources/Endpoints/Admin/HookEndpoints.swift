import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// The outgoing webhook of a connection, and what was sent to it; the sending itself is done beside
/// the requests.
struct HookEndpoints: Sendable {
    private let connections: any ConnectionStore
    private let hooks: any HookStore
    private let secrets: Secrets
    private let sealing: Sealing
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        connections = parts.connections
        hooks = parts.hooks
        secrets = parts.secrets
        sealing = parts.sealing
        limits = parts.limits
        now = parts.now
    }

    /// Makes or changes it; the secret is answered when it is made.
    @Sendable func set(_ request: Request, _ operation: Operation) async throws -> Response {
        let body = try await request.object(limits, keys: ["url", "events", "enabled"])
        let wish = try HookWish(body)
        let now = now()
        let id = try request.connectionID()
        // Also for a hook that there is: it may be gone in a moment.
        let issued = try HookSecret.issue(for: id, at: now, by: secrets, sealing)
        let changed = try await hooks.changeHook(of: id, at: now, for: operation) { hook in
            if hook == nil { hook = wish.hook(of: id, signedBy: issued.stored, at: now) }
            hook?.edit(url: wish.url, events: wish.events, isOn: wish.isOn, at: now)
        }
        guard let changed else { throw Failure.noHook }
        log("hook set", id, request)
        let isNew = changed.secrets.contains(issued.stored)
        var response = show(changed, secret: isNew ? issued.secret : nil)
        response.headers.append(("Cache-Control", "no-store"))
        return response
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        show(try await hook(request))
    }

    /// Also where there is none.
    @Sendable func remove(_ request: Request, _ operation: Operation) async throws -> Response {
        let id = try request.connectionID()
        try await hooks.changeHook(of: id, at: now(), for: operation) { $0 = nil }
        log("hook removed", id, request)
        return Response(.noContent)
    }

    /// What is answered is what was done to the hook as it was read; see
    /// ``CohortSyncAdministration/regenerate(_:)``.
    @Sendable func regenerate(_ creation: Creation) async throws -> Response {
        let body = try creation.objectIfAny(keys: ["overlap_seconds"])
        let overlap = try body.overlapMilliseconds()
        let now = now()
        var hook = try await hook(creation.request)
        let issued = try HookSecret.issue(
            for: hook.connectionID, at: now, by: secrets, sealing)
        try hook.add(issued.stored, overlapMilliseconds: overlap, at: now)
        let answer = show(hook, secret: issued.secret)
        try await hooks.changeHook(
            of: hook.connectionID, at: now, for: creation.operation(answering: answer)
        ) { hook throws(Failure) in
            guard hook != nil else { throw Failure.noHook }
            try hook?.add(issued.stored, overlapMilliseconds: overlap, at: now)
        }
        log("hook secret regenerated", hook.connectionID, creation.request)
        return answer
    }

    // MARK: Deliveries

    @Sendable func deliveries(_ request: Request) async throws -> Response {
        let name = try request.query("status").flatMap { $0.isEmpty ? nil : $0 }
        let status = try name.map { name throws(Failure) in
            guard let status = HookDelivery.Status(rawValue: name) else {
                let known = HookDelivery.Status.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.invalid, "status must be one of \(known).")
            }
            return status
        }
        let id = try await connection(request)
        let page = try await hooks.deliveries(of: id, status: status, request.listRange())
        return .list(page) { json, delivery in json.hookDelivery(delivery) }
    }

    @Sendable func replay(_ request: Request, _ operation: Operation) async throws -> Response {
        guard let delivery = HookDeliveryID(request.parameters["delivery"]) else {
            throw Failure.noDelivery
        }
        let replayed = try await hooks.replay(
            delivery, of: connection(request), at: now(), for: operation)
        return .object(.accepted) { json in json.hookDelivery(replayed) }
    }

    /// It is sent within a second or two; the list of deliveries tells what came of it.
    @Sendable func test(_ creation: Creation) async throws -> Response {
        _ = try creation.objectIfAny(keys: [])
        let delivery = HookDelivery(
            id: HookDeliveryID.make(from: try secrets.random(16)),
            connectionID: try await connection(creation.request), kind: .test, createdAt: now())
        let answer = Response.object(.accepted) { json in json.hookDelivery(delivery) }
        try await hooks.sendTest(delivery, for: creation.operation(answering: answer))
        return answer
    }

    // MARK: Parts

    /// The connection named in the path, which must be there.
    private func connection(_ request: Request) async throws -> ConnectionID {
        let found = try await connections.connection(request.connectionID())
        guard let found else { throw Failure.noSuchConnection }
        return found.id
    }

    private func hook(_ request: Request) async throws -> Hook {
        let id = try await connection(request)
        let hook = try await hooks.hook(of: id)
        guard let hook else { throw Failure.noHook }
        return hook
    }

    private func show(_ hook: Hook, secret: String? = nil) -> Response {
        .object { json in json.hook(hook, secret: secret, at: now()) }
    }

    private func log(_ event: Logger.Message, _ connection: ConnectionID, _ request: Request) {
        request.logger.info(event, metadata: ["connection.id": .string(connection.text)])
    }
}

/// What a hook is to be.
private struct HookWish: Sendable {
    let url: HookURL
    let events: Set<HookEvent.Kind>
    let isOn: Bool

    init(_ body: JSONObject) throws(Failure) {
        guard let url = try body.text("url", HookURL.rule).flatMap(HookURL.init) else {
            throw Failure(.invalid, "url must be \(HookURL.rule).")
        }
        self.url = url
        let names = body["events"]?.array ?? []
        guard (1...HookEvent.Kind.wanted.count).contains(names.count) else { throw Self.noEvents }
        var events: Set<HookEvent.Kind> = []
        for name in names { events.insert(try Self.kind(name)) }
        self.events = events
        isOn = try body.flag("enabled") ?? true
    }

    private static func kind(_ value: JSONValue) throws(Failure) -> HookEvent.Kind {
        let kind = HookEvent.Kind.wanted.first { kind in
            value.string.map { $0.utf8.elementsEqual(kind.rawValue.utf8) } ?? false
        }
        guard let kind else { throw noEvents }
        return kind
    }

    private static var noEvents: Failure {
        let known = HookEvent.Kind.wanted.map(\.rawValue).joined(separator: ", ")
        return Failure(.invalid, "events must be a list of some of \(known).")
    }

    func hook(of id: ConnectionID, signedBy secret: HookSecret, at now: Timestamp) -> Hook {
        Hook(
            connectionID: id, url: url, events: events, secrets: [secret], isOn: isOn,
            createdAt: now)
    }
}

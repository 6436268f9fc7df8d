import Audiences
import HTTPWire
import JSON
import Logging
import Mixpanel
import Routing

/// Element instances.
struct InstanceEndpoints: Sendable {
    private let instances: any InstanceStore
    private let changes: InstanceChanges
    private let sealing: Sealing
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        instances = parts.elements.instances
        changes = InstanceChanges(parts)
        sealing = parts.sealing
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    /// 200, not 201: clients of the original check for it.
    @Sendable func create(_ call: ElementCall) async throws -> Response {
        let isScoped = try call.isElementScoped()
        let body = try InstanceBody(try await read(call.request), namesElement: !isScoped)
        guard let name = body.name else {
            throw Failure(.invalid, "name must be a text of at least one character.")
        }
        guard let credential = try body.configuration.credential(after: nil) else {
            throw Failure(
                .invalid, "configuration.username is missing: the API secret of the project.")
        }
        let token = try StoredToken.issue(by: secrets, sealing)
        let authentication = try await changes.authenticate(
            credential, for: token.stored.sealingContext, asking: try call.request.verifies())
        let instance = ElementInstance(
            organization: call.user.organization, user: call.user.number, name: name,
            tags: body.tags ?? [], token: token.stored, credential: authentication.credential,
            check: authentication.check, dropsNulls: body.configuration.dropsNulls ?? true,
            createdAt: now())
        let made = try await instances.create(instance, for: call.operation)
        log("instance created", made, call)
        return answer(made, token.secret)
    }

    @Sendable func list(_ call: ElementCall) async throws -> Response {
        _ = try call.isElementScoped()
        let filter = InstanceFilter(
            organization: call.user.organization,
            tags: try call.request.values("tags[]"), text: try call.request.query("searchText"))
        let (range, cut) = try call.request.elementRange()
        let page = try await instances.instances(matching: filter, range)
        let tokens = try page.items.map { instance throws(Failure) in
            try instance.token.open(by: sealing)
        }
        var json = JSONWriter()
        json.beginArray()
        for (instance, token) in zip(page.items, tokens) { json.instance(instance, token: token) }
        json.endArray()
        return .json(
            .ok, json.bytes,
            headers: ElementPaging.headers(
                next: page.next?.text, count: page.items.count, cut: cut) + [Self.private])
    }

    @Sendable func show(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        return answer(instance, try instance.token.open(by: sealing))
    }

    /// Without a configuration the credential stays: nobody can read it to send it back.
    @Sendable func replace(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        let body = try InstanceBody(try await read(call.request))
        guard let name = body.name else {
            throw Failure(.invalid, "name must be a text of at least one character.")
        }
        return try await change(
            instance, call, InstanceEdit(name: name, tags: body.tags ?? []), body.configuration)
    }

    @Sendable func edit(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        let body = try InstanceBody(try await read(call.request))
        return try await change(
            instance, call, InstanceEdit(name: body.name, tags: body.tags), body.configuration)
    }

    @Sendable func delete(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        try await instances.delete(
            instance.id, of: call.user.organization, at: now(), for: call.operation)
        log("instance deleted", instance, call)
        return .object { json in json.value([:]) }
    }

    @Sendable func enable(_ call: ElementCall) async throws -> Response {
        try await change(
            changes.instance(of: call), call, InstanceEdit(isDisabled: false), nil)
    }

    /// Everything about it stays; what its token opens does not work any more.
    @Sendable func disable(_ call: ElementCall) async throws -> Response {
        try await change(changes.instance(of: call), call, InstanceEdit(isDisabled: true), nil)
    }

    private func change(
        _ instance: ElementInstance, _ call: ElementCall, _ edit: InstanceEdit,
        _ configuration: ConfigurationWish?
    ) async throws -> Response {
        let changed = try await changes.change(
            instance, edit, configuration, asking: try call.request.verifies(),
            for: call.operation)
        log("instance changed", changed, call)
        return answer(changed, try changed.token.open(by: sealing))
    }

    private func read(_ request: Request) async throws -> JSONObject {
        try await request.object(limits, keys: InstanceBody.keys + InstanceBody.readOnly)
    }

    /// The token is shown to its owner again and again, but kept by nobody in between.
    private static let `private` = (name: "Cache-Control", value: "no-store")

    private func answer(_ instance: ElementInstance, _ token: String) -> Response {
        var json = JSONWriter()
        json.instance(instance, token: token)
        var headers = [Self.private]
        if instance.credential.kind == .projectSecret {
            // RFC 8594: 3 March 2027, as ProjectSecret.endDay.
            headers.append(("Sunset", "Wed, 03 Mar 2027 00:00:00 GMT"))
        }
        return .json(.ok, json.bytes, headers: headers)
    }

    private func log(_ event: Logger.Message, _ instance: ElementInstance, _ call: ElementCall) {
        call.request.logger.info(
            event,
            metadata: [
                "instance.id": .stringConvertible(instance.id),
                "instance.valid": .stringConvertible(instance.check.isValid),
                "element_user.id": .string(call.user.id.text),
            ])
    }
}

extension ElementCall {
    /// Whether the path names the element; throws `notFound` if it is another one.
    fileprivate func isElementScoped() throws(Failure) -> Bool {
        guard !request.parameters["element"].isEmpty else { return false }
        try request.checkElement()
        return true
    }
}

extension Request {
    /// Whether Mixpanel is to be asked about a credential; `reAuthenticate` is the original's word.
    func verifies() throws(Failure) -> Bool {
        for name in ["verify", "reAuthenticate"] {
            switch try query(name) {
            case nil, "true": continue
            case "false": return false
            default: throw Failure(.invalid, "\(name) must be true or false.")
            }
        }
        return true
    }

    /// Every value of a query parameter.
    fileprivate func values(_ name: String) throws(Failure) -> [String] {
        do {
            return try head.target.values(name)
        } catch {
            throw Failure(.invalid, "The query is badly escaped.")
        }
    }
}

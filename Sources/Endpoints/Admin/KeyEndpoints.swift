import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// The keys to this API.
struct KeyEndpoints: Sendable {
    private let keys: any OperatorKeyStore
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        keys = parts.keys
        secrets = parts.secrets
        now = parts.now
    }

    /// The only answer that ever holds the key.
    @Sendable func create(_ creation: Creation) async throws -> Response {
        let body = try creation.object(keys: ["name", "scope"])
        guard let name = try body.text("name", "a text") else {
            throw Failure(.invalid, "name must be a text.")
        }
        let scope = try body.text("scope", "admin or read") ?? OperatorKey.Scope.admin.rawValue
        guard let scope = OperatorKey.Scope(rawValue: scope) else {
            throw Failure(.invalid, "scope must be admin or read.")
        }
        let issued = try OperatorKey.issue(
            name: String(name.prefix(Limits.nameCharactersMax)), scope: scope, at: now(),
            by: secrets)
        let answer = Response.object(.created) { json in
            json.operatorKey(issued.stored, secret: issued.secret)
        }
        try await keys.create(issued.stored, for: creation.operation(answering: answer))
        log("key created", issued.stored.id, creation.request)
        return answer
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await keys.operatorKeys(request.listRange())
        return .list(page) { json, key in json.operatorKey(key) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let key = try await key(request.keyID())
        return .object { json in json.operatorKey(key) }
    }

    /// A key may revoke itself.
    @Sendable func revoke(_ request: Request, _ operation: Operation) async throws -> Response {
        let id = try request.keyID()
        try await keys.revoke(id, at: now(), for: operation)
        log("key revoked", id, request)
        let key = try await key(id)
        return .object { json in json.operatorKey(key) }
    }

    private func key(_ id: OperatorKeyID) async throws -> OperatorKey {
        let key = try await keys.operatorKey(id)
        guard let key else { throw Failure.noSuchKey }
        return key
    }

    private func log(_ event: Logger.Message, _ id: OperatorKeyID, _ request: Request) {
        request.logger.notice(event, metadata: ["key.id": .string(id.text)])
    }
}

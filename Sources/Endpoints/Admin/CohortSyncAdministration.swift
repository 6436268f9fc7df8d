import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// The life of a cohort sync: set up, switched off and on, its secrets renewed and revoked.
///
/// Mixpanel's own calls are answered by ``CohortSyncEndpoint``.
struct CohortSyncAdministration: Sendable {
    private let connections: any ConnectionStore
    private let cohortSyncs: any CohortSyncStore
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let address: PublicAddress
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        connections = parts.connections
        cohortSyncs = parts.cohortSyncs
        secrets = parts.secrets
        limits = parts.limits
        address = PublicAddress(parts)
        now = parts.now
    }

    /// One of the two answers that hold the secret.
    @Sendable func setUp(_ creation: Creation) async throws -> Response {
        _ = try creation.objectIfAny(keys: [])
        let now = now()
        var connection = try await connection(creation.request)
        let issued = try CohortSync.issue(at: now, by: secrets)
        _ = try connection.setUp(issued.stored)
        let answer = show(connection, for: creation.request, .created, secret: issued.secret)
        try await cohortSyncs.setUp(
            issued.stored, of: connection.id, for: creation.operation(answering: answer))
        log("cohort sync set up", connection, creation.request)
        return answer
    }

    /// The other one.
    ///
    /// What is answered is what was done to the connection as it was read; two who regenerate at
    /// once get a secret each, and may not see the other's in the list.
    @Sendable func regenerate(_ creation: Creation) async throws -> Response {
        let body = try creation.objectIfAny(keys: ["overlap_seconds"])
        let overlap = try body.overlapMilliseconds()
        let now = now()
        var connection = try await connection(creation.request)
        let issued = try StoredSecret.issue(at: now, by: secrets)
        _ = try connection.add(issued.stored, overlapMilliseconds: overlap, at: now)
        let answer = show(connection, for: creation.request, secret: issued.secret)
        _ = try await cohortSyncs.add(
            issued.stored, to: connection.id, overlapMilliseconds: overlap, at: now,
            for: creation.operation(answering: answer))
        log("secret regenerated", connection, creation.request)
        return answer
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let connection = try await connection(request)
        guard connection.cohortSync != nil else { throw Failure.noCohortSync }
        return show(connection, for: request)
    }

    @Sendable func edit(_ request: Request, _ operation: Operation) async throws -> Response {
        let body = try await request.object(limits, keys: ["enabled"])
        guard let isOn = try body.flag("enabled") else {
            throw Failure(.invalid, "enabled must be true or false.")
        }
        return try await set(isOn: isOn, request, operation)
    }

    @Sendable func switchOff(_ request: Request, _ operation: Operation) async throws -> Response {
        try await set(isOn: false, request, operation)
    }

    private func set(
        isOn: Bool, _ request: Request, _ operation: Operation
    ) async throws -> Response {
        let connection = try await cohortSyncs.set(
            isOn: isOn, cohortSyncOf: request.connectionID(), at: now(), for: operation)
        log(isOn ? "cohort sync switched on" : "cohort sync switched off", connection, request)
        return show(connection, for: request)
    }

    @Sendable func revokeAll(_ request: Request, _ operation: Operation) async throws -> Response {
        try await revoke(nil, request, operation)
    }

    @Sendable func revokeOne(_ request: Request, _ operation: Operation) async throws -> Response {
        guard let secret = SecretID(request.parameters["secret"]) else {
            throw Failure(.notFound, "There is no secret of this id.")
        }
        return try await revoke(secret, request, operation)
    }

    private func revoke(
        _ secret: SecretID?, _ request: Request, _ operation: Operation
    ) async throws -> Response {
        let connection = try await cohortSyncs.revoke(
            secret, of: request.connectionID(), at: now(), for: operation)
        log(secret == nil ? "secrets revoked" : "secret revoked", connection, request)
        return show(connection, for: request)
    }

    private func connection(_ request: Request) async throws -> Connection {
        let connection = try await connections.connection(request.connectionID())
        guard let connection else { throw Failure.noSuchConnection }
        return connection
    }

    private func show(
        _ connection: Connection, for request: Request, _ status: Status = .ok,
        secret: String? = nil
    ) -> Response {
        .object(status) { json in
            json.cohortSync(of: connection, address.base(for: request), secret: secret)
        }
    }

    private func log(_ event: Logger.Message, _ connection: Connection, _ request: Request) {
        request.logger.info(event, metadata: ["connection.id": .string(connection.id.text)])
    }
}

extension Failure {
    static let noCohortSync = Failure(.notFound, "This connection has no cohort sync yet.")
}

import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// Connections and their cohort sync.
struct ConnectionEndpoints: Sendable {
    private let connections: any ConnectionStore
    private let cohortSyncs: any CohortSyncStore
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let publicURL: String?
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        connections = parts.connections
        cohortSyncs = parts.cohortSyncs
        secrets = parts.secrets
        limits = parts.limits
        publicURL = parts.publicURL
        now = parts.now
    }

    @Sendable func create(_ request: Request) async throws -> Response {
        let body = try await request.object(
            limits, keys: ConnectionSettings.keys)
        let connection = try ConnectionSettings(body).makeConnection(at: now(), by: secrets)
        try await connections.create(connection, for: request.operation)
        request.logger.info(
            "connection created", metadata: ["connection.id": .string(connection.id.text)])
        return show(connection, for: request, .created)
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await connections.connections(request.listRange())
        return .list(page) { json, connection in
            json.connection(connection, base(for: request))
        }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        show(try await connection(request), for: request, .ok)
    }

    @Sendable func edit(_ request: Request) async throws -> Response {
        let id = try request.connectionID()
        let body = try await request.object(limits, keys: ConnectionSettings.keys)
        let edit = try ConnectionSettings(body).edit
        let connection = try await connections.update(
            id, with: edit, at: now(), for: request.operation)
        request.logger.info(
            "connection changed",
            metadata: [
                "connection.id": .string(id.text),
                "keys": .string(body.members.map(\.key).joined(separator: " ")),
            ])
        return show(connection, for: request, .ok)
    }

    /// The only answer that ever holds the secret.
    @Sendable func setUpCohortSync(_ request: Request) async throws -> Response {
        let connection = try await connection(request)
        let issued = try CohortSync.issue(at: now(), by: secrets)
        try await cohortSyncs.setUp(
            issued.stored, of: connection.id, for: request.operation)
        request.logger.info(
            "cohort sync set up", metadata: ["connection.id": .string(connection.id.text)])
        return .object(.created) { json in
            json.beginObject()
            json.cohortSync(issued.stored, connection, base(for: request))
            json.key("secret")
            json.string(issued.secret)
            json.endObject()
        }
    }

    @Sendable func showCohortSync(_ request: Request) async throws -> Response {
        let connection = try await connection(request)
        guard let sync = connection.cohortSync else {
            throw Failure(.notFound, "This connection has no cohort sync yet.")
        }
        return .object { json in
            json.beginObject()
            json.cohortSync(sync, connection, base(for: request))
            json.endObject()
        }
    }

    private func connection(_ request: Request) async throws -> Connection {
        guard let connection = try await connections.connection(request.connectionID()) else {
            throw Failure.noSuchConnection
        }
        return connection
    }

    private func show(
        _ connection: Connection, for request: Request, _ status: Status
    ) -> Response {
        .object(status) { json in
            json.connection(connection, base(for: request))
        }
    }

    /// Where this server is reached: the configured public address if there is one, else the host
    /// that this request was sent to, in the scheme it was sent in.
    private func base(for request: Request) -> String {
        if let publicURL { return publicURL }
        let host = request.head.headers.only("host").map { String(decoding: $0, as: UTF8.self) }
        return request.peer.scheme.rawValue + "://" + (host ?? "localhost")
    }
}

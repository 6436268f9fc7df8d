import Audiences
import HTTPWire
import JSON
import Logging
import Mixpanel
import Routing

/// Connections and their service accounts.
struct ConnectionEndpoints: Sendable {
    private let connections: any ConnectionStore
    private let instances: InstanceBacking
    private let accounts: ServiceAccounts
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let address: PublicAddress
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        connections = parts.connections
        instances = InstanceBacking(parts)
        accounts = parts.accounts
        secrets = parts.secrets
        limits = parts.limits
        address = PublicAddress(parts)
        now = parts.now
    }

    /// Made whatever Mixpanel says of the account: a wrong one is replaced, and a cohort sync
    /// needs none.
    @Sendable func create(_ creation: Creation) async throws -> Response {
        let body = try creation.object(
            keys: ConnectionSettings.keys + AccountWish.keys + [InstanceBacking.key])
        var connection = try ConnectionSettings(body).makeConnection(at: now(), by: secrets)
        let backing = try await instances.backing(body)
        let wish = try backing?.wish(beside: AccountWish(body)) ?? AccountWish(body)
        if case .project = wish {
            throw Failure(.invalid, "project_id needs username and secret beside it.")
        }
        connection.serviceAccount = try await account(wish, of: connection)
        let answer = show(connection, for: creation.request, .created)
        try await connections.create(connection, for: creation.operation(answering: answer))
        if let backing { try await instances.bind(backing, to: connection.id, creation) }
        creation.request.logger.info(
            "connection created",
            metadata: [
                "connection.id": .string(connection.id.text),
                "account.status": .string(connection.serviceAccount?.status.rawValue ?? "none"),
            ])
        return answer
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await connections.connections(request.listRange())
        let base = address.base(for: request)
        return .list(page) { json, connection in json.connection(connection, base) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        show(try await connection(request), for: request, .ok)
    }

    /// Mixpanel is asked before anything is changed.
    @Sendable func edit(_ request: Request, _ operation: Operation) async throws -> Response {
        let body = try await request.object(
            limits, keys: ConnectionSettings.keys + AccountWish.keys + ["service_account"])
        let edit = try ConnectionSettings(body).edit
        let wish = try AccountWish(body)
        var connection = try await connection(request)
        let id = connection.id
        let account = try await account(wish, of: connection)
        if edit != ConnectionEdit() {
            connection = try await connections.update(id, with: edit, at: now(), for: operation)
        }
        if case .project = wish, let account {
            connection = try await connections.refresh(account, of: id, at: now(), for: operation)
        } else if wish != .nothing {
            connection = try await connections.set(account, of: id, at: now(), for: operation)
        }
        request.logger.info(
            "connection changed",
            metadata: [
                "connection.id": .string(id.text),
                "keys": .string(body.members.map(\.key).joined(separator: " ")),
            ])
        return show(connection, for: request, .ok)
    }

    @Sendable func delete(_ request: Request, _ operation: Operation) async throws -> Response {
        let id = try request.connectionID()
        try await connections.delete(id, at: now(), for: operation)
        request.logger.notice(
            "connection deleted", metadata: ["connection.id": .string(id.text)])
        return Response(.noContent)
    }

    /// Asks Mixpanel about the account again.
    @Sendable func verify(_ request: Request, _ operation: Operation) async throws -> Response {
        let connection = try await connection(request)
        let account = try await accounts.verify(connection.neededAccount(), of: connection.id)
        let verified = try await connections.refresh(
            account, of: connection.id, at: now(), for: operation)
        request.logger.info(
            "service account verified",
            metadata: [
                "connection.id": .string(connection.id.text),
                "account.status": .string(account.status.rawValue),
            ])
        return show(verified, for: request, .ok)
    }

    /// What the account is to be; `nil` for none.
    private func account(
        _ wish: AccountWish, of connection: Connection
    ) async throws(Failure) -> ServiceAccount? {
        switch wish {
        case .nothing:
            return connection.serviceAccount
        case .removal:
            return nil
        case .account(let username, let secret, let project):
            return try await accounts.connect(
                username: username, secret: secret, project: project, for: connection.id)
        case .project(let project):
            return try await accounts.choose(
                project, for: connection.neededAccount(), of: connection.id)
        }
    }

    private func connection(_ request: Request) async throws -> Connection {
        let connection = try await connections.connection(request.connectionID())
        guard let connection else { throw Failure.noSuchConnection }
        return connection
    }

    private func show(
        _ connection: Connection, for request: Request, _ status: Status
    ) -> Response {
        .object(status) { json in json.connection(connection, address.base(for: request)) }
    }
}

extension Connection {
    fileprivate func neededAccount() throws(Failure) -> ServiceAccount {
        guard let serviceAccount else {
            throw Failure(
                .conflict,
                "The connection has no service account: set its username and secret first.")
        }
        return serviceAccount
    }
}

/// Where this server is reached: the configured public address if there is one, else the host
/// that a request was sent to, in the scheme it was sent in.
struct PublicAddress: Sendable {
    private let configured: String?

    init(_ parts: Dependencies) {
        configured = parts.publicURL
    }

    func base(for request: Request) -> String {
        if let configured { return configured }
        let host = request.head.headers.only("host").map { String(decoding: $0, as: UTF8.self) }
        return request.peer.scheme.rawValue + "://" + (host ?? "localhost")
    }
}

import Audiences
import HTTPWire
import JSON
import Logging
import Mixpanel
import Routing

/// Comparing audiences with Mixpanel's lists; the work itself is done beside the requests.
struct ReconciliationEndpoints: Sendable {
    private let reconciliations: any ReconciliationStore
    private let audiences: any AudienceStore
    private let connections: any ConnectionStore
    private let accounts: ServiceAccounts
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        reconciliations = parts.reconciliations
        audiences = parts.audiences
        connections = parts.connections
        accounts = parts.accounts
        secrets = parts.secrets
        now = parts.now
    }

    /// Refused at once if it could only fail: without a service account for the audience's project.
    @Sendable func start(_ creation: Creation) async throws -> Response {
        let body = try creation.objectIfAny(keys: ["repair", "force"])
        let repairs = try body.flag("repair") ?? false
        let isForced = try body.flag("force") ?? false
        guard repairs || !isForced else {
            throw Failure(.invalid, "force is about repairs: set repair as well.")
        }
        let audience = try await audiences.audience(creation.request.audienceID())
        guard let audience else { throw Failure.noSuchAudience }
        let connection = try await connections.connection(audience.connectionID)
        guard let connection else { throw Failure.noSuchAudience }
        _ = try accounts.access(to: connection, for: audience)
        let reconciliation = Reconciliation(
            id: ReconciliationID.make(from: try secrets.random(16)), audience: audience.id,
            repairs: repairs, isForced: isForced, createdAt: now())
        let answer = Response.object(.accepted) { json in json.reconciliation(reconciliation) }
        try await reconciliations.start(
            reconciliation, for: creation.operation(answering: answer))
        log("reconciliation started", reconciliation, creation.request)
        return answer
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let page = try await reconciliations.reconciliations(
            of: request.audienceID(), request.listRange())
        return .list(page) { json, reconciliation in json.reconciliation(reconciliation) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let found = try await reconciliations.reconciliation(request.reconciliationID())
        guard let found else { throw Failure.noSuchReconciliation }
        return .object { json in json.reconciliation(found) }
    }

    @Sendable func differences(_ request: Request) async throws -> Response {
        let page = try await reconciliations.differences(
            of: request.reconciliationID(), request.listRange())
        return .list(page) { json, difference in json.difference(difference) }
    }

    @Sendable func cancel(_ request: Request, _ operation: Operation) async throws -> Response {
        let cancelled = try await reconciliations.cancel(
            request.reconciliationID(), at: now(), for: operation)
        log("reconciliation cancelled", cancelled, request)
        return .object { json in json.reconciliation(cancelled) }
    }

    private func log(
        _ event: Logger.Message, _ reconciliation: Reconciliation, _ request: Request
    ) {
        request.logger.notice(
            event,
            metadata: [
                "reconciliation.id": .string(reconciliation.id.text),
                "audience.id": .string(reconciliation.audience.text),
            ])
    }
}

extension Request {
    /// The reconciliation named in the path.
    fileprivate func reconciliationID() throws(Failure) -> ReconciliationID {
        guard let id = ReconciliationID(parameters["reconciliation"]) else {
            throw .noSuchReconciliation
        }
        return id
    }
}

extension Failure {
    fileprivate static let noSuchReconciliation = Failure(
        .notFound, "There is no reconciliation of this id.")
}

import Audiences
import HTTPWire
import Logging
import Mixpanel
import Routing

/// Mixpanel's webhook: one page of a cohort sync in, one verdict out.
struct CohortSyncEndpoint: Sendable {
    private let admit: AdmitConnection
    private let connections: any ConnectionStore
    private let cohortSyncs: any CohortSyncStore
    private let syncs: any SyncStore
    private let metrics: SyncMetrics
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        admit = AdmitConnection(parts)
        connections = parts.connections
        cohortSyncs = parts.cohortSyncs
        syncs = parts.syncs
        metrics = SyncMetrics(parts.metrics.factory)
        limits = parts.limits
        now = parts.now
    }

    /// Every answer, also to a failure, is in the shape that Mixpanel reads.
    @Sendable func receive(_ request: Request) async -> Response {
        do {
            let (connection, secret) = try await admit(request)
            let body = try await request.collectBody(
                limits.webhookBody, inflate: limits.inflate)
            let message = try CohortSyncMessage(parsing: body, for: connection)
            let outcome = try await record(message.page, from: connection)
            metrics.note(message.page, outcome)
            log(message.page, from: connection, outcome, request)
            await noteUse(of: secret, of: connection, request)
            return .json(.ok, CohortSyncReply.success(action: message.action))
        } catch {
            Problem.logIfOurs((error as? NotRecorded)?.cause ?? error, request)
            return WebhookProblem(error).response
        }
    }

    /// Keeps the echoed action beside what goes wrong after the body was understood.
    private func record(
        _ page: SyncPage, from connection: Connection
    ) async throws(NotRecorded) -> SyncOutcome {
        do {
            return try await syncs.record(page, from: connection.id, at: now())
        } catch {
            throw NotRecorded(action: page.action, cause: error)
        }
    }

    /// The page is safe already: what goes wrong here is logged and no more.
    private func noteUse(
        of secret: StoredSecret, of connection: Connection, _ request: Request
    ) async {
        let now = now()
        guard secret.isUseWorthNoting(at: now) else { return }
        do {
            try await cohortSyncs.noteUse(of: secret.id, of: connection.id, at: now)
        } catch {
            // Revoked, or deleted, since the request was let in.
            guard error.code != .notFound else { return }
            Problem.logIfOurs(error, request)
        }
    }

    /// People paste the URL into a browser; it tells them that it is right.
    @Sendable func explain(_ request: Request) async throws -> Response {
        let id = ConnectionID(request.parameters["connection"])
        guard let id else { throw RoutingError.notFound }
        let connection = try await connections.connection(id)
        guard connection != nil else { throw RoutingError.notFound }
        return .text(.ok, Self.explanation)
    }

    private static let explanation = """
        This is a Muster webhook. Paste its URL into a Mixpanel custom webhook destination, with \
        the Basic Auth username and secret of this connection.

        """

    private func log(
        _ page: SyncPage, from connection: Connection, _ outcome: SyncOutcome, _ request: Request
    ) {
        request.logger.info(
            "page recorded",
            metadata: [
                "connection.id": .string(connection.id.text),
                "sync.action": .string(page.action.rawValue),
                "sync.outcome": .string(outcome.rawValue),
                "sync.members": .stringConvertible(page.members.count),
                "sync.unusable": .stringConvertible(page.notes.unusableCount),
            ])
    }
}

/// The store did not take a page that was understood.
struct NotRecorded: Error {
    let action: SyncAction
    let cause: Failure
}

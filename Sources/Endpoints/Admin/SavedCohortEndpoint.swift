import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

/// The cohorts saved at Mixpanel, beside the audiences they feed.
struct SavedCohortEndpoint: Sendable {
    private let connections: any ConnectionStore
    private let audiences: any AudienceStore
    private let accounts: ServiceAccounts
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        connections = parts.connections
        audiences = parts.audiences
        accounts = parts.accounts
        now = parts.now
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let connection = try await connections.connection(request.connectionID())
        guard let connection else { throw Failure.noSuchConnection }
        let cohorts = try await accounts.savedCohorts(of: connection, in: audiences)
        let now = now()
        return .list(ListPage(items: cohorts)) { json, cohort in
            json.savedCohort(cohort, at: now)
        }
    }
}

package import Audiences
import HTTPWire
package import Routing

/// What the endpoints are made of: the ports of the domain, and what the platform supplies.
package struct Dependencies: Sendable {
    package var syncs: any SyncStore
    package var audiences: any AudienceStore
    package var connections: any ConnectionStore
    package var cohortSyncs: any CohortSyncStore
    package var changes: any ChangeStore
    package var control: any AudienceControl
    package var keys: any OperatorKeyStore
    package var answers: any AnswerStore
    package var audit: any AuditStore
    package var sealing: Sealing
    package var secrets: Secrets
    /// The wall clock.
    package var now: @Sendable () -> Timestamp
    package var readiness: Readiness
    package var limits: EndpointLimits
    /// Where the world reaches this server, for example `https://hooks.example.com`, without a
    /// slash at the end.
    ///
    /// Webhook URLs begin with it; if `nil`, with the host that the request was sent to.
    package var publicURL: String?

    package init(
        syncs: any SyncStore, audiences: any AudienceStore, connections: any ConnectionStore,
        cohortSyncs: any CohortSyncStore, changes: any ChangeStore, control: any AudienceControl,
        keys: any OperatorKeyStore, answers: any AnswerStore, audit: any AuditStore,
        sealing: Sealing, secrets: Secrets, now: @escaping @Sendable () -> Timestamp,
        readiness: Readiness,
        limits: EndpointLimits = EndpointLimits(), publicURL: String? = nil
    ) {
        self.syncs = syncs
        self.audiences = audiences
        self.connections = connections
        self.cohortSyncs = cohortSyncs
        self.changes = changes
        self.control = control
        self.keys = keys
        self.answers = answers
        self.audit = audit
        self.sealing = sealing
        self.secrets = secrets
        self.now = now
        self.readiness = readiness
        self.limits = limits
        self.publicURL = publicURL
    }
}

/// The whole HTTP surface on one screen.
package func routes(_ parts: Dependencies) -> Router {
    var router = Router(problem: Problem.response)

    let webhook = CohortSyncEndpoint(parts)
    router.on(.post, "/webhooks/mixpanel/:connection", webhook.receive)
    router.on(.get, "/webhooks/mixpanel/:connection", webhook.explain)

    let admit = AdmitOperator(parts)
    func api(_ method: Method, _ pattern: String, _ endpoint: @escaping Endpoint) {
        router.on(method, "/v1" + pattern) { request in
            try await admit(request)
            return try await endpoint(request)
        }
    }

    let connections = ConnectionEndpoints(parts)
    api(.post, "/connections", connections.create)
    api(.get, "/connections", connections.list)
    api(.get, "/connections/:connection", connections.show)
    api(.patch, "/connections/:connection", connections.edit)
    api(.post, "/connections/:connection/cohort_sync", connections.setUpCohortSync)
    api(.get, "/connections/:connection/cohort_sync", connections.showCohortSync)

    let audiences = AudienceEndpoints(parts)
    api(.get, "/audiences", audiences.list)
    api(.get, "/audiences/:audience", audiences.show)
    api(.get, "/audiences/:audience/members", audiences.members)
    api(.get, "/audiences/:audience/export", audiences.export)
    api(.get, "/audiences/:audience/syncs", audiences.syncs)
    api(.get, "/audiences/:audience/shared_references", audiences.sharedReferences)

    let control = ControlEndpoints(parts)
    api(.post, "/audiences/:audience/accept", control.accept)
    api(.post, "/audiences/:audience/reject", control.reject)
    api(.post, "/audiences/:audience/restore", control.restore)
    api(.delete, "/people", control.erase)

    api(.get, "/changes", ChangeEndpoint(parts).list)

    let memberships = MembershipEndpoints(parts)
    api(.get, "/memberships", memberships.show)
    api(.post, "/memberships/query", memberships.query)

    let health = HealthEndpoints(parts)
    router.on(.get, "/livez", always: HealthEndpoints.alive)
    router.on(.get, "/readyz", health.ready)
    router.on(.get, "/healthz", health.ready)
    return router
}

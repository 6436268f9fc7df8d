package import Audiences
import HTTPWire
package import Mixpanel
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
    package var reconciliations: any ReconciliationStore
    package var studies: any StudyStore
    package var launches: any LaunchStore
    package var sdk: any SDKStore
    package var hooks: any HookStore
    package var elements: ElementParts
    package var accounts: ServiceAccounts
    package var sealing: Sealing
    package var secrets: Secrets
    /// The wall clock.
    package var now: @Sendable () -> Timestamp
    package var readiness: Readiness
    package var metrics: Metrics
    package var limits: EndpointLimits
    /// Where the world reaches this server, for example `https://hooks.example.com`, without a
    /// slash at the end.
    ///
    /// Webhook URLs begin with it; if `nil`, with the host that the request was sent to.
    package var publicURL: String?
    /// Whether `/metrics` is answered by a listener of its own, and not to the world.
    package var hasOperationsListener = false
    /// Which apps open invite links.
    package var apps = AssociatedApps()

    package init(
        syncs: any SyncStore, audiences: any AudienceStore, connections: any ConnectionStore,
        cohortSyncs: any CohortSyncStore, changes: any ChangeStore, control: any AudienceControl,
        keys: any OperatorKeyStore, answers: any AnswerStore, audit: any AuditStore,
        reconciliations: any ReconciliationStore, studies: any StudyStore,
        launches: any LaunchStore, sdk: any SDKStore, hooks: any HookStore, elements: ElementParts,
        accounts: ServiceAccounts, sealing: Sealing,
        secrets: Secrets,
        now: @escaping @Sendable () -> Timestamp,
        readiness: Readiness, metrics: Metrics = .none,
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
        self.reconciliations = reconciliations
        self.studies = studies
        self.launches = launches
        self.sdk = sdk
        self.hooks = hooks
        self.elements = elements
        self.accounts = accounts
        self.sealing = sealing
        self.secrets = secrets
        self.now = now
        self.readiness = readiness
        self.metrics = metrics
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

    probeRoutes(&router, parts)
    if !parts.hasOperationsListener { router.on(.get, "/metrics", MetricsEndpoint(parts).show) }
    router.on(.get, "/openapi.json", OpenAPIEndpoint().show)

    var api = APIRoutes(router, parts)
    connectionRoutes(&api, parts)
    audienceRoutes(&api, parts)
    launchRoutes(&api, parts)
    return elementRoutes(appRoutes(api.router, parts), parts)
}

/// What a listener for operators alone answers.
package func operationsRoutes(_ parts: Dependencies) -> Router {
    var router = Router(problem: Problem.response)
    probeRoutes(&router, parts)
    router.on(.get, "/metrics", MetricsEndpoint(parts).show)
    return router
}

private func probeRoutes(_ router: inout Router, _ parts: Dependencies) {
    let health = HealthEndpoints(parts)
    router.on(.get, "/livez", always: HealthEndpoints.alive)
    router.on(.get, "/readyz", health.ready)
    router.on(.get, "/healthz", health.ready)
}

private func connectionRoutes(_ api: inout APIRoutes, _ parts: Dependencies) {
    let page = APIRoutes.page
    let connections = ConnectionEndpoints(parts)
    let connection = "/connections/:connection"
    api.create("/connections", connections.create)
    api.ask("/connections", query: page, connections.list)
    api.ask(connection, connections.show)
    api.change(.patch, connection, connections.edit)
    api.change(.delete, connection, connections.delete)
    api.change(.post, connection + "/verify", connections.verify)
    api.ask(connection + "/cohorts", SavedCohortEndpoint(parts).list)

    let cohortSyncs = CohortSyncAdministration(parts)
    let cohortSync = connection + "/cohort_sync"
    api.create(cohortSync, cohortSyncs.setUp)
    api.ask(cohortSync, cohortSyncs.show)
    api.change(.patch, cohortSync, cohortSyncs.edit)
    api.change(.delete, cohortSync, cohortSyncs.switchOff)
    api.create(cohortSync + "/secret", cohortSyncs.regenerate)
    api.change(.delete, cohortSync + "/secret", cohortSyncs.revokeAll)
    api.change(.delete, cohortSync + "/secrets/:secret", cohortSyncs.revokeOne)

    let hooks = HookEndpoints(parts)
    let hook = connection + "/hook"
    api.change(.put, hook, hooks.set)
    api.ask(hook, hooks.show)
    api.change(.delete, hook, hooks.remove)
    api.create(hook + "/secret", hooks.regenerate)
    api.ask(hook + "/deliveries", query: ["status"] + page, hooks.deliveries)
    api.change(.post, hook + "/deliveries/:delivery/replay", hooks.replay)
    api.create(hook + "/test", hooks.test)

    let keys = KeyEndpoints(parts)
    api.create("/keys", keys.create)
    api.ask("/keys", query: page, keys.list)
    api.ask("/keys/:key", keys.show)
    api.change(.delete, "/keys/:key", keys.revoke)
    api.ask("/audit", query: ["action", "target"] + page, AuditEndpoint(parts).list)
}

private func audienceRoutes(_ api: inout APIRoutes, _ parts: Dependencies) {
    let page = APIRoutes.page
    let audiences = AudienceEndpoints(parts)
    let audience = "/audiences/:audience"
    api.ask("/audiences", query: ["connection", "project", "cohort"] + page, audiences.list)
    api.ask(audience, audiences.show)
    api.ask(audience + "/members", query: page, audiences.members)
    api.ask(audience + "/export", query: ["format"], audiences.export)
    api.ask(audience + "/syncs", query: page, audiences.syncs)
    api.ask(audience + "/shared_references", query: page, audiences.sharedReferences)

    let control = ControlEndpoints(parts)
    api.change(.post, audience + "/accept", control.accept)
    api.change(.post, audience + "/reject", control.reject)
    api.change(.post, audience + "/restore", control.restore)
    api.change(.delete, "/people", query: ["match_id", "stay_erased"], control.erase)

    let reconciliations = ReconciliationEndpoints(parts)
    let reconciliation = "/reconciliations/:reconciliation"
    api.create(audience + "/reconcile", reconciliations.start)
    api.ask(audience + "/reconciliations", query: page, reconciliations.list)
    api.ask(reconciliation, reconciliations.show)
    api.ask(reconciliation + "/differences", query: page, reconciliations.differences)
    api.change(.delete, reconciliation, reconciliations.cancel)

    api.ask("/changes", query: ["audience_id", "wait"] + page, ChangeEndpoint(parts).list)

    let memberships = MembershipEndpoints(parts)
    api.ask(
        "/memberships", query: ["match_id", "audience_id", "at"], atOnce: memberships.showAtOnce,
        memberships.show)
    api.ask("/memberships/query", by: .post, memberships.query)
}

private func launchRoutes(_ api: inout APIRoutes, _ parts: Dependencies) {
    let page = APIRoutes.page
    let studies = StudyEndpoints(parts)
    api.create("/studies", studies.create)
    api.ask("/studies", query: ["connection"] + page, studies.list)
    api.ask("/studies/:study", studies.show)
    api.change(.patch, "/studies/:study", studies.edit)

    let rules = LaunchRuleEndpoints(parts)
    let rule = "/launch_rules/:rule"
    api.create("/launch_rules", rules.create)
    api.ask("/launch_rules", query: ["connection", "study", "status"] + page, rules.list)
    api.ask(rule, rules.show)
    api.change(.patch, rule, rules.edit)
    api.ask(rule + "/funnel", rules.funnel)
    api.ask("/eligibility", query: ["match_id", "connection"], rules.eligibility)

    let invites = InviteEndpoints(parts)
    let filter = ["connection", "study", "rule", "match_id"]
    api.ask("/invites", query: filter + page, invites.list)
    api.ask("/invites/export", query: filter + ["format"], invites.export)
    api.ask("/invites/:code", invites.show)

    let administration = SDKAdministration(parts)
    let sdk = "/connections/:connection/sdk"
    api.ask(sdk, administration.show)
    api.change(.put, sdk, administration.set)
    api.create(sdk + "/key", administration.regenerateKey)
    api.create(sdk + "/identity_secret", administration.makeIdentitySecret)
}

/// What apps and browsers call.
private func appRoutes(_ router: Router, _ parts: Dependencies) -> Router {
    var app = SDKRoutes(router, parts)
    let sdk = SDKEndpoints(parts)
    app.ask(
        "/config", query: ["reference_id", "identity"], atOnce: sdk.configurationAtOnce,
        sdk.configuration)
    app.on(.post, "/launches", sdk.launch)
    app.on(.post, "/invites/:code/events", sdk.report)

    var router = app.router
    let links = InviteLinks(parts)
    router.on(.get, "/i/:code", links.open)
    router.on(.post, "/i/:code", links.press)
    let files = AssociationFiles(parts)
    router.on(.get, "/.well-known/apple-app-site-association", files.apple)
    router.on(.get, "/.well-known/assetlinks.json", files.android)
    return router
}

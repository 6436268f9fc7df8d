import Audiences
import HTTPWire
import Routing

/// One admitted call of the element API.
struct ElementCall: Sendable {
    let request: Request
    let user: ElementUser
    /// That of the header; `nil` for calls that are not about one.
    fileprivate let token: ElementInstance?

    /// The instance of the header.
    func instance() throws -> ElementInstance {
        guard let token else { throw ElementUnauthorized() }
        return token
    }

    var operation: Operation {
        Operation(by: .elementUser(user.id), requestID: request.id.description)
    }
}

/// Adds the routes of the element API, each of which says here what it takes.
struct ElementRoutes {
    typealias ElementEndpoint = @Sendable (ElementCall) async throws -> Response

    private(set) var router: Router
    private let admit: AdmitElement

    static let base = "/elements/api-v2"

    init(_ router: Router, _ parts: Dependencies) {
        self.router = router
        admit = AdmitElement(parts)
    }

    /// A call about the platform.
    mutating func platform(
        _ method: Method, _ pattern: String, query: [String] = [],
        _ endpoint: @escaping ElementEndpoint
    ) {
        on(method, pattern, needing: .platform, query, worksDisabled: true, endpoint)
    }

    /// A call about the instance in the header.
    mutating func ownInstance(
        _ method: Method, _ pattern: String, query: [String] = [],
        _ endpoint: @escaping ElementEndpoint
    ) {
        on(method, pattern, needing: .instanceInHeader, query, worksDisabled: true, endpoint)
    }

    /// A call to Mixpanel through the instance in the header, under the name of any hub and under
    /// none: the original takes all of them for the same.
    mutating func hub(
        _ method: Method, _ pattern: String, query: [String] = [], worksDisabled: Bool = false,
        _ endpoint: @escaping ElementEndpoint
    ) {
        for prefix in ["", "/hubs/:hub"] {
            on(
                method, prefix + pattern, needing: .hub, query, worksDisabled: worksDisabled,
                endpoint)
        }
    }

    private mutating func on(
        _ method: Method, _ pattern: String, needing need: AdmitElement.Need, _ query: [String],
        worksDisabled: Bool, _ endpoint: @escaping ElementEndpoint
    ) {
        router.on(method, Self.base + pattern) { [admit] request in
            let (user, instance) = try await admit(request, needing: need)
            if let instance, instance.isDisabled, !worksDisabled { throw InstanceDisabled() }
            try request.refuseUnknownQuery(but: query)
            var response = try await endpoint(
                ElementCall(request: request, user: user, token: instance))
            response.headers.append(("Elements-Request-Id", request.id.description))
            if need == .hub, let instance {
                response.headers.append(("Elements-Element-Instance-Id", String(instance.id)))
            }
            return response
        }
    }
}

/// The whole element API on one screen.
func elementRoutes(_ router: Router, _ parts: Dependencies) -> Router {
    var api = ElementRoutes(router, parts)
    instanceRoutes(&api, parts)

    let (people, activities) = (PeopleEndpoints(parts), ActivityEndpoints(parts))
    let objects = ObjectEndpoints(parts)
    let page = ["where", "pageSize", "nextPage", "fields"]
    api.hub(.get, "/users", query: page, people.list)
    api.hub(.post, "/users", people.write)
    api.hub(.patch, "/users/:user", people.change)
    api.hub(.delete, "/users/:user", people.delete)
    api.hub(.post, "/activities", activities.write)
    api.hub(.get, "/activities/top", query: ["where", "pageSize"], activities.top)
    api.hub(.get, "/objects", worksDisabled: true, objects.list)
    api.hub(.get, "/objects/:object/metadata", worksDisabled: true, objects.metadata)
    api.hub(.get, "/ping", objects.ping)
    api.hub(.get, "/:name", query: page, people.listMapped)

    let bulk = BulkEndpoints(parts)
    api.hub(.post, "/bulk/query", query: ["q", "from", "to"], bulk.query)
    api.hub(.post, "/bulk/download", bulk.download)
    api.hub(.get, "/bulk/jobs", query: ["where", "pageSize", "nextPage"], bulk.list)
    api.hub(.get, "/bulk/:job/status", bulk.status)
    api.hub(.get, "/bulk/:job/errors", query: ["pageSize", "nextPage"], bulk.errors)
    api.hub(.put, "/bulk/:job/cancel", bulk.cancel)
    api.hub(.get, "/bulk/:job/:object", bulk.file)
    return api.router
}

private func instanceRoutes(_ api: inout ElementRoutes, _ parts: Dependencies) {
    let catalogue = ElementCatalogue()
    api.platform(.get, "/elements", catalogue.list)
    api.platform(.get, "/elements/keys", catalogue.keys)
    api.platform(.get, "/elements/:element", catalogue.show)
    api.platform(.get, "/elements/:element/configuration", catalogue.configuration)
    api.platform(.get, "/elements/:element/docs", catalogue.document)

    let instances = InstanceEndpoints(parts)
    let list = ["tags[]", "searchText", "pageSize", "nextPage", "hydrate"]
    let verify = ["verify", "reAuthenticate"]
    for prefix in ["", "/elements/:element"] {
        api.platform(.post, prefix + "/instances", query: verify, instances.create)
        api.platform(.get, prefix + "/instances", query: list, instances.list)
        api.platform(.get, prefix + "/instances/:instance", instances.show)
        api.platform(.put, prefix + "/instances/:instance", query: verify, instances.replace)
        api.platform(.patch, prefix + "/instances/:instance", query: verify, instances.edit)
        api.platform(.delete, prefix + "/instances/:instance", instances.delete)
    }
    api.ownInstance(.put, "/instances", query: verify, instances.replace)
    api.ownInstance(.patch, "/instances", query: verify, instances.edit)
    api.ownInstance(.delete, "/instances", instances.delete)
    api.platform(.put, "/instances/:instance/enabled", instances.enable)
    api.platform(.delete, "/instances/:instance/enabled", instances.disable)
    api.ownInstance(.put, "/instances/enabled", instances.enable)
    api.ownInstance(.delete, "/instances/enabled", instances.disable)

    let configurations = ConfigurationEndpoints(parts)
    let configuration = "/instances/:instance/configuration"
    api.platform(.get, configuration, configurations.list)
    api.platform(.get, configuration + "/:item", configurations.show)
    api.platform(.patch, configuration + "/:item", query: verify, configurations.edit)
    api.ownInstance(.get, "/instances/configuration", configurations.list)
    api.ownInstance(.get, "/instances/configuration/:item", configurations.show)
    api.ownInstance(.patch, "/instances/configuration/:item", query: verify, configurations.edit)

    let transformations = TransformationEndpoints(parts)
    let transformation = "/instances/:instance/transformations"
    api.platform(.get, transformation, transformations.list)
    api.platform(.get, transformation + "/:name", transformations.show)
    api.platform(.post, transformation + "/:name", transformations.set)
    api.platform(.put, transformation + "/:name", transformations.set)
    api.platform(.delete, transformation + "/:name", transformations.remove)

    api.platform(.get, "/instances/:instance/docs", catalogue.document)
    api.ownInstance(.get, "/instances/docs", catalogue.document)
}

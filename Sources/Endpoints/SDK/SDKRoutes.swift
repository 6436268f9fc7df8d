import Audiences
import HTTPWire
import Routing

/// Adds the routes of apps, which pages of any origin may call: the public key is in a header, no
/// cookie means anything here, so there is nothing that another site could borrow (Fetch, CORS).
struct SDKRoutes {
    /// Answers an app that was admitted.
    typealias AppEndpoint = @Sendable (Request, App) async throws -> Response

    private(set) var router: Router
    private let admit: AdmitApp

    init(_ router: Router, _ parts: Dependencies) {
        self.router = router
        admit = AdmitApp(parts)
    }

    mutating func on(
        _ method: Method, _ pattern: String, query: [String] = [],
        _ endpoint: @escaping AppEndpoint
    ) {
        router.on(method, "/sdk/v1" + pattern, answered(query, endpoint))
        router.on(.options, "/sdk/v1" + pattern) { _ in Self.preflight(method) }
    }

    /// A question that can often be answered without waiting, by `atOnce`.
    mutating func ask(
        _ pattern: String, query: [String],
        atOnce: @escaping @Sendable (RequestHead, App) -> Response?,
        _ endpoint: @escaping AppEndpoint
    ) {
        router.on(
            .get, "/sdk/v1" + pattern,
            atOnce: { [admit] head, peer in
                var response = admit.atOnce(head, peer) { app in atOnce(head, app) }
                response?.headers += Self.headers
                return response
            }, answered(query, endpoint))
        router.on(.options, "/sdk/v1" + pattern) { _ in Self.preflight(.get) }
    }

    private func answered(_ query: [String], _ endpoint: @escaping AppEndpoint) -> Endpoint {
        { [admit] request in
            var response: Response
            do {
                let app = try await admit(request)
                try request.refuseUnknownQuery(but: query)
                response = try await endpoint(request, app)
            } catch {
                // Else a page could not read what is wrong.
                response = Problem.response(to: error, request)
            }
            response.headers += Self.headers
            return response
        }
    }

    /// All of it is about one person at one moment.
    private static let headers: [(name: String, value: String)] = [
        ("Cache-Control", "private, no-store"), ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "Retry-After, X-Request-Id"),
    ]

    /// Browsers keep it for two hours at most.
    private static func preflight(_ method: Method) -> Response {
        Response(
            .noContent,
            headers: [
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Methods", method.name),
                ("Access-Control-Allow-Headers", "authorization, content-type"),
                ("Access-Control-Max-Age", "7200"),
            ])
    }
}

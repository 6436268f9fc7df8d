import Audiences
import HTTPWire
import Routing

/// Adds the routes of the API, each of which says here who may call it and which query parameters
/// it knows.
struct APIRoutes {
    /// Changes something, on behalf of the key in the operation.
    typealias ChangingEndpoint = @Sendable (Request, Operation) async throws -> Response
    /// Makes something, once.
    typealias CreatingEndpoint = @Sendable (Creation) async throws -> Response

    /// What every list takes.
    static let page = ["limit", "after"]

    private(set) var router: Router
    private let admit: AdmitOperator
    private let answers: KeptAnswers

    init(_ router: Router, _ parts: Dependencies) {
        self.router = router
        admit = AdmitOperator(parts)
        answers = KeptAnswers(parts)
    }

    /// A question, which every key may ask.
    mutating func ask(
        _ pattern: String, by method: Method = .get, query: [String] = [],
        _ endpoint: @escaping Endpoint
    ) {
        router.on(method, "/v1" + pattern, question(query, endpoint))
    }

    private func question(_ query: [String], _ endpoint: @escaping Endpoint) -> Endpoint {
        { [admit] request in
            _ = try await admit(request, needing: .read)
            try request.refuseUnknownQuery(but: query)
            return try await endpoint(request)
        }
    }

    /// A question that can often be answered without waiting, by `atOnce`.
    mutating func ask(
        _ pattern: String, query: [String],
        atOnce: @escaping @Sendable (RequestHead) -> Response?, _ endpoint: @escaping Endpoint
    ) {
        router.on(
            .get, "/v1" + pattern,
            atOnce: { [admit] head, _ in
                admit.atOnce(head, needing: .read) ? atOnce(head) : nil
            },
            question(query, endpoint))
    }

    /// A change, which needs a key of the scope `admin`.
    mutating func change(
        _ method: Method, _ pattern: String, query: [String] = [],
        _ endpoint: @escaping ChangingEndpoint
    ) {
        router.on(method, "/v1" + pattern) { [admit] request in
            let key = try await admit(request, needing: .admin)
            try request.refuseUnknownQuery(but: query)
            let operation = Operation(by: .key(key.id), requestID: request.id.description)
            return try await endpoint(request, operation)
        }
    }

    /// A change that makes something, and may be sent again with the same `Idempotency-Key`.
    mutating func create(_ pattern: String, _ endpoint: @escaping CreatingEndpoint) {
        router.on(.post, "/v1" + pattern) { [admit, answers] request in
            let key = try await admit(request, needing: .admin)
            try request.refuseUnknownQuery(but: [])
            return try await answers.once(request, by: key.id, endpoint)
        }
    }
}

extension Request {
    /// Throws `invalid` for a query parameter that nobody reads: it would be a wish that is
    /// silently not fulfilled.
    func refuseUnknownQuery(but known: [String]) throws(Failure) {
        guard head.target.rawQuery != nil else { return }
        let items: [(name: String, value: String)]
        do {
            items = try head.target.queryItems()
        } catch {
            throw Failure(.invalid, "The query is badly escaped.")
        }
        for (name, _) in items {
            let isKnown = known.contains { $0.utf8.elementsEqual(name.utf8) }
            guard !isKnown else { continue }
            let taken = known.isEmpty ? "none" : known.joined(separator: ", ")
            throw Failure(
                .invalid,
                "\(name.prefix(64)) is no query parameter of this path; it takes \(taken).")
        }
    }
}

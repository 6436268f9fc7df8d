package import HTTPWire

/// Finds the endpoint of a request by method and path.
///
/// Patterns are literal and `:name` segments: `/v1/audiences/:audience/members`. Where both could
/// match, the literal wins. A trailing slash is ignored. Two patterns that can't be told apart
/// are a mistake that stops the program at start-up, not one that depends on the request.
package struct Router: Sendable {
    private var root = Node()
    private var shortcuts: [Shortcut] = []
    private var routeCount = 0
    private let problem: @Sendable (any Error, Request) -> Response

    /// - Parameter problem: turns whatever an endpoint throws into an answer.
    package init(problem: @escaping @Sendable (any Error, Request) -> Response) {
        self.problem = problem
    }

    /// Adds an endpoint.
    ///
    /// - Parameters:
    ///   - method: GET answers HEAD too, unless HEAD has an endpoint of its own.
    ///   - pattern: begins with a slash.
    ///   - endpoint: what answers.
    package mutating func on(_ method: Method, _ pattern: String, _ endpoint: @escaping Endpoint) {
        let segments = pattern.split(separator: "/").map(String.init)
        let isNew = root.insert(
            Route(number: routeCount, method: method, pattern: pattern, endpoint: endpoint),
            at: segments[...])
        precondition(isNew, "two routes for \(method) \(pattern)")
        routeCount += 1
    }

    /// Every endpoint, in the order of the tree.
    package var routes: [Route] { root.all }

    /// Adds an endpoint that gives everybody the same answer, whatever the request says.
    package mutating func on(_ method: Method, _ pattern: String, always response: Response) {
        add(method, pattern, .always(response)) { _ in response }
    }

    /// Adds an endpoint that can often answer without waiting.
    ///
    /// - Parameters:
    ///   - method: as above.
    ///   - pattern: without parameters.
    ///   - atOnce: answers as the endpoint would, or leaves the request to it with `nil`, as
    ///     whatever it refuses.
    ///   - endpoint: answers everything.
    package mutating func on(
        _ method: Method, _ pattern: String, atOnce: @escaping ImmediateEndpoint,
        _ endpoint: @escaping Endpoint
    ) {
        add(method, pattern, .maybe(atOnce), endpoint)
    }

    private mutating func add(
        _ method: Method, _ pattern: String, _ answer: Shortcut.Answer,
        _ endpoint: @escaping Endpoint
    ) {
        let route = routeCount
        on(method, pattern, endpoint)
        let path = pattern.utf8.dropFirst()
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        shortcuts.append(Shortcut(route: route, method: method, path: path, answer: answer))
    }

    /// The answer to `head` if everybody hears the same, and the number of its route.
    package func constant(for head: RequestHead) -> (route: Int, response: Response)? {
        for shortcut in shortcuts where shortcut.isFor(head) {
            guard case .always(let response) = shortcut.answer else { return nil }
            return (shortcut.route, response)
        }
        return nil
    }

    /// The answer to `head` if it can be given without waiting, and the path is written as the
    /// pattern; what else comes to it takes the way through ``match(_:)``.
    ///
    /// - Parameters:
    ///   - head: of the request.
    ///   - peer: finds out whom it is from.
    /// - Returns: the number of its route, and whether everybody hears the same, too.
    package func answerAtOnce(
        _ head: RequestHead, from peer: () -> Peer
    ) -> (route: Int, isConstant: Bool, response: Response)? {
        for shortcut in shortcuts where shortcut.isFor(head) {
            switch shortcut.answer {
            case .always(let response): return (shortcut.route, true, response)
            case .maybe(let answer): return answer(head, peer).map { (shortcut.route, false, $0) }
            }
        }
        return nil
    }

    /// What a request was found to be.
    package enum Match: Sendable {
        case found(Route, Parameters)
        case notFound
        /// The path exists; `allowed` is the value of the `Allow` field.
        case methodNotAllowed(pattern: String, allowed: String)
        /// `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7); `allowed` is
        /// what some path allows.
        case server(allowed: String)
        /// Nobody has heard of this method, or it is for proxies.
        case methodUnknown
    }

    package func match(_ head: RequestHead) -> Match {
        switch head.method {
        case .other, .connect: return .methodUnknown
        case .options where head.target.segments.isEmpty:
            return .server(allowed: Node.list(root.methods))
        default: break
        }
        var segments = head.target.segments[...]
        if segments.last?.isEmpty == true { segments.removeLast() }
        var parameters = Parameters()
        guard let node = root.find(segments, &parameters) else { return .notFound }
        if let route = node.route(for: head.method) { return .found(route, parameters) }
        return .methodNotAllowed(pattern: node.routes[0].pattern, allowed: node.allowed)
    }

    /// Runs the endpoint of a match; whatever it throws becomes an answer here.
    package func respond(to request: Request, with route: Route) async -> Response {
        do {
            return try await route.endpoint(request)
        } catch {
            return problem(error, request)
        }
    }

    /// The answer for a request no endpoint was found for.
    package func refuse(_ request: Request, _ error: RoutingError) -> Response {
        problem(error, request)
    }
}

/// An endpoint and the pattern it answers; logs and metrics name the pattern, never the path.
package struct Route: Sendable {
    /// Its place among the routes of its router, from 0.
    package let number: Int
    package let method: Method
    package let pattern: String
    package let endpoint: Endpoint
}

/// What answers a path without waiting.
///
/// An object, so that to look at one copies none of what it holds.
private final class Shortcut: Sendable {
    /// The number of its route.
    let route: Int
    let answer: Answer
    private let method: Method
    private let path: [[UInt8]]

    enum Answer: Sendable {
        /// Everybody hears the same.
        case always(Response)
        case maybe(ImmediateEndpoint)
    }

    init(route: Int, method: Method, path: [[UInt8]], answer: Answer) {
        (self.route, self.method, self.path, self.answer) = (route, method, path, answer)
    }

    func isFor(_ head: RequestHead) -> Bool {
        guard head.target.segments.count == path.count, head.method == method else { return false }
        return path.indices.allSatisfy { index in
            // Bytes, as in a node, and where they are.
            var segment = head.target.segments[index]
            return segment.withUTF8 { $0.elementsEqual(path[index]) }
        }
    }
}

/// Why no endpoint was found.
package enum RoutingError: Error, Sendable, Hashable {
    case notFound
    case methodNotAllowed(allowed: String)
    case methodUnknown
}

/// One segment of the tree of patterns.
private struct Node: Sendable {
    var routes: [Route] = []
    private var literals: [(segment: String, node: Node)] = []
    /// At most one: patterns that differ only in a parameter's name can't be told apart.
    private var parameters: [(name: String, node: Node)] = []

    /// False if the place is taken.
    mutating func insert(_ route: Route, at segments: ArraySlice<String>) -> Bool {
        guard let segment = segments.first else {
            guard !routes.contains(where: { $0.method == route.method }) else { return false }
            routes.append(route)
            return true
        }
        if segment.hasPrefix(":") {
            let name = String(segment.dropFirst())
            if parameters.isEmpty { parameters.append((name, Node())) }
            guard parameters[0].name == name else { return false }
            return parameters[0].node.insert(route, at: segments.dropFirst())
        }
        if let index = literals.firstIndex(where: { $0.segment == segment }) {
            return literals[index].node.insert(route, at: segments.dropFirst())
        }
        var child = Node()
        defer { literals.append((segment, child)) }
        return child.insert(route, at: segments.dropFirst())
    }

    /// The routes of this node and of all below.
    var all: [Route] {
        let below = literals.map(\.node) + parameters.map(\.node)
        return routes + below.flatMap(\.all)
    }

    /// As deep as the deepest pattern, whatever the request says.
    func find(_ segments: ArraySlice<String>, _ parameters: inout Parameters) -> Node? {
        guard let segment = segments.first else { return routes.isEmpty ? nil : self }
        // Bytes, not characters: String equality would match canonically equivalent paths.
        let literal = literals.first { $0.segment.utf8.elementsEqual(segment.utf8) }
        if let found = literal?.node.find(segments.dropFirst(), &parameters) { return found }
        guard let (name, node) = self.parameters.first, !segment.isEmpty,
            let found = node.find(segments.dropFirst(), &parameters)
        else { return nil }
        parameters.append(name, segment)
        return found
    }

    func route(for method: Method) -> Route? {
        if let exact = routes.first(where: { $0.method == method }) { return exact }
        return method == .head ? routes.first { $0.method == .get } : nil
    }

    /// The methods of this node and of all below, in the order they were first added.
    var methods: [Method] {
        let below = literals.map(\.node) + parameters.map(\.node)
        return below.reduce(ownMethods) { methods, node in
            methods + node.methods.filter { !methods.contains($0) }
        }
    }

    /// RFC 9110 section 10.2.1.
    var allowed: String { Self.list(ownMethods) }

    static func list(_ methods: [Method]) -> String {
        methods.map(\.name).joined(separator: ", ")
    }

    private var ownMethods: [Method] {
        var methods: [Method] = []
        for route in routes {
            methods.append(route.method)
            if route.method == .get, !routes.contains(where: { $0.method == .head }) {
                methods.append(.head)
            }
        }
        return methods
    }
}

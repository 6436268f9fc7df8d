package import HTTPWire
package import Logging

/// Wraps the router: gives every request its id, and writes one line about it when it is answered.
///
/// Levels are chosen so that a busy server stays readable at `info`: what was refused is `info`,
/// "not now" (503) is `warning`, a fault of ours is `error`, and everything that went well, of
/// which there may be thousands a second, is `debug`; endpoints that changed something say so
/// themselves. A client that leaves in the middle of its body is nobody's alarm: `info`, without a
/// status, as nobody hears it. Nothing a caller sent is logged, only the route's pattern.
package struct Observe: Sendable {
    private let router: Router
    private let forwarded: ForwardedFor
    private let ids: RequestID.Generator
    private let logger: Logger
    private let metrics: RequestMetrics
    private let nanoseconds: @Sendable () -> UInt64

    /// - Parameters:
    ///   - router: finds and runs the endpoints.
    ///   - proxies: whose word is taken for whom a request is forwarded for.
    ///   - ids: makes the request ids.
    ///   - logger: takes the lines.
    ///   - metrics: counts and times the answers.
    ///   - nanoseconds: a monotonic clock.
    package init(
        _ router: Router, proxies: TrustedProxies = TrustedProxies(), ids: RequestID.Generator,
        logger: Logger, metrics: RequestMetrics = .none,
        nanoseconds: @escaping @Sendable () -> UInt64
    ) {
        self.router = router
        forwarded = ForwardedFor(trusted: proxies)
        self.ids = ids
        self.logger = logger
        self.metrics = metrics
        self.nanoseconds = nanoseconds
    }

    /// What the transport calls.
    package var handler: Handler {
        { head, body, peer in await self.respond(to: head, body, from: peer) }
    }

    /// What the transport calls before that.
    ///
    /// An answer that is to be logged takes the other way.
    package var immediate: ImmediateHandler {
        let loggedFrom = logger.logLevel
        return { head, peer in
            let start = nanoseconds()
            let found = router.answerAtOnce(
                head, from: { forwarded.client(of: head.headers, from: peer) })
            guard let (route, isConstant, answer) = found,
                Self.level(answer.status) < loggedFrom
            else { return nil }
            metrics.note(
                route, answer.status, after: isConstant ? nil : nanoseconds() &- start)
            var response = answer
            let id = RequestID(given: head.headers) ?? ids.next()
            response.headers.append(("X-Request-Id", id.description))
            return response
        }
    }

    /// What the transport calls before that, and once only for each head.
    ///
    /// Whoever names the request themselves gets their own name back, and is asked about anew.
    package var constant: ConstantHandler {
        let loggedFrom = logger.logLevel
        return { [router, ids, metrics] head in
            guard let (route, response) = router.constant(for: head),
                Self.level(response.status) < loggedFrom,
                head.headers.values("x-request-id").isEmpty
            else { return nil }
            return PreparedAnswer(response, freshField: "X-Request-Id") { room in
                metrics.note(route, response.status, after: nil)
                return ids.write(to: room)
            }
        }
    }

    private func respond(
        to head: RequestHead, _ body: any BodyReader, from peer: Peer
    ) async -> Response {
        let start = nanoseconds()
        let peer = forwarded.client(of: head.headers, from: peer)
        let id = RequestID(given: head.headers) ?? ids.next()
        func request(_ parameters: Parameters) -> Request {
            Request(
                head: head, parameters: parameters, body: body, peer: peer, id: id,
                logger: logger)
        }
        var pattern: String?
        var number: Int?
        var response: Response
        switch router.match(head) {
        case .found(let route, let parameters):
            pattern = route.pattern
            number = route.number
            response = await router.respond(to: request(parameters), with: route)
        case .notFound:
            response = router.refuse(request(Parameters()), .notFound)
        case .methodNotAllowed(let found, let allowed):
            pattern = found
            response = router.refuse(
                request(Parameters()), .methodNotAllowed(allowed: allowed))
        case .server(let allowed):
            pattern = "*"
            response = Response(.ok, headers: [("Allow", allowed)])
        case .methodUnknown:
            response = router.refuse(request(Parameters()), .methodUnknown)
        }
        response.headers.append(("X-Request-Id", id.description))
        let status = body.isCutShort ? nil : response.status
        let taken = nanoseconds() &- start
        metrics.note(number, status, after: taken)
        log(head.method, pattern, status, after: taken, peer, id)
        return response
    }

    private func log(
        _ method: Method, _ pattern: String?, _ status: Status?, after taken: UInt64,
        _ peer: Peer, _ id: RequestID
    ) {
        let level = status.map(Self.level) ?? .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "request.id": .stringConvertible(id),
            "http.method": .string(method.isKnown ? method.name : "other"),
            "http.route": .string(pattern ?? "none"),
            "duration.us": .stringConvertible(taken / 1000),
            "peer.address": .string(peer.address),
        ]
        if let status { metadata["http.status"] = .stringConvertible(status.code) }
        logger.log(
            level: level, status == nil ? "request cut short" : "request answered",
            metadata: metadata)
    }

    private static func level(_ status: Status) -> Logger.Level {
        switch status.code {
        case 503: .warning
        // The method is one that the caller made up.
        case 501: .info
        case 500...: .error
        case 400...: .info
        default: .debug
        }
    }
}

internal import Foundation
internal import Platform

/// One outbound HTTP request and its answer.
///
/// HTTP/1.1 over our own sockets, for FoundationNetworking keeps a core busy while it waits for an
/// answer: it goes on watching whether the socket can be written to when there is nothing to
/// write. Waiting costs nothing here.
///
/// Verifies certificate and host name, follows no redirect, keeps no cookie, cache or password,
/// goes through the proxy the environment names, and reuses connections. Calls may overlap.
/// Credentials belong into an `Authorization` header: nothing of a request is ever in an error, and
/// a URL that holds a password is refused.
struct HTTPExchange: Sendable {
    struct Response: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: [UInt8]
    }

    /// An answer above this size is an error: those we ask for are pages, not files.
    static let responseBytesMax = 32 * 1024 * 1024

    private let responseBytesMax: Int
    private let proxies: OutboundProxies
    private let addresses: AddressPolicy?
    /// The error is for whoever makes the first call.
    private let connections: Result<OutboundConnections, PlatformError>

    /// Prepares for calls.
    ///
    /// - Parameters:
    ///   - connectionsMax: how many connections to one host are kept for the next calls.
    ///   - responseBytesMax: the longest body that is taken.
    ///   - trust: whose certificates are believed.
    ///   - addresses: where calls may lead; `nil` for anywhere, where the operator alone says it.
    ///   - environment: where proxies may be named.
    init(
        connectionsMax: Int, responseBytesMax: Int = Self.responseBytesMax,
        trust: TLSTrust = .system, addresses: AddressPolicy? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.responseBytesMax = responseBytesMax
        self.addresses = addresses
        proxies = OutboundProxies(environment: environment)
        connections = Result { () throws(PlatformError) in
            try OutboundConnections(idleMax: connectionsMax, trust: trust)
        }
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - method: as on the wire: `GET`, `POST`.
    ///   - url: absolute, `http` or `https`.
    ///   - headers: each name once.
    ///   - body: sent with a `Content-Length`; `nil` for no body.
    ///   - timeout: for the whole exchange, from the connection to the last byte.
    /// - Returns: the answer, whatever its status.
    /// - Throws: ``HTTPExchangeError``; `CancellationError` if the task was cancelled.
    func callAsFunction(
        _ method: String, _ url: URL, headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil, timeout: Duration
    ) async throws -> Response {
        try await call(method, url, headers, body, timeout, nil).run()
    }

    /// Sends a request and hands over the body of a 200 piece by piece, in memory that does not
    /// grow with it; any other answer is returned whole.
    ///
    /// - Parameters:
    ///   - method: as on the wire: `GET`, `POST`.
    ///   - url: absolute, `http` or `https`.
    ///   - headers: each name once.
    ///   - timeout: for the whole exchange.
    ///   - silenceMax: how long the peer may say nothing.
    ///   - take: takes some bytes of the body, at most 64 KiB. It is called on the loop of outbound
    ///     calls, and must not block; the next bytes are received when it has returned.
    /// - Returns: the answer, whatever its status; that of a 200 without its body.
    /// - Throws: as the whole exchange does, ``HTTPExchangeError/lost`` too if the body breaks off;
    ///   what `take` throws, which ends the exchange.
    func stream(
        _ method: String, _ url: URL, headers: [(name: String, value: String)] = [],
        timeout: Duration, silenceMax: Duration,
        take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Response {
        let streaming = BodyStreaming(silenceMax: silenceMax, take: take)
        return try await call(method, url, headers, nil, timeout, streaming).run()
    }

    private func call(
        _ method: String, _ url: URL, _ headers: [(name: String, value: String)],
        _ body: [UInt8]?, _ timeout: Duration, _ streaming: BodyStreaming?
    ) throws -> OutboundCall {
        guard url.user(percentEncoded: true) == nil, url.password(percentEncoded: true) == nil
        else {
            throw HTTPExchangeError.credentialsInURL
        }
        guard let origin = Origin(url) else { throw HTTPExchangeError.badRequest }
        let route = Route(origin: origin, proxy: try proxies.proxy(for: origin))
        let message = try OutboundMessage(
            method: method, target: origin.target(of: url, isThroughProxy: route.isAbsolute),
            route: route, headers: headers, body: body)
        let connections = try connections.mapError { _ in HTTPExchangeError.failed }.get()
        return OutboundCall(
            message: message, route: route, connections: connections, addresses: addresses,
            responseBytesMax: responseBytesMax, deadline: .now().advanced(by: timeout),
            streaming: streaming)
    }

    /// Closes the connections that wait for their next request.
    func closeIdle() {
        guard case .success(let connections) = connections else { return }
        connections.loop.post { connections.closeIdle() }
    }

    /// Closes the connections; call it when no exchange is under way any more.
    func finish() {
        guard case .success(let connections) = connections else { return }
        Task { await connections.shutDown() }
    }
}

/// Why there is no answer.
enum HTTPExchangeError: String, Error, CustomStringConvertible {
    case timedOut = "no answer in time"
    case responseTooLarge = "the answer is too large"
    case credentialsInURL = "credentials do not belong into a URL"
    case badRequest = "the request can't be written as HTTP"
    case noSuchHost = "no such host"
    case addressRefused = "the address is not public"
    case refused = "the connection was refused"
    case lost = "the connection was lost"
    case tls = "TLS failed"
    case proxy = "the proxy can't be used, or refused the connection"
    case malformed = "the answer is no HTTP"
    case failed = "the exchange failed"

    var description: String { rawValue }
}

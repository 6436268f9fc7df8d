package import HTTPWire
package import Logging

/// One request on its way to an endpoint: what was sent, and what was found out about it.
package struct Request: Sendable {
    package let head: RequestHead
    /// The values of the pattern's `:name` segments.
    package let parameters: Parameters
    /// Unread; whoever needs it pulls it.
    package let body: any BodyReader
    package let peer: Peer
    /// Stands in the answer, the log and every error about this request.
    package let id: RequestID
    private let baseLogger: Logger

    /// Carries the request id.
    ///
    /// Made when asked for: most requests log nothing.
    package var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: "request.id"] = .stringConvertible(id)
        return logger
    }

    package init(
        head: RequestHead, parameters: Parameters = Parameters(), body: any BodyReader,
        peer: Peer, id: RequestID, logger: Logger
    ) {
        self.head = head
        self.parameters = parameters
        self.body = body
        self.peer = peer
        self.id = id
        baseLogger = logger
    }
}

/// The values of a pattern's `:name` segments, percent-decoded.
package struct Parameters: Sendable {
    private var pairs: [(name: String, value: String)] = []

    package init() {}

    package mutating func append(_ name: String, _ value: String) {
        pairs.append((name, value))
    }

    /// The value of a parameter; empty if the pattern has none of that name.
    ///
    /// Patterns and their endpoints are written side by side in `Endpoints/Routes.swift`, so a
    /// missing name is a mistake there, and an empty id is found nowhere.
    package subscript(name: String) -> String {
        pairs.first { $0.name == name }?.value ?? ""
    }
}

/// What turns a request into a response.
///
/// Errors it throws are answered by the router's `problem`.
package typealias Endpoint = @Sendable (Request) async throws -> Response

/// What may answer in an endpoint's place, from the head of a request without a body and without
/// waiting; `nil` leaves the request to the endpoint.
///
/// Whom the request is from is found out when it is asked for.
package typealias ImmediateEndpoint = @Sendable (RequestHead, _ peer: () -> Peer) -> Response?

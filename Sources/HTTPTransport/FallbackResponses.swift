package import HTTPWire

/// What the transport answers when no handler was asked.
///
/// The texts belong to whoever owns the API's error format; these defaults are plain.
package struct FallbackResponses: Sendable {
    /// For a message that breaks the protocol.
    ///
    /// Only asked for errors that have a status.
    package var wireError: @Sendable (WireError) -> Response
    /// For a connection beyond ``TransportLimits/connectionsMax``.
    package var overloaded: Response

    package init(
        wireError: @escaping @Sendable (WireError) -> Response = Self.plain,
        overloaded: Response = Self.busy
    ) {
        self.wireError = wireError
        self.overloaded = overloaded
    }

    /// The reason phrase as text.
    package static let plain: @Sendable (WireError) -> Response = { error in
        let status = error.status ?? .badRequest
        return Response(
            status, headers: [("Content-Type", "text/plain")],
            body: .bytes(Array("\(status.reason)\n".utf8)))
    }

    /// 503, come back in a second.
    package static let busy = Response(
        .serviceUnavailable,
        headers: [("Content-Type", "text/plain"), ("Retry-After", "1")],
        body: .bytes(Array("Too many connections\n".utf8)))
}

/// The only door between the wire and the application.
///
/// The transport is given a ``Handler``; the application is given a ``BodyReader``. Grep those
/// two names to see the whole seam.
///
/// Handlers run on the event loop that owns the connection, so they may suspend but must not
/// block. An error is a ``Response`` too: a handler never throws.
package typealias Handler =
    @Sendable (_ head: RequestHead, _ body: any BodyReader, _ peer: Peer) async -> Response

/// Answers what needs nothing but the head of a request and no waiting, such as a probe; `nil`
/// leaves the request to the ``Handler``.
///
/// Such an answer needs no task, and a task costs more than a small answer.
package typealias ImmediateHandler =
    @Sendable (_ head: RequestHead, _ peer: Peer) -> Response?

/// The answer that everybody gets who sends this head and no body, whoever they are; `nil` if
/// there is none.
///
/// It is remembered with the bytes of the head, and then nobody is asked.
package typealias ConstantHandler = @Sendable (_ head: RequestHead) -> PreparedAnswer?

/// Whom a request came from.
package struct Peer: Sendable, Hashable {
    /// The address without its port, as text: `127.0.0.1`, `::1`; `unix` for a Unix socket.
    ///
    /// That of the client, if a trusted proxy stands between and tells it.
    package var address: String
    /// How the client speaks to the first of us.
    package var scheme: Scheme

    package init(address: String, scheme: Scheme = .http) {
        self.address = address
        self.scheme = scheme
    }
}

/// Whether a request came in the clear (RFC 9110 section 4.2).
package enum Scheme: String, Sendable, Hashable, CaseIterable {
    case http, https
}

/// Pulls one request's body off the wire, transfer coding removed, content coding untouched.
///
/// Nothing is read before the first pull, so the body of a request that is refused on its head
/// is never buffered; the first pull is also what sends `100 (Continue)` to a client that
/// expects it (RFC 9110 section 10.1.1). After a body has thrown, every later pull throws the
/// same error.
package protocol BodyReader: Sendable {
    /// The Content-Length of the body, 0 if the request has none, `nil` if it is chunked.
    var declaredLength: Int? { get }

    /// Whether a pull has found that the client went away before the end of the body, so that
    /// an answer is most likely for nobody.
    ///
    /// Ask where the handler was called.
    var isCutShort: Bool { get }

    /// The next piece of the body, never empty; `nil` at its end.
    func next() async throws(WireError) -> [UInt8]?

    /// Reads the rest of the body into one buffer.
    ///
    /// A body declared longer than `limit` throws ``WireError/bodyTooLarge`` before anything is
    /// read; an undeclared one as soon as it passes `limit` bytes.
    func collect(upTo limit: Int) async throws(WireError) -> BodyBuffer
}

/// Takes the pieces of a streamed response body.
package protocol BodyWriter: Sendable {
    /// Sends `bytes`, and returns when the next piece may be made (back-pressure).
    ///
    /// Throws ``WireError`` when the client is gone or too slow; the producer should stop.
    func write(_ bytes: [UInt8]) async throws(WireError)
}

/// How an answer goes onto the wire, decided by ``ConnectionState`` and written by
/// ``Serializer``.
package struct ResponsePlan: Sendable, Hashable {
    package enum Framing: Sendable, Hashable {
        /// No content and no field that speaks of any: 204 and 304.
        case none
        case length(Int)
        case chunked
        /// HTTP/1.0 knows no chunks: the end of the connection ends the body.
        case untilClose
    }

    package enum Persistence: Sendable, Hashable {
        /// Nothing to say: HTTP/1.1 persists.
        case keep
        /// `Connection: keep-alive`, which HTTP/1.0 must be told.
        case announceKeep
        /// `Connection: close`.
        case announceClose
    }

    package var framing: Framing
    /// False for HEAD, 204 and 304: the head is all there is.
    package var sendsBody: Bool
    package var persistence: Persistence

    package init(framing: Framing, sendsBody: Bool, persistence: Persistence) {
        self.framing = framing
        self.sendsBody = sendsBody
        self.persistence = persistence
    }
}

/// A request method (RFC 9110 section 9).
///
/// Methods are case-sensitive: `get` is not `GET` but an unknown method, which the router
/// answers with 501.
package enum Method: Sendable, Hashable {
    case get, head, post, put, patch, delete, options, trace, connect
    /// A syntactically valid method this server has never heard of.
    case other(String)

    /// - Parameter token: bytes of a token.
    init(_ token: Slice<UnsafeRawBufferPointer>) {
        // By length first, so that the common ones cost one comparison.
        let known: Method? =
            switch token.count {
            case 3:
                Grammar.equals(token, exactly: "GET")
                    ? .get : Grammar.equals(token, exactly: "PUT") ? .put : nil
            case 4:
                Grammar.equals(token, exactly: "POST")
                    ? .post : Grammar.equals(token, exactly: "HEAD") ? .head : nil
            case 5:
                Grammar.equals(token, exactly: "PATCH")
                    ? .patch : Grammar.equals(token, exactly: "TRACE") ? .trace : nil
            case 6:
                Grammar.equals(token, exactly: "DELETE") ? .delete : nil
            case 7:
                Grammar.equals(token, exactly: "OPTIONS")
                    ? .options : Grammar.equals(token, exactly: "CONNECT") ? .connect : nil
            default: nil
            }
        self = known ?? .other(String(decoding: token, as: UTF8.self))
    }
}

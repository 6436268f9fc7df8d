/// HTTP versions this server speaks (RFC 9112 section 2.3).
package enum Version: Sendable, Hashable {
    case http10, http11
}

/// Everything of a request before its body.
package struct RequestHead: Sendable {
    package var method: Method
    package var target: Target
    package var version: Version
    package var headers: Headers

    package init(method: Method, target: Target, version: Version, headers: Headers) {
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
    }
}

/// A response as the application makes it; framing and `Date` are the serializer's business.
package struct Response: Sendable {
    package var status: Status
    /// Extra fields in order.
    ///
    /// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are
    /// written by the serializer and must not be here.
    package var headers: [(name: String, value: String)]
    package var body: ResponseBody

    package init(
        _ status: Status, headers: [(name: String, value: String)] = [],
        body: ResponseBody = .empty
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The body of a response.
package enum ResponseBody: Sendable {
    case empty
    case bytes([UInt8])
    /// Written piece by piece, chunked for HTTP/1.1 and until close for HTTP/1.0.
    ///
    /// When the closure throws, the connection is closed without the last chunk, so that the
    /// client can tell a cut answer from a whole one (RFC 9112 section 8).
    case stream(@Sendable (any BodyWriter) async throws -> Void)
}

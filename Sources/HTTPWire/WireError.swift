/// What went wrong with a message on the wire, and the status that tells the peer so.
package enum WireError: Error, Sendable, Hashable {
    /// The message breaks a rule; `rule` is a short constant that names it, for the log.
    case malformed(rule: StaticRule)
    /// 413: the body is longer than the reader would take.
    case bodyTooLarge
    /// 414: the request target is longer than ``WireLimits`` allows.
    case targetTooLong
    /// 431: the header section is larger than ``WireLimits`` allows.
    case headersTooLarge
    /// 417: an expectation other than `100-continue`.
    case expectationFailed
    /// 501: a method longer than ``WireLimits`` allows, so none we know.
    case methodTooLong
    /// 501: a transfer coding other than chunked.
    case unknownTransferCoding
    /// 505: an HTTP version other than 1.0 and 1.1.
    case versionNotSupported
    /// 408: the peer was too slow.
    case timedOut
    /// The peer closed or reset the connection: nobody is left to answer.
    case disconnected

    /// The status to answer with; `nil` if nobody is left to answer.
    package var status: Status? {
        switch self {
        case .malformed: .badRequest
        case .bodyTooLarge: .contentTooLarge
        case .targetTooLong: .uriTooLong
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .expectationFailed: .expectationFailed
        case .methodTooLong, .unknownTransferCoding: .notImplemented
        case .versionNotSupported: .httpVersionNotSupported
        case .timedOut: .requestTimeout
        case .disconnected: nil
        }
    }
}

/// The name of a broken rule: a literal, so that nothing from the wire can end up in a log.
package struct StaticRule: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let description: String

    package init(stringLiteral value: StaticString) {
        description = value.description
    }
}

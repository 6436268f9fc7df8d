import Glibc

/// Why an operation on the operating system did not succeed.
package enum PlatformError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The peer closed or reset the connection, or our own side closed the stream.
    case closed
    /// The deadline passed first.
    case timedOut
    /// A system call failed; `code` is its errno.
    case failed(call: String, code: Int32)
    /// A library call failed without an errno.
    case unavailable(String)
    /// A socket address that cannot be read or resolved.
    case badAddress(String)

    /// Names the call that failed, or folds the ends of a connection into ``closed``.
    static func of(_ call: String, _ code: Int32) -> PlatformError {
        switch code {
        case EPIPE, ECONNRESET, ENOTCONN, ECONNABORTED: .closed
        default: .failed(call: call, code: code)
        }
    }

    static let addressInUse = PlatformError.failed(call: "bind", code: EADDRINUSE)

    /// Another socket listens there already.
    package var isAddressInUse: Bool {
        if case .failed(_, EADDRINUSE) = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .closed: "connection closed"
        case .timedOut: "timed out"
        case .failed(let call, let code): "\(call): \(Syscalls.message(code)) (errno \(code))"
        case .unavailable(let what): "\(what) failed"
        case .badAddress(let text): "not a socket address: \(text)"
        }
    }
}

internal import Foundation

/// A request as it goes onto the wire.
struct OutboundMessage: Sendable {
    let bytes: [UInt8]

    /// - Parameters:
    ///   - method: a token.
    ///   - target: the request target.
    ///   - route: where it goes.
    ///   - headers: each name once, none of those that are made here.
    ///   - body: `nil` for no body.
    /// - Throws: ``HTTPExchangeError/badRequest`` if a line would not stay one line.
    init(
        method: String, target: String, route: Route,
        headers: [(name: String, value: String)], body: [UInt8]?
    ) throws(HTTPExchangeError) {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: \(route.origin.hostField)"]
        lines += headers.map { "\($0.name): \($0.value)" }
        lines.append("User-Agent: muster/\(Version.current)")
        if route.isAbsolute, let authorization = route.proxy?.authorization {
            lines.append("Proxy-Authorization: \(authorization)")
        }
        if let body {
            lines.append("Content-Length: \(body.count)")
        } else if method.utf8.elementsEqual("POST".utf8) {
            lines.append("Content-Length: 0")
        }
        bytes = try Self.head(lines) + (body ?? [])
    }

    /// Asks a proxy for a way to an origin (RFC 9110 section 9.3.6).
    init(connectingTo origin: Origin, through proxy: OutboundProxy) throws(HTTPExchangeError) {
        var lines = ["CONNECT \(origin.authority) HTTP/1.1", "Host: \(origin.authority)"]
        if let authorization = proxy.authorization {
            lines.append("Proxy-Authorization: \(authorization)")
        }
        bytes = try Self.head(lines)
    }

    private static func head(_ lines: [String]) throws(HTTPExchangeError) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in lines {
            guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .badRequest
            }
            bytes += Array(line.utf8) + [0x0D, 0x0A]
        }
        return bytes + [0x0D, 0x0A]
    }
}

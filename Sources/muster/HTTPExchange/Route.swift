internal import Foundation

/// Which server a URL belongs to.
struct Origin: Sendable, Hashable {
    let isSecure: Bool
    /// Without brackets.
    let host: String
    let port: UInt16

    /// `nil` unless `url` is absolute, and `http` or `https`.
    init?(_ url: URL) {
        switch url.scheme {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let host = url.host(percentEncoded: false) ?? ""
        self.host = String(host.drop { $0 == "[" }.prefix { $0 != "]" })
        let port = UInt16(exactly: url.port ?? (isSecure ? 443 : 80))
        guard let port, port > 0, !self.host.isEmpty,
            self.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else { return nil }
        self.port = port
    }

    /// `example.com:8080`; brackets around an IPv6 address.
    var authority: String { "\(bracketed):\(port)" }

    /// The value of `Host`: without a port that goes without saying.
    var hostField: String { port == (isSecure ? 443 : 80) ? bracketed : authority }

    private var bracketed: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// The request target (RFC 9112 section 3.2).
    func target(of url: URL, isThroughProxy: Bool) -> String {
        let path = url.path(percentEncoded: true)
        let query = url.query(percentEncoded: true).map { "?" + $0 } ?? ""
        let target = (path.isEmpty ? "/" : path) + query
        return isThroughProxy ? "http://\(hostField)\(target)" : target
    }
}

/// The way to a server: straight, or through a proxy.
struct Route: Sendable, Hashable {
    let origin: Origin
    let proxy: OutboundProxy?

    /// Whether the proxy reads the request itself instead of passing on what is encrypted.
    var isAbsolute: Bool { proxy != nil && !origin.isSecure }

    /// Where to connect to.
    var nextHop: Origin { proxy?.origin ?? origin }
}

/// A proxy that speaks plain HTTP to us.
struct OutboundProxy: Sendable, Hashable {
    let origin: Origin
    /// The value of `Proxy-Authorization`; `nil` without credentials.
    let authorization: String?

    /// Reads `http://user:password@proxy:3128`, or the same without `http://`; `nil` for anything
    /// else, such as SOCKS.
    init?(_ text: String) {
        guard let url = URL(string: text.contains("://") ? text : "http://" + text),
            let origin = Origin(url), !origin.isSecure
        else { return nil }
        self.origin = origin
        authorization = url.user(percentEncoded: false).map { user in
            let pair = "\(user):\(url.password(percentEncoded: false) ?? "")"
            return "Basic " + Data(pair.utf8).base64EncodedString()
        }
    }
}

/// The proxies that the environment names, as curl reads it: `https_proxy`, `http_proxy`,
/// `all_proxy` and `no_proxy`.
struct OutboundProxies: Sendable {
    /// `nil` if none is named, a failure for one that we can't use: to pass it by would be a way
    /// that nobody asked for.
    private typealias Named = Result<OutboundProxy, HTTPExchangeError>?

    private let secure: Named
    private let plain: Named
    private let exempt: [String]

    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            // HTTP_PROXY is what a CGI script's client may set by a `Proxy` header, so only the
            // lower case is read of that one.
            let upper = name == "http_proxy" ? nil : environment[name.uppercased()]
            let text = environment[name] ?? upper
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
        func named(_ text: String?) -> Named {
            text.map { OutboundProxy($0).map { .success($0) } ?? .failure(.proxy) }
        }
        let all = value("all_proxy")
        secure = named(value("https_proxy") ?? all)
        plain = named(value("http_proxy") ?? all)
        exempt = (value("no_proxy") ?? "").split(separator: ",").map { entry in
            let name = entry.trimmingCharacters(in: .whitespaces).lowercased()
            return String(name.drop { $0 == "." })
        }
    }

    /// `nil` to connect straight: always to this machine itself.
    func proxy(for origin: Origin) throws(HTTPExchangeError) -> OutboundProxy? {
        let host = origin.host.lowercased()
        guard host != "localhost", host != "::1", !host.hasPrefix("127.") else { return nil }
        let isExempt = exempt.contains { entry in
            entry == "*" || host == entry || host.hasSuffix("." + entry)
        }
        guard !isExempt else { return nil }
        return try (origin.isSecure ? secure : plain)?.get()
    }
}

import Glibc

/// Where a socket listens or connects to: an IPv4 or IPv6 address with a port, or a Unix path.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Form: Hashable {
        case ipv4(address: UInt32, port: UInt16)
        /// Sixteen bytes in network order; `scope` is the interface of a link-local address.
        case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
        case unix(path: String)
    }

    private let form: Form

    /// Longest path of a Unix socket, in bytes: `sun_path` less its terminating zero.
    package static let unixPathBytesMax = 107

    /// Reads `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/muster.sock`; asks no resolver.
    package init(parsing text: String) throws(PlatformError) {
        if text.hasPrefix("unix:") {
            try self.init(unixPath: String(text.dropFirst("unix:".count)))
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Self.port(text.utf8[text.utf8.index(after: colon)...])
        else { throw .badAddress(text) }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            // Without brackets nobody can tell the last group from the port.
            throw .badAddress(text)
        }
        try self.init(host: String(host), port: port, numericOnly: true)
    }

    package init(unixPath path: String) throws(PlatformError) {
        guard !path.isEmpty, path.utf8.count <= Self.unixPathBytesMax, !path.utf8.contains(0)
        else { throw .badAddress(path) }
        form = .unix(path: path)
    }

    /// The first address of `host`, which may be a name: asks the resolver and may block.
    package static func resolve(host: String, port: UInt16) throws(PlatformError) -> SocketAddress {
        try SocketAddress(host: host, port: port, numericOnly: false)
    }

    /// The addresses of `host`, which may be a name, the best first and at least one: asks the
    /// resolver and may block.
    package static func resolveAll(
        host: String, port: UInt16
    ) throws(PlatformError) -> [SocketAddress] {
        try resolve(host: host, port: port, numericOnly: false)
    }

    private init(host: String, port: UInt16, numericOnly: Bool) throws(PlatformError) {
        let found = try Self.resolve(host: host, port: port, numericOnly: numericOnly)
        guard let first = found.first else { throw .badAddress(host) }
        self = first
    }

    private static func resolve(
        host: String, port: UInt16, numericOnly: Bool
    ) throws(PlatformError) -> [SocketAddress] {
        guard !host.isEmpty else { throw .badAddress(host) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = numericOnly ? AI_NUMERICHOST : 0
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw .badAddress(host) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            var storage = sockaddr_storage()
            let length = min(Int(entry.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: length))
            }
            found.append(SocketAddress(storage, socklen_t(length)).with(port: port))
        }
        guard !found.isEmpty else { throw .badAddress(host) }
        return found
    }

    private init(form: Form) {
        self.form = form
    }

    /// The port; `nil` for a Unix socket.
    package var port: UInt16? {
        switch form {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: nil
        }
    }

    /// The same address with another port; a Unix path stays as it is.
    package func with(port: UInt16) -> SocketAddress {
        switch form {
        case .ipv4(let address, _):
            SocketAddress(form: .ipv4(address: address, port: port))
        case .ipv6(let high, let low, _, let scope):
            SocketAddress(form: .ipv6(high: high, low: low, port: port, scope: scope))
        case .unix: self
        }
    }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool {
        switch form {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(0, let low, _, _): low == 1 || low >> 24 == 0xFFFF_7F
        case .ipv6: false
        case .unix: true
        }
    }

    /// The address without its port; `unix` for a Unix socket, whose peers have no name.
    package var host: String {
        if case .unix = form { return "unix" }
        return withSockaddr { address, _ in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
                let raw = UnsafeRawPointer(address)
                let offset =
                    family == AF_INET
                    ? MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)
                    : MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)
                guard let offset, let base = text.baseAddress,
                    inet_ntop(family, raw + offset, base, socklen_t(text.count)) != nil
                else { return "unknown" }
                return String(cString: base)
            }
        }
    }

    package var description: String {
        switch form {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port, _): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    var family: Int32 {
        switch form {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// The file of a Unix socket.
    var unixPath: String? {
        if case .unix(let path) = form { path } else { nil }
    }

    /// Digits only: the language's own reader of integers also takes a sign.
    private static func port(_ digits: Substring.UTF8View) -> UInt16? {
        guard (1...5).contains(digits.count) else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + UInt32(digit - 0x30)
        }
        return UInt16(exactly: value)
    }
}

extension SocketAddress {
    /// Reads what the kernel wrote; a family we do not know is a Unix socket without a name.
    init(_ storage: sockaddr_storage, _ length: socklen_t) {
        self.init(
            form: withUnsafeBytes(of: storage) { raw in
                switch Int32(storage.ss_family) {
                case AF_INET:
                    let address = raw.loadUnaligned(as: sockaddr_in.self)
                    return .ipv4(
                        address: address.sin_addr.s_addr.bigEndian,
                        port: UInt16(bigEndian: address.sin_port))
                case AF_INET6:
                    let address = raw.loadUnaligned(as: sockaddr_in6.self)
                    let (high, low) = withUnsafeBytes(of: address.sin6_addr) {
                        (
                            $0.loadUnaligned(as: UInt64.self),
                            $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                        )
                    }
                    return .ipv6(
                        high: UInt64(bigEndian: high), low: UInt64(bigEndian: low),
                        port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id)
                default:
                    let path = raw.dropFirst(2).prefix(max(0, Int(length) - 2))
                    return .unix(path: String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
                }
            })
    }

    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        switch form {
        case .ipv4(let address, let port):
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            raw.sin_addr.s_addr = address.bigEndian
            return Self.lend(raw, body)
        case .ipv6(let high, let low, let port, let scope):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port.bigEndian
            raw.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &raw.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return Self.lend(raw, body)
        case .unix(let path):
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &raw.sun_path) {
                $0.copyBytes(from: path.utf8.prefix(Self.unixPathBytesMax))
            }
            return Self.lend(raw, body)
        }
    }

    private static func lend<Raw, R>(
        _ raw: Raw, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        withUnsafePointer(to: raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Raw>.size))
            }
        }
    }
}

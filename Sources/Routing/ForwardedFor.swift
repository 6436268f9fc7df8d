import HTTPWire

/// Finds out for whom a proxy forwards a request, if the proxy is one whose word is taken.
///
/// `X-Forwarded-For` is a list to which each proxy appends the address it was called from. Only
/// its right end, as far as trusted proxies wrote it, is true; the rest is what the client made up.
/// `X-Forwarded-Proto` is what the last proxy was called with. `Forwarded` (RFC 7239), which says
/// the same with quoting and obfuscation, is not read.
struct ForwardedFor: Sendable {
    let trusted: TrustedProxies

    /// The peer of a request: `peer` itself, or the client it speaks for.
    func client(of headers: Headers, from peer: Peer) -> Peer {
        guard trusted.contains(peer) else { return peer }
        var client = peer
        for member in headers.tokens(of: "x-forwarded-for").reversed() {
            // Whoever is behind a word that is no address is unknown: the proxy is the last known.
            guard let address = Self.address(member[...]) else { break }
            client.address = address.description
            guard trusted.contains(address) else { break }
        }
        if let scheme = headers.only("x-forwarded-proto") {
            client.scheme = Self.scheme(scheme.map(asciiLowercase)) ?? peer.scheme
        }
        return client
    }

    private static func scheme(_ text: [UInt8]) -> Scheme? {
        Scheme.allCases.first { text.elementsEqual($0.rawValue.utf8) }
    }

    /// Reads an address; some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(_ text: ArraySlice<UInt8>) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        guard text.first != UInt8(ascii: "[") else {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")), text[..<end].contains(colon),
                text[(end + 1)...].isEmpty || isPort(text[(end + 1)...])
            else { return nil }
            return IPAddress(text[..<end].dropFirst())
        }
        if let address = IPAddress(text) { return address }
        guard let first = text.firstIndex(of: colon), isPort(text[first...]) else { return nil }
        return IPAddress(text[..<first])
    }

    /// A colon and one to five digits.
    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        (2...6).contains(text.count) && text.first == UInt8(ascii: ":")
            && text.dropFirst().allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
}

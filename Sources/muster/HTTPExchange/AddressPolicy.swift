internal import HTTPWire
internal import Platform

/// Which addresses may be connected to on somebody else's word.
///
/// Whoever may set a hook's address could otherwise let this server knock at what only it can
/// reach: a database on its own machine, the metadata service of a cloud. So no address that is not
/// public is connected to, unless the configuration names it. What is judged is the address that is
/// connected to, after the resolver was asked, so that a name can't lead elsewhere a moment later.
struct AddressPolicy: Sendable {
    /// Exceptions, from the configuration.
    var allowed: [AddressBlock] = []

    func permits(_ address: SocketAddress) -> Bool {
        guard let address = IPAddress(address.host) else { return false }
        return allowed.contains { $0.contains(address) }
            || !Self.special.contains { $0.contains(address) }
    }

    /// Those addresses of the next hop that may be connected to.
    ///
    /// Behind a proxy names are resolved by it, and what it may reach is its own business; only an
    /// address that is written out is judged here.
    func permitted(_ addresses: [SocketAddress], on route: Route) -> [SocketAddress] {
        guard route.proxy != nil else { return addresses.filter(permits) }
        let target = try? SocketAddress(parsing: route.origin.authority)
        return target.map(permits) ?? true ? addresses : []
    }

    /// What is not globally reachable, or stands for something else that may not be (IANA's
    /// special-purpose address registries, RFC 6890), and multicast.
    static let special = ipv4Blocks.map(\.block) + ipv4Blocks.map(\.translated) + ipv6Blocks

    /// Of IPv4, with the prefix of the same addresses as a translator has them (RFC 6052).
    private static let ipv4Blocks = [
        ("0.0.0.0", 8), ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8),
        ("169.254.0.0", 16), ("172.16.0.0", 12), ("192.0.0.0", 24), ("192.0.2.0", 24),
        ("192.88.99.0", 24), ("192.168.0.0", 16), ("198.18.0.0", 15), ("198.51.100.0", 24),
        ("203.0.113.0", 24), ("224.0.0.0", 4), ("240.0.0.0", 4),
    ].compactMap { address, length -> (block: AddressBlock, translated: AddressBlock)? in
        guard let block = AddressBlock("\(address)/\(length)"),
            let translated = AddressBlock("64:ff9b::\(address)/\(96 + length)")
        else { return nil }
        return (block, translated)
    }

    /// Unspecified, loopback and what embeds IPv4 without a translator (::/96), local translators,
    /// discard, IETF's own with Teredo, documentation, 6to4, unique and link and site local,
    /// multicast.
    private static let ipv6Blocks = [
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "3fff::/20", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap { AddressBlock($0) }
}

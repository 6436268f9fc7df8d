/// The addresses whose word about a client's address is taken: nobody's, unless told so.
package struct TrustedProxies: Sendable, Hashable {
    private var blocks: [AddressBlock]

    package init(_ blocks: [AddressBlock] = []) {
        self.blocks = blocks
    }

    package var isEmpty: Bool { blocks.isEmpty }

    package func contains(_ address: IPAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }

    /// Whether `peer` has an address, and it is one of these.
    package func contains(_ peer: Peer) -> Bool {
        guard !isEmpty, let address = IPAddress(peer.address) else { return false }
        return contains(address)
    }
}

/// The addresses that begin with the same bits (RFC 4632 section 3.1): `10.0.0.0/8`.
package struct AddressBlock: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// Reads an address, or an address and the length of its prefix behind a slash.
    ///
    /// `nil` also if a bit is set behind the prefix: that is a typing error in one of the two, and
    /// nobody can know in which.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: Grammar.slash, omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        // The length counts the bits of the notation that was used.
        let isShort = !parts[0].contains(Grammar.colon)
        var length = 128
        if parts.count == 2 {
            guard parts[1].count <= 3, let given = Grammar.decimal(parts[1]),
                given <= (isShort ? 32 : 128)
            else { return nil }
            length = isShort ? given + 96 : given
        }
        highMask = length >= 64 ? .max : ~(.max >> UInt64(length))
        lowMask = length <= 64 ? 0 : ~(.max >> UInt64(length - 64))
        (high, low) = (address.high, address.low)
        guard high & ~highMask == 0, low & ~lowMask == 0 else { return nil }
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == high && address.low & lowMask == low
    }
}

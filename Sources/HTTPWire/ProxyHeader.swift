/// What a proxy says about a connection before it passes anything on: the PROXY protocol, version 2
/// (haproxy.org, doc/proxy-protocol.txt, section 2.2).
///
/// Version 1, which is text, is not read: it can't be told from a request with certainty.
package enum ProxyHeader: Sendable, Hashable {
    /// The proxy speaks for itself, as in a health check.
    case local
    /// The connection is made for a client of this address; `nil` if the proxy does not say.
    case client(IPAddress?)

    package enum Step: Sendable, Hashable {
        /// `bytes` more, and not one beyond, belong to the header as far as it is known.
        case needMore(bytes: Int)
        case header(ProxyHeader, consumed: Int)
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    /// Signature, version and command, family and transport, length of the rest.
    private static let fixedBytes = 16

    /// The header of a proxy that speaks for itself: what our own health check sends.
    package static let localBytes = signature + [0x20, 0x00, 0x00, 0x00]

    /// Reads the beginning of a connection, all of it each time.
    ///
    /// What follows the addresses (section 2.2, type-length-value vectors) is counted and skipped:
    /// it says nothing that we act on.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: WireLimits
    ) throws(ProxyHeaderError) -> Step {
        guard signature.starts(with: bytes.prefix(signature.count)) else { throw .noSignature }
        guard bytes.count >= fixedBytes else { return .needMore(bytes: fixedBytes - bytes.count) }
        guard bytes[12] >> 4 == 2 else { throw .unknownVersion }
        let isLocal = bytes[12] & 0x0F == 0
        guard isLocal || bytes[12] & 0x0F == 1 else { throw .unknownCommand }
        let rest = Int(bytes[14]) << 8 | Int(bytes[15])
        guard fixedBytes + rest <= limits.proxyHeaderBytesMax else { throw .tooLong }
        // LOCAL: "the receiver must ignore" family and addresses.
        let family = isLocal ? nil : try Family(bytes[13])
        guard rest >= family?.addressBytes ?? 0 else { throw .addressMissing }
        let end = fixedBytes + rest
        guard bytes.count >= end else { return .needMore(bytes: end - bytes.count) }
        let header = family.map { ProxyHeader.client($0.source(in: bytes)) } ?? .local
        return .header(header, consumed: end)
    }

    /// Address family and transport; those that no stream has are refused.
    private enum Family {
        case unspecified, ipv4, ipv6, unix

        init(_ byte: UInt8) throws(ProxyHeaderError) {
            switch byte {
            case 0x00: self = .unspecified
            case 0x11: self = .ipv4
            case 0x21: self = .ipv6
            case 0x31: self = .unix
            default: throw .unknownFamily
            }
        }

        /// Source and destination, with their ports.
        var addressBytes: Int {
            switch self {
            case .unspecified: 0
            case .ipv4: 12
            case .ipv6: 36
            case .unix: 216
            }
        }

        func source(in bytes: UnsafeRawBufferPointer) -> IPAddress? {
            func number<N: FixedWidthInteger>(_ offset: Int, _: N.Type) -> N {
                N(bigEndian: bytes.loadUnaligned(fromByteOffset: fixedBytes + offset, as: N.self))
            }
            return switch self {
            case .unspecified, .unix: nil
            case .ipv4: IPAddress(ipv4: number(0, UInt32.self))
            case .ipv6: IPAddress(high: number(0, UInt64.self), low: number(8, UInt64.self))
            }
        }
    }
}

/// Why the beginning of a connection is no header of a proxy.
package enum ProxyHeaderError: String, Error, Sendable, Hashable {
    case noSignature, unknownVersion, unknownCommand, unknownFamily, addressMissing
    /// Longer than ``WireLimits/proxyHeaderBytesMax``.
    case tooLong
}

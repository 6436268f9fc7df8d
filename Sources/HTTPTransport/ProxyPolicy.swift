package import HTTPWire
import Platform

/// How proxies in front introduce the connections they make for others.
package enum ProxyProtocol: String, Sendable, Hashable, CaseIterable {
    /// They don't.
    case none
    /// By a ``ProxyHeader`` in front of everything else.
    case v2
}

/// Who may connect, and in which words.
///
/// With a protocol that is not `none` every connection must come from a trusted address and begin
/// with a header. There is no guessing: where one may be missing, a client could bring its own.
package struct ProxyPolicy: Sendable {
    package var `protocol` = ProxyProtocol.none
    package var trusted = TrustedProxies()
    /// Is told of each connection that was closed for its missing or broken introduction.
    package var refused: @Sendable (_ reason: ProxyRefusal, _ peer: Peer) -> Void = { _, _ in }

    package init() {}
}

/// Why a connection was not taken.
package enum ProxyRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case untrustedAddress
    case badHeader(ProxyHeaderError)
    /// Not all of the header came in ``TransportLimits/headerTimeout``.
    case timedOut
    case disconnected

    package var description: String {
        switch self {
        case .untrustedAddress: "untrustedAddress"
        case .badHeader(let error): error.rawValue
        case .timedOut: "timedOut"
        case .disconnected: "disconnected"
        }
    }
}

extension ServerConnection {
    /// Reads whom the connection is made for, if a proxy has to say so; false if the connection
    /// must be closed.
    ///
    /// Takes not a byte beyond the header from `socket`: what follows may be TLS.
    nonisolated(nonsending) func isIntroduced(on socket: any ByteStream) async -> Bool {
        let proxies = worker.service.proxies
        guard proxies.protocol == .v2 else { return true }
        do throws(ProxyRefusal) {
            guard proxies.trusted.contains(peer) else { throw .untrustedAddress }
            let header = try await readProxyHeader(on: socket)
            if case .client(let address?) = header { peer.address = address.description }
            return true
        } catch {
            proxies.refused(error, peer)
            return false
        }
    }

    private nonisolated(nonsending) func readProxyHeader(
        on socket: any ByteStream
    ) async throws(ProxyRefusal) -> ProxyHeader {
        let deadline = worker.loop.now.advanced(by: limits.headerTimeout)
        let wireLimits = worker.service.wireLimits
        var bytes: [UInt8] = []
        while true {
            let step: ProxyHeader.Step
            do {
                step = try bytes.withUnsafeBufferPointer { all throws(ProxyHeaderError) in
                    try ProxyHeader.parse(UnsafeRawBufferPointer(all), limits: wireLimits)
                }
            } catch {
                throw .badHeader(error)
            }
            let missing: Int
            switch step {
            case .header(let header, _): return header
            case .needMore(let bytes): missing = bytes
            }
            do throws(PlatformError) {
                try await socket.waitUntilReadable(by: deadline)
                guard try Self.receive(upTo: missing, from: socket, into: &bytes) else {
                    throw PlatformError.closed
                }
            } catch {
                throw error == .timedOut ? .timedOut : .disconnected
            }
        }
    }

    /// False at the end of the stream.
    private static func receive(
        upTo count: Int, from socket: any ByteStream, into bytes: inout [UInt8]
    ) throws(PlatformError) -> Bool {
        let start = bytes.count
        bytes += repeatElement(0, count: count)
        var received = Received.nothing
        defer {
            if case .bytes(let count) = received {
                bytes.removeSubrange((start + count)...)
            } else {
                bytes.removeSubrange(start...)
            }
        }
        received = try bytes.withUnsafeMutableBufferPointer { all throws(PlatformError) in
            let room = UnsafeMutableRawBufferPointer(all)[start...]
            return try socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: room))
        }
        return received != .end
    }
}

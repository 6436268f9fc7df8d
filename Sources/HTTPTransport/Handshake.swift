import Platform

/// The way of a TLS connection from accept to HTTP.
///
/// It is a connection like any other meanwhile: it counts, it is idle, it has proven nothing, so
/// at the cap of connections it is the first to go.
extension Worker {
    /// The stream that HTTP is spoken over, if it is one with TLS; nothing is sent yet.
    func secure(_ stream: TCPStream) throws(PlatformError) -> TLSStream? {
        guard let tls = service.tls else { return nil }
        return try TLSStream(tls, over: stream, memory: tlsMemory)
    }

    /// Shakes hands within ``TransportLimits/handshakeTimeout``; false if that failed, which is
    /// counted and told to nobody but the peer.
    nonisolated(nonsending) func shakeHands(
        _ stream: TLSStream, for connection: ServerConnection
    ) async -> Bool {
        guard makeRoomForHandshake() else {
            service.gauge.handshakeFailed()
            return false
        }
        handshakes.append(connection)
        service.gauge.handshakeBegan()
        defer { endHandshake(of: connection) }
        do throws(PlatformError) {
            try await stream.shakeHands(
                by: loop.now.advanced(by: service.limits.handshakeTimeout))
            return true
        } catch {
            service.gauge.handshakeFailed()
            return false
        }
    }

    /// At the bound the oldest handshake gives way: one that lasts is a bad line at best.
    ///
    /// It is looked for on this loop only, as an idle connection is; false if there is none.
    private func makeRoomForHandshake() -> Bool {
        guard service.gauge.handshakeCount >= service.limits.handshakesMax else { return true }
        guard let oldest = handshakes.first else { return false }
        endHandshake(of: oldest)
        oldest.abandon()
        return true
    }

    private func endHandshake(of connection: ServerConnection) {
        guard let index = handshakes.firstIndex(where: { $0 === connection }) else { return }
        handshakes.remove(at: index)
        service.gauge.handshakeEnded()
    }
}

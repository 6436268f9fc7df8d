import HTTPWire
import Platform

/// The ``BodyWriter`` of one streamed answer.
///
/// `@unchecked Sendable`: state is used on the connection's loop only; a call from elsewhere goes
/// there first.
final class ResponseWriter: BodyWriter, @unchecked Sendable {
    private let connection: ServerConnection
    private let isChunked: Bool
    private var failure: WireError?

    init(to connection: ServerConnection, isChunked: Bool) {
        self.connection = connection
        self.isChunked = isChunked
    }

    /// Whether a piece was lost, which the producer may have overlooked.
    var hasFailed: Bool { failure != nil && failure != .retired }

    /// The answer is over: a producer that kept the writer writes to nobody.
    func retire() {
        if failure == nil { failure = .retired }
    }

    func write(_ bytes: [UInt8]) async throws(WireError) {
        guard connection.worker.loop.isCurrent else {
            return try await withTaskExecutorPreference(connection.worker.loop) {
                () async throws(WireError) in try await self.write(bytes)
            }
        }
        if let failure { throw failure }
        guard !bytes.isEmpty else { return }
        connection.output.append(from: connection.worker) {
            if isChunked { Serializer.appendChunk(bytes, to: &$0) } else { $0 += bytes }
        }
        do throws(PlatformError) {
            try await connection.flush()
        } catch {
            let failure: WireError = error == .timedOut ? .timedOut : .disconnected
            self.failure = failure
            throw failure
        }
    }
}

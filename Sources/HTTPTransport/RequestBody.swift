import HTTPWire
import Platform

/// The body of a request that has none.
struct EmptyBody: BodyReader {
    var declaredLength: Int? { 0 }
    var isCutShort: Bool { false }

    func next() async throws(WireError) -> [UInt8]? { nil }

    func collect(upTo limit: Int) async throws(WireError) -> BodyBuffer { BodyBuffer(capacity: 0) }
}

/// The body of the current request of a live connection: pulled by the handler, held to the pace.
///
/// `@unchecked Sendable`: state is used on the connection's loop only; a call from elsewhere goes
/// there first.
final class RequestBody: BodyReader, @unchecked Sendable {
    let declaredLength: Int?
    private let connection: ServerConnection
    private var pace: Pace
    private var failure: WireError?

    init(of connection: ServerConnection, declaredLength: Int?) {
        self.connection = connection
        self.declaredLength = declaredLength
        let limits = connection.limits
        pace = Pace(
            grace: limits.bodyGrace, silenceMax: limits.bodySilenceMax,
            bytesPerSecondMin: limits.bodyBytesPerSecondMin)
    }

    var isCutShort: Bool { failure == .disconnected }

    /// The exchange is over: a handler that kept the reader must not read the next request.
    func retire() {
        if failure == nil { failure = .retired }
    }

    func next() async throws(WireError) -> [UInt8]? {
        guard connection.worker.loop.isCurrent else {
            return try await withTaskExecutorPreference(connection.worker.loop) {
                () async throws(WireError) in try await self.next()
            }
        }
        return try await remember { () async throws(WireError) in
            var piece: [UInt8] = []
            let isOver = try await self.step { piece = Array($0) }
            return isOver ? nil : piece
        }
    }

    func collect(upTo limit: Int) async throws(WireError) -> BodyBuffer {
        guard connection.worker.loop.isCurrent else {
            return try await withTaskExecutorPreference(connection.worker.loop) {
                () async throws(WireError) in try await self.collect(upTo: limit)
            }
        }
        return try await remember { () async throws(WireError) in
            try await self.gather(limit)
        }
    }

    /// What was thrown once is thrown for ever.
    private nonisolated(nonsending) func remember<R: Sendable>(
        _ body: nonisolated(nonsending) () async throws(WireError) -> R
    ) async throws(WireError) -> R {
        if let failure { throw failure }
        do throws(WireError) {
            return try await body()
        } catch {
            if failure == nil { failure = error }
            throw error
        }
    }

    /// Hands the next piece to `take`; true at the end of the body.
    ///
    /// `room`: how much more is taken at all. A chunk that is known to be longer is not waited for.
    private nonisolated(nonsending) func step(
        room: Int = .max, _ take: (UnsafeRawBufferPointer) throws(WireError) -> Void
    ) async throws(WireError) -> Bool {
        while true {
            switch try connection.input.withBytes({ (bytes) throws(WireError) in
                let step = try connection.state.pull(bytes)
                if case .piece(let range) = step {
                    try take(UnsafeRawBufferPointer(rebasing: bytes[range]))
                }
                return step
            }) {
            case .piece(let range):
                connection.input.consume(range.upperBound)
                return false
            case .end(let consumed):
                connection.input.consume(consumed)
                return true
            case .sendContinue:
                try await sendContinue()
            case .read:
                connection.input.consumeAll()
                guard connection.state.bodyBytesAnnounced <= room else { throw .bodyTooLarge }
                try await receive()
            }
        }
    }

    private nonisolated(nonsending) func gather(_ limit: Int) async throws(WireError) -> BodyBuffer
    {
        if let declaredLength, declaredLength > limit { throw .bodyTooLarge }
        var buffer = connection.worker.takeBuffer(
            min(limit, BufferPool.firstCapacity(declared: declaredLength)))
        while true {
            // What has arrived with the head, and every piece of a chunked body.
            if connection.state.bodyBytesLeft == nil || !connection.input.isEmpty
                || connection.state.bodyBytesLeft == declaredLength
            {
                let isOver = try await step(room: limit - buffer.count) { piece throws(WireError) in
                    try self.append(piece, to: &buffer, limit)
                }
                if isOver { return buffer }
            } else if try await receiveDirectly(into: &buffer, limit) {
                return buffer
            }
        }
    }

    private func append(
        _ piece: UnsafeRawBufferPointer, to buffer: inout BodyBuffer, _ limit: Int
    ) throws(WireError) {
        guard piece.count <= limit - buffer.count else { throw .bodyTooLarge }
        while buffer.capacity - buffer.count < piece.count { grow(&buffer, limit) }
        buffer.append(piece)
    }

    /// Receives bytes of known number where they belong; true at the end of the body.
    private nonisolated(nonsending) func receiveDirectly(
        into buffer: inout BodyBuffer, _ limit: Int
    ) async throws(WireError) -> Bool {
        guard let left = connection.state.bodyBytesLeft, left > 0 else { return true }
        if buffer.count == buffer.capacity { grow(&buffer, limit) }
        if !connection.input.mayHaveMore { try await waitForBytes() }
        connection.input.expectNothing()
        var outcome = Received.nothing
        do throws(PlatformError) {
            try buffer.fill { free throws(PlatformError) in
                let room = UnsafeMutableRawBufferPointer(rebasing: free.prefix(left))
                outcome = try connection.stream.receive(into: room)
                guard case .bytes(let count) = outcome else { return 0 }
                return count
            }
        } catch {
            throw ended(.disconnected)
        }
        switch outcome {
        case .bytes(let count):
            connection.state.received(bodyBytes: count)
            pace.moved(count, in: .zero)
            return count == left
        case .nothing:
            return false
        case .end:
            throw ended(.disconnected)
        }
    }

    private func grow(_ buffer: inout BodyBuffer, _ limit: Int) {
        let larger = connection.worker.takeBuffer(
            max(1, min(limit, BufferPool.capacity(after: buffer.capacity))))
        buffer.withUnsafeBytes { _ = larger.append($0) }
        buffer = larger
    }

    // MARK: The connection

    private nonisolated(nonsending) func sendContinue() async throws(WireError) {
        connection.output.append(from: connection.worker) { $0 += Serializer.continueBytes }
        do throws(PlatformError) {
            try await connection.flush()
        } catch {
            throw ended(error == .timedOut ? .timedOut : .disconnected)
        }
    }

    /// Receives some bytes into the connection's input.
    private nonisolated(nonsending) func receive() async throws(WireError) {
        let began = connection.worker.loop.now
        if let end = await connection.receive(by: pace.deadline(began)) { throw ended(end) }
        pace.moved(connection.input.count, in: connection.worker.loop.now.elapsed(since: began))
    }

    private nonisolated(nonsending) func waitForBytes() async throws(WireError) {
        let began = connection.worker.loop.now
        connection.input.secure()
        do throws(PlatformError) {
            try await connection.stream.waitUntilReadable(by: pace.deadline(began))
        } catch {
            throw ended(error == .timedOut ? .timedOut : .disconnected)
        }
        pace.moved(0, in: connection.worker.loop.now.elapsed(since: began))
    }

    /// Tells the state that there will be no more, so that the connection ends after the answer.
    private func ended(_ error: WireError) -> WireError {
        _ = connection.state.inputEnded(error)
        return error
    }
}

extension WireError {
    /// What a reader or writer hears that outlived its exchange.
    static let retired = WireError.malformed(rule: "used after the answer")
}

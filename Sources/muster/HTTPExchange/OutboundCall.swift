internal import Foundation
internal import Platform
internal import Synchronization

/// How a body is handed over while it comes.
struct BodyStreaming: Sendable {
    /// How long the peer may say nothing.
    let silenceMax: Duration
    /// The next bytes are received when it has returned.
    let take: @Sendable ([UInt8]) async throws -> Void
}

/// One request on its way, from its connection to the last byte of its answer.
///
/// `@unchecked Sendable`: everything but the constants is used on the loop only.
final class OutboundCall: @unchecked Sendable {
    private let message: OutboundMessage
    private let route: Route
    private let connections: OutboundConnections
    private let addresses: AddressPolicy?
    private let responseBytesMax: Int
    private let deadline: MonotonicTime
    /// How the body of a 200 is handed over; `nil` to keep it.
    private let streaming: BodyStreaming?
    /// What a cancellation has to close.
    private var stream: (any ByteStream)?
    private var isCancelled = false

    /// One receive.
    private static let bufferBytes = 64 * 1024

    init(
        message: OutboundMessage, route: Route, connections: OutboundConnections,
        addresses: AddressPolicy?, responseBytesMax: Int, deadline: MonotonicTime,
        streaming: BodyStreaming? = nil
    ) {
        self.message = message
        self.route = route
        self.connections = connections
        self.addresses = addresses
        self.responseBytesMax = responseBytesMax
        self.deadline = deadline
        self.streaming = streaming
    }

    func run() async throws -> HTTPExchange.Response {
        let loop = connections.loop
        let task = Task(executorPreference: loop) { try await self.exchange() }
        return try await withTaskCancellationHandler {
            do {
                return try await task.value
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw error
            }
        } onCancel: {
            // Ends a wait for the resolver; the streams know nothing of tasks.
            task.cancel()
            loop.post { self.cancel() }
        }
    }

    // MARK: On the loop

    private func cancel() {
        isCancelled = true
        stream?.close()
    }

    private nonisolated(nonsending) func exchange() async throws -> HTTPExchange.Response {
        if let used = connections.takeIdle(route) {
            // A server may close a connection in the moment it is used again.
            if let response = try await attempt(on: used, isUsed: true) { return response }
        }
        let fresh = try await open()
        guard let response = try await attempt(on: fresh, isUsed: false) else {
            throw HTTPExchangeError.lost
        }
        return response
    }

    /// Makes `stream` the one to be closed by a cancellation.
    private func hold(_ stream: any ByteStream) throws {
        self.stream = stream
        guard !isCancelled else {
            stream.close()
            throw CancellationError()
        }
    }

    private nonisolated(nonsending) func open() async throws -> any ByteStream {
        guard !isCancelled else { throw CancellationError() }
        let socket = try await connections.connect(
            route, within: addresses, by: deadline)
        do {
            try hold(socket)
            guard route.origin.isSecure else { return socket }
            if let proxy = route.proxy { try await tunnel(through: proxy, socket) }
            return try await connections.secure(socket, host: route.origin.host, by: deadline)
        } catch {
            socket.close()
            throw error
        }
    }

    private nonisolated(nonsending) func tunnel(
        through proxy: OutboundProxy, _ socket: TCPStream
    ) async throws {
        let request = try OutboundMessage(connectingTo: route.origin, through: proxy)
        try await send(request, on: socket)
        var reader = ResponseReader(bodyBytesMax: responseBytesMax, isTunnel: true)
        try await receive(&reader, on: socket)
        guard (200..<300).contains(reader.status) else { throw HTTPExchangeError.proxy }
    }

    /// `nil` if the connection ended before anything came of it, and was used before.
    private nonisolated(nonsending) func attempt(
        on stream: any ByteStream, isUsed: Bool
    ) async throws -> HTTPExchange.Response? {
        var reader = ResponseReader(
            bodyBytesMax: responseBytesMax, isStreamed: streaming != nil)
        do {
            try hold(stream)
            try await send(message, on: stream)
            try await receive(&reader, on: stream)
        } catch {
            stream.close()
            let wasLost = error as? HTTPExchangeError == .lost
            if isUsed, wasLost, reader.isUntouched, !isCancelled { return nil }
            throw error
        }
        self.stream = nil
        if reader.keepsAlive {
            connections.giveBack(stream, route)
        } else {
            stream.close()
        }
        return HTTPExchange.Response(
            status: reader.status, headers: reader.headers, body: reader.body)
    }

    /// Sends all of it; a server that closes meanwhile may have answered already, so that is left
    /// to the reading.
    private nonisolated(nonsending) func send(
        _ message: OutboundMessage, on stream: any ByteStream
    ) async throws {
        var sent = 0
        do throws(PlatformError) {
            while true {
                sent += try message.bytes.withUnsafeBufferPointer { all throws(PlatformError) in
                    let rest = UnsafeRawBufferPointer(all)[sent...]
                    return try stream.send(UnsafeRawBufferPointer(rebasing: rest), more: false)
                }
                guard sent < message.bytes.count else { return }
                try await stream.waitUntilWritable(by: deadline)
            }
        } catch {
            guard error == .closed else { throw Self.meaning(of: error) }
        }
    }

    private nonisolated(nonsending) func receive(
        _ reader: inout ResponseReader, on stream: any ByteStream
    ) async throws {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.bufferBytes, alignment: 16)
        defer { room.deallocate() }
        while !reader.isDone {
            let received: Received
            do throws(PlatformError) {
                try await stream.waitUntilReadable(by: patience)
                received = try stream.receive(into: room)
            } catch {
                throw Self.meaning(of: error)
            }
            switch received {
            case .nothing: continue
            case .end: try reader.end()
            case .bytes(let count):
                try reader.read(UnsafeRawBufferPointer(rebasing: room[..<count]))
                try await handOver(reader.takePiece())
            }
        }
    }

    /// When the next bytes must be there.
    private var patience: MonotonicTime {
        guard let streaming else { return deadline }
        return min(deadline, .now().advanced(by: streaming.silenceMax))
    }

    private nonisolated(nonsending) func handOver(_ piece: [UInt8]) async throws {
        guard !piece.isEmpty, let streaming else { return }
        try await streaming.take(piece)
    }

    private static func meaning(of error: PlatformError) -> HTTPExchangeError {
        switch error {
        case .timedOut: .timedOut
        case .closed: .lost
        case .failed, .unavailable, .badAddress: .failed
        }
    }
}

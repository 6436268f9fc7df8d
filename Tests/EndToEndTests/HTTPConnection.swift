import Foundation
import Platform
import Synchronization
import TestSupport

/// A client that sends exactly the bytes it is given.
final class HTTPConnection: Sendable {
    private let loop: EventLoop
    private let stream: TCPStream
    /// What has arrived and belongs to no answer yet.
    private let surplus = Mutex(Data())

    init(to address: String) async throws {
        let address = try SocketAddress(parsing: address)
        let loop = try EventLoop(label: "client")
        self.loop = loop
        do {
            stream = try await Task(executorPreference: loop) {
                let deadline = MonotonicTime.now().advanced(by: .patience)
                return try await TCPStream.connect(to: address, on: loop, by: deadline)
            }.value
        } catch {
            await loop.shutDown()
            throw error
        }
    }

    func send(_ data: Data) async throws {
        try await onLoop { try await $0.write([UInt8](data), patience: .patience) }
    }

    func send(_ text: String) async throws {
        try await send(Data(text.utf8))
    }

    /// Reads the next answer; the end of the connection inside it is an error.
    func answer(isBodyless: Bool = false) async throws -> Answer {
        var bytes = surplus.withLock { $0 }
        var isAtEnd = false
        while true {
            if let (answer, length) = try Answer.parse(
                bytes, isBodyless: isBodyless, isAtEnd: isAtEnd)
            {
                surplus.withLock { $0 = Data(bytes.dropFirst(length)) }
                return answer
            }
            guard !isAtEnd else { throw PlatformError.closed }
            let piece = try await read()
            isAtEnd = piece.isEmpty
            bytes += piece
        }
    }

    /// Whatever comes until the server closes.
    func rest() async throws -> Data {
        var bytes = surplus.withLock { $0 }
        while true {
            let piece = try await read()
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }

    func close() async {
        try? await onLoop { $0.close() }
        await loop.shutDown()
    }

    /// What has arrived, at least a byte; nothing at the end of the stream.
    private func read() async throws -> Data {
        try await onLoop { stream in
            var piece = [UInt8](repeating: 0, count: 256 * 1024)
            while true {
                switch try piece.withUnsafeMutableBytes({ try stream.receive(into: $0) }) {
                case .bytes(let count): return Data(piece.prefix(count))
                case .end: return Data()
                case .nothing:
                    let deadline = MonotonicTime.now().advanced(by: .patience)
                    try await stream.waitUntilReadable(by: deadline)
                }
            }
        }
    }

    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (TCPStream) async throws -> Value
    ) async throws -> Value {
        let stream = stream
        return try await Task(executorPreference: loop) { try await body(stream) }.value
    }
}

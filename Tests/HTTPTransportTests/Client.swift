import Foundation
import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

/// A raw client on a blocking thread of its own would need a thread each; this one lives on a
/// loop of its own, like the server's connections.
final class Client: Sendable {
    private let loop: EventLoop
    private let stream: any ByteStream
    /// What `stream` goes over, if that is TLS.
    private let socket: TCPStream

    /// - Parameters:
    ///   - address: the server's.
    ///   - tls: whether to shake hands first; whatever certificate the server has is believed.
    ///   - text: sent at once, while a caller may have to wait for its turn before it can.
    /// - Throws: what the system says, or TLS.
    init(to address: SocketAddress, tls: Bool = false, sending text: String = "") async throws {
        let loop = try EventLoop(label: "client")
        self.loop = loop
        (socket, stream) = try await Task(executorPreference: loop) {
            let deadline = MonotonicTime.now().advanced(by: .patience)
            let socket = try await TCPStream.connect(to: address, on: loop, by: deadline)
            guard tls else {
                try await socket.write(Array(text.utf8), patience: .patience)
                return (socket, socket)
            }
            let stream = try TLSStream(
                TLSContext(unverifiedClient: ()), over: socket, memory: TLSMemory())
            try await stream.shakeHands(by: deadline)
            try await stream.write(Array(text.utf8), patience: .patience)
            return (socket, stream)
        }.value
    }

    /// Closes the socket under the stream, as somebody on the way might.
    func cut() async {
        let socket = socket
        await loop.perform { socket.close() }
        await loop.shutDown()
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await onLoop { try await $0.write(bytes, patience: .patience) }
    }

    /// Closes the sending half.
    func finish() async throws {
        try await onLoop { try $0.finish() }
    }

    func close() async {
        try? await onLoop { $0.close() }
        await loop.shutDown()
    }

    /// Resets the connection.
    func abort() async {
        try? await onLoop { $0.abort() }
        await loop.shutDown()
    }

    /// Everything up to the end of the stream.
    func readToEnd() async throws -> String {
        try await read { _ in false }
    }

    /// Everything up to and including `marker`.
    func read(through marker: String) async throws -> String {
        let marker = Array(marker.utf8)
        return try await read { $0.suffix(marker.count) == marker[...] }
    }

    func read(count: Int) async throws -> String {
        try await read { $0.count >= count }
    }

    /// What arrives first, at most `count` bytes.
    func readSome(_ count: Int) async throws -> Int {
        try await onLoop { stream in
            try await stream.waitUntilReadable(by: .now().advanced(by: .patience))
            var piece = [UInt8](repeating: 0, count: count)
            guard
                case .bytes(let count) = try piece.withUnsafeMutableBytes({
                    try stream.receive(into: $0)
                })
            else { return 0 }
            return count
        }
    }

    /// Reads until `isEnough` or the end of the stream.
    ///
    /// A reset is an error.
    private func read(
        _ isEnough: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws -> String {
        let bytes = try await onLoop { stream in
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 64 * 1024)
            while !isEnough(bytes) {
                try await stream.waitUntilReadable(by: .now().advanced(by: .patience))
                switch try piece.withUnsafeMutableBytes({ try stream.receive(into: $0) }) {
                case .bytes(let count): bytes += piece.prefix(count)
                case .nothing: continue
                case .end: return bytes
                }
            }
            return bytes
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func onLoop<R: Sendable>(
        _ body: @escaping @Sendable (any ByteStream) async throws -> R
    ) async throws -> R {
        let stream = stream
        return try await Task(executorPreference: loop) { try await body(stream) }.value
    }
}

/// Runs a server on a free port for as long as `body` takes.
func withServer(
    loopCount: Int = 1,
    limits: TransportLimits = .forTests,
    wireLimits: WireLimits = WireLimits(),
    fallbacks: FallbackResponses = FallbackResponses(),
    tls: TLSContext? = nil,
    proxies: ProxyPolicy = ProxyPolicy(),
    constant: @escaping ConstantHandler = { _ in nil },
    immediate: @escaping ImmediateHandler = { _, _ in nil },
    handler: @escaping Handler = echo,
    _ body: (Server) async throws -> Void
) async throws {
    let server = try Server(
        address: SocketAddress(parsing: "127.0.0.1:0"), loopCount: loopCount, limits: limits,
        wireLimits: wireLimits, fallbacks: fallbacks, proxies: proxies,
        wallClock: { 784_111_777_000 }, tls: tls,
        constant: constant, immediate: immediate, handler: handler)
    let run = Task { try await server.run() }
    do {
        try await body(server)
    } catch {
        await server.drain(within: .zero)
        throw error
    }
    await server.drain(within: .patience)
    try await run.value
}

/// Tries with ever longer delays, until one was long enough for what had to happen in it.
///
/// A busy machine may take longer than a second for anything.
///
/// - Parameter body: returns false if its delay was too short.
/// - Throws: what `body` does.
func withLongEnoughDelay(_ body: (Duration) async throws -> Bool) async throws {
    for seconds in [2, 16, 128] {
        if try await body(.seconds(seconds)) { return }
    }
    Issue.record("no delay was long enough")
}

extension TransportLimits {
    /// The defaults, but a drain begins at once.
    static var forTests: TransportLimits {
        var limits = TransportLimits()
        limits.drainAcceptDelay = .zero
        // What a test wants to run out, it sets itself.
        limits.handshakeTimeout = .never
        limits.headerTimeout = .never
        limits.idleTimeout = .never
        limits.bodyGrace = .never
        limits.bodySilenceMax = .never
        limits.writeTimeout = .never
        limits.closingTimeout = .never
        limits.closingSilenceMax = .never
        return limits
    }
}

/// Answers with the method, the path and the body of the request.
let echo: Handler = { head, body, _ in
    do throws(WireError) {
        let bytes = try await body.collect(upTo: 8 * 1024 * 1024)
        let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let path = head.target.segments.joined(separator: "/")
        return Response(.ok, body: .bytes(Array("\(head.method) /\(path) \(text)".utf8)))
    } catch {
        return Response(error.status ?? .badRequest)
    }
}

/// What ``echo`` answers, as it appears on the wire.
func ok(_ body: String, extra: String = "") -> String {
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)"
}

func status(_ answer: String) -> Int? {
    Int(answer.split(separator: " ").dropFirst().first ?? "")
}

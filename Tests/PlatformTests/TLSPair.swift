import TestSupport

@testable import Platform

/// Both ends of one connection, on one loop, before their handshake.
struct TLSPair: Sendable {
    let server: TLSStream
    let client: TLSStream
    /// What the client's TLS goes over, for a client that stops speaking it.
    let clientSocket: TCPStream

    /// - Parameters:
    ///   - context: the server's.
    ///   - loop: the current one.
    ///   - socketBytes: what the kernel buffers in each direction, roughly; 0 for its default.
    ///   - memory: for both ends.
    /// - Throws: what the system says.
    init(
        _ context: TLSContext, on loop: EventLoop, socketBytes: Int32 = 0,
        memory: TLSMemory = TLSMemory()
    ) throws {
        let (near, far) = try Syscalls.socketPair()
        if socketBytes > 0 {
            for socket in [near, far] {
                try Syscalls.set(.sendBuffer, to: socketBytes, on: socket)
            }
        }
        server = try TLSStream(
            context, over: TCPStream(adopting: Descriptor(owning: near), on: loop), memory: memory)
        clientSocket = try TCPStream(adopting: Descriptor(owning: far), on: loop)
        client = try TLSStream(
            TLSContext(unverifiedClient: ()), over: clientSocket, memory: memory)
    }

    func shakeHands() async throws {
        async let served: Void = server.shakeHands(by: soon())
        try await client.shakeHands(by: soon())
        try await served
    }
}

/// Runs `body` on a loop with a pair that has shaken hands, and closes both ends.
func withTLSPair(
    _ context: TLSContext? = nil, socketBytes: Int32 = 0,
    _ body: @escaping @Sendable (TLSStream, TLSStream) async throws -> Void
) async throws {
    try await withTLSPair(context, socketBytes: socketBytes, shakingHands: true) { pair in
        try await body(pair.server, pair.client)
    }
}

func withTLSPair(
    _ context: TLSContext? = nil, socketBytes: Int32 = 0, shakingHands: Bool,
    _ body: @escaping @Sendable (TLSPair) async throws -> Void
) async throws {
    let context = try context ?? TLSPair.context.get()
    let loop = try EventLoop(label: "test")
    try await Task(executorPreference: loop) {
        let pair = try TLSPair(context, on: loop, socketBytes: socketBytes)
        defer {
            pair.server.close()
            pair.client.close()
        }
        if shakingHands { try await pair.shakeHands() }
        try await body(pair)
    }.value
    await loop.shutDown()
}

extension TLSPair {
    /// Made once: a key takes time.
    static let context = Result {
        let made = try MadeUpCertificate()
        return try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
    }
}

func soon() -> MonotonicTime {
    .now().advanced(by: .patience)
}

extension ByteStream {
    /// Waits for bytes; none at the end.
    func read(_ count: Int = 64 * 1024) async throws -> [UInt8] {
        while true {
            try await waitUntilReadable(by: soon())
            var bytes = [UInt8](repeating: 0, count: count)
            switch try bytes.withUnsafeMutableBytes({ try receive(into: $0) }) {
            case .bytes(let count): return Array(bytes.prefix(count))
            case .nothing: continue
            case .end: return []
            }
        }
    }

    func sendNow(_ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { try send($0, more: false) }
    }
}

import Foundation
import HTTPWire
import Platform

/// One question to the server on this machine, which may speak TLS and expect to be introduced.
///
/// Not by ``HTTPExchange``: the certificate bears the public name and the probe asks at 127.0.0.1.
/// Nothing secret is sent, so any certificate will do.
struct Probe {
    let port: Int
    let isIntroduced: Bool
    let speaksTLS: Bool
    let timeout: Duration

    /// Enough for any answer to a probe.
    private static let answerBytesMax = 16 * 1024

    /// Asks for `path`.
    ///
    /// - Parameter path: the request's target.
    /// - Returns: the status and the body; `nil` if the answer is no HTTP.
    /// - Throws: `PlatformError` if nothing listens, does so otherwise, or is too slow.
    func get(_ path: String) async throws -> (status: Int, body: String)? {
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: UInt16(clamping: port))
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        let deadline = MonotonicTime.now().advanced(by: timeout)
        let loop = try EventLoop(label: "probe")
        let bytes = await Task(executorPreference: loop) {
            let socket = try await TCPStream.connect(to: address, on: loop, by: deadline)
            defer { socket.close() }
            if isIntroduced {
                try await socket.write(ProxyHeader.localBytes, patience: timeout)
            }
            let stream = try await secure(socket, by: deadline)
            try await stream.write(Array(request.utf8), patience: timeout)
            return try await Self.read(stream, by: deadline)
        }.result
        await loop.shutDown()
        return Self.parse(String(decoding: try bytes.get(), as: UTF8.self))
    }

    private nonisolated(nonsending) func secure(
        _ socket: TCPStream, by deadline: MonotonicTime
    ) async throws -> any ByteStream {
        guard speaksTLS else { return socket }
        let stream = try TLSStream(
            TLSContext(unverifiedClient: ()), over: socket, memory: TLSMemory())
        try await stream.shakeHands(by: deadline)
        return stream
    }

    private nonisolated(nonsending) static func read(
        _ stream: any ByteStream, by deadline: MonotonicTime
    ) async throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: answerBytesMax)
        var count = 0
        while count < bytes.count {
            try await stream.waitUntilReadable(by: deadline)
            let received = try bytes.withUnsafeMutableBytes { all in
                try stream.receive(into: UnsafeMutableRawBufferPointer(rebasing: all[count...]))
            }
            switch received {
            case .bytes(let more): count += more
            case .nothing: continue
            case .end: return Array(bytes[..<count])
            }
        }
        return bytes
    }

    private static func parse(_ answer: String) -> (status: Int, body: String)? {
        let digits = answer.dropFirst("HTTP/1.1 ".count).prefix(3)
        guard answer.hasPrefix("HTTP/1.1 "), let status = Int(digits) else { return nil }
        let body = answer.range(of: "\r\n\r\n").map { String(answer[$0.upperBound...]) }
        return (status, body ?? "")
    }
}

import HTTPWire
import Platform

/// Asks a server that expects to be introduced: a health check speaks for itself.
enum ProxyProbe {
    /// More than the answer of a probe has.
    private static let answerBytesMax = 4096

    /// - Returns: the status of `path`; `nil` if the answer is none.
    static func status(
        of path: String, at address: SocketAddress, timeout: Duration
    ) async throws -> Int? {
        let loop = try EventLoop(label: "probe")
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let deadline = MonotonicTime.now().advanced(by: timeout)
        return try await Task(executorPreference: loop) {
            let stream = try await TCPStream.connect(to: address, on: loop, by: deadline)
            defer { stream.close() }
            try await stream.write(
                ProxyHeader.localBytes + Array(request.utf8), patience: timeout)
            var answer: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: answerBytesMax)
            while answer.count < answerBytesMax {
                try await stream.waitUntilReadable(by: deadline)
                switch try piece.withUnsafeMutableBytes({ try stream.receive(into: $0) }) {
                case .bytes(let count): answer += piece[..<count]
                case .nothing: continue
                case .end: return status(in: answer)
                }
            }
            return status(in: answer)
        }.value
    }

    /// The three digits behind `HTTP/1.1 `.
    private static func status(in answer: [UInt8]) -> Int? {
        let digits = answer.dropFirst(9).prefix(3)
        guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

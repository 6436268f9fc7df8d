import Foundation
import Platform

/// The event loop alone: finds the empty line that ends a request, counts, and answers as many
/// times with one send; receives a body of known length into memory that every connection uses.
///
/// No parser, no deadlines but one: what the transport cannot beat.
enum BareServer {
    static func run(port: UInt16, loopCount: Int) async throws {
        let address = try SocketAddress(parsing: "127.0.0.1:\(port)")
        let loops = try (0..<loopCount).map { try EventLoop(label: "bench.\($0)") }
        for (loop, listener) in zip(loops, try Listener.bind(to: address, count: loopCount)) {
            let scratch = Scratch()
            loop.post {
                try? listener.start(on: loop) { socket, _ in
                    guard let stream = try? TCPStream(adopting: socket, on: loop) else { return }
                    stream.sendAtOnce()
                    Task(executorPreference: loop) { await serve(stream, scratch) }
                }
            }
        }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }

    /// `@unchecked Sendable`: used on one loop only.
    private final class Scratch: @unchecked Sendable {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    }

    private static let answer = Array(
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nok"
            .utf8)
    private static let farewell = Array(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8)

    private static func serve(_ stream: TCPStream, _ scratch: Scratch) async {
        defer { stream.close() }
        do throws(PlatformError) {
            while true {
                try await stream.waitUntilReadable(by: stream.loop.now.advanced(by: .seconds(60)))
                guard case .bytes(let count) = try stream.receive(into: scratch.memory) else {
                    return
                }
                if var left = bodyBytes(scratch.memory, count) {
                    while left > 0 {
                        switch try stream.receive(into: scratch.memory) {
                        case .bytes(let more): left -= more
                        case .end: return
                        case .nothing:
                            try await stream.waitUntilReadable(
                                by: stream.loop.now.advanced(by: .seconds(60)))
                        }
                    }
                    try await stream.write(answer, patience: .seconds(10))
                    continue
                }
                let (requests, closes) = inspect(scratch.memory, count)
                if closes {
                    _ = try farewell.withUnsafeBufferPointer { all throws(PlatformError) in
                        try stream.send(UnsafeRawBufferPointer(all), more: false)
                    }
                    return
                }
                var answers: [UInt8] = []
                for _ in 0..<requests { answers += answer }
                try await stream.write(answers, patience: .seconds(10))
            }
        } catch {
            return
        }
    }

    /// How much of a body is still to come; `nil` for a request without a `Content-Length`.
    private static func bodyBytes(_ bytes: UnsafeMutableRawBufferPointer, _ count: Int) -> Int? {
        let head = String(decoding: bytes[..<min(count, 512)], as: UTF8.self)
        guard bytes.first == UInt8(ascii: "P"), let end = head.range(of: "\r\n\r\n"),
            let field = head.range(of: "Content-Length: "),
            let length = Int(head[field.upperBound...].prefix { $0.isNumber })
        else { return nil }
        return length - (count - head.utf8.distance(from: head.startIndex, to: end.upperBound))
    }

    private static func inspect(
        _ bytes: UnsafeMutableRawBufferPointer, _ count: Int
    ) -> (requests: Int, closes: Bool) {
        var requests = 0
        var index = 3
        while index < count {
            if bytes[index] == 10, bytes[index - 2] == 10 { requests += 1 }
            index += 1
        }
        return (requests, count > 4 && bytes[5] == UInt8(ascii: "c"))
    }
}

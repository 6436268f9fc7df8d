package import Foundation
import Synchronization

/// The smallest HTTP server there can be: one request after the other on each connection,
/// answered with the bytes it is told to.
///
/// A thread a connection, blocking: what is tested is the other end.
package final class LoopbackReceiver: Sendable {
    package struct Request: Sendable {
        package let head: String
        package let body: [UInt8]
    }

    package let port: UInt16
    private let listener: Int32
    private let answer: @Sendable (Request) -> String?
    private let seen = Mutex<(requests: [Request], connections: Int)>(([], 0))

    /// Listens on a free port of 127.0.0.1; no answer means silence.
    package init(answering answer: @escaping @Sendable (Request) -> String?) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard let port = bindToLoopback(listener), listen(listener, 16) == 0 else {
            throw CocoaError(.fileNoSuchFile)
        }
        self.port = port
        Thread.detachNewThread { [self] in acceptAll() }
    }

    package var url: URL {
        get throws {
            guard let url = URL(string: "http://127.0.0.1:\(port)/hook?key=1") else {
                throw CocoaError(.fileNoSuchFile)
            }
            return url
        }
    }

    package var requests: [Request] { seen.withLock { $0.requests } }
    package var connectionCount: Int { seen.withLock { $0.connections } }

    /// Ends the listening; the thread that accepts closes, since only it knows when it has done
    /// with the number, which the next socket of another test may get.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func acceptAll() {
        defer { close(listener) }
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            seen.withLock { $0.connections += 1 }
            Thread.detachNewThread { [self] in
                while let request = read(from: connection) {
                    seen.withLock { $0.requests.append(request) }
                    guard let text = answer(request) else { continue }
                    let bytes = Array(text.utf8)
                    guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0,
                        !text.contains("\r\nConnection: close\r\n")
                    else { break }
                }
                close(connection)
            }
        }
    }

    private func read(from connection: Int32) -> Request? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = receive(1, from: connection) else { return nil }
            head += byte
        }
        let text = String(decoding: head, as: UTF8.self)
        let length = text.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        guard let body = receive(length, from: connection) else { return nil }
        return Request(head: text, body: body)
    }

    private func receive(_ count: Int, from connection: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(connection, &part, part.count, 0)
            guard received > 0 else { return nil }
            bytes += part.prefix(received)
        }
        return bytes
    }

    /// An answer with this body.
    package static func reply(
        _ status: Int, _ body: String = "", headers: [String] = []
    ) -> String {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + headers
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

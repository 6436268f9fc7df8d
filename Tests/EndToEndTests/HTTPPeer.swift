import Foundation

/// Somebody who listens on loopback and speaks HTTP.
protocol HTTPPeer: Sendable {
    /// As in `127.0.0.1:49152`.
    var address: String { get }
}

extension HTTPPeer {
    /// One exchange on a connection of its own.
    func call(
        _ method: String, _ path: String, _ headers: [String] = [], body: Data? = nil
    ) async throws -> Answer {
        let connection = try await HTTPConnection(to: address)
        do {
            try await connection.send(
                request(method, path, headers + ["Connection: close"], body: body))
            let answer = try await connection.answer(isBodyless: method == "HEAD")
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }

    /// - Parameters:
    ///   - method: the first word.
    ///   - path: with its query.
    ///   - headers: whole lines, beside `Host`.
    ///   - body: has its length declared, or is one chunk if the headers say so.
    /// - Returns: the request as it is sent.
    func request(
        _ method: String, _ path: String, _ headers: [String] = [], body: Data? = nil
    ) -> Data {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(address)"] + headers
        var body = body
        if let whole = body, headers.contains("Transfer-Encoding: chunked") {
            let size = String(whole.count, radix: 16)
            body = Data("\(size)\r\n".utf8) + whole + Data("\r\n0\r\n\r\n".utf8)
        } else if let body {
            lines.append("Content-Length: \(body.count)")
        }
        return Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? Data())
    }
}

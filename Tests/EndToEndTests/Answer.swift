import Foundation
import Testing

/// One HTTP answer, read without any code of the server.
struct Answer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: Data

    struct Malformed: Error {
        let what: String
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    }

    /// The first answer in `bytes` and how many of them it takes; `nil` if it isn't there yet.
    static func parse(
        _ bytes: Data, isBodyless: Bool, isAtEnd: Bool
    ) throws -> (Answer, length: Int)? {
        guard let end = bytes.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[bytes.startIndex..<end.lowerBound], as: UTF8.self)
        var lines = head.components(separatedBy: "\r\n")
        let first = lines.removeFirst().split(separator: " ")
        guard first.count > 1, first[0] == "HTTP/1.1", let status = Int(first[1]) else {
            throw Malformed(what: head)
        }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(what: line) }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let rest = bytes[end.upperBound...]
        let start = bytes.distance(from: bytes.startIndex, to: end.upperBound)
        if isBodyless || status < 200 || status == 204 || status == 304 {
            return (Answer(status: status, headers: headers, body: Data()), start)
        }
        if headers["transfer-encoding"] == "chunked" {
            guard let (body, length) = try unchunk(rest) else { return nil }
            return (Answer(status: status, headers: headers, body: body), start + length)
        }
        if let text = headers["content-length"] {
            guard let length = Int(text) else { throw Malformed(what: text) }
            guard rest.count >= length else { return nil }
            let body = Data(rest.prefix(length))
            return (Answer(status: status, headers: headers, body: body), start + length)
        }
        guard isAtEnd else { return nil }
        return (Answer(status: status, headers: headers, body: Data(rest)), bytes.count)
    }

    /// The body in the chunks, and how many bytes they take; `nil` if the last is not there yet.
    private static func unchunk(_ bytes: Data) throws -> (body: Data, length: Int)? {
        let lineEnd = Data("\r\n".utf8)
        var body = Data()
        var rest = bytes
        while let end = rest.range(of: lineEnd) {
            let line = String(decoding: rest[rest.startIndex..<end.lowerBound], as: UTF8.self)
            guard let size = Int(line, radix: 16) else { throw Malformed(what: line) }
            let chunk = rest[end.upperBound...]
            guard chunk.count >= size + 2 else { return nil }
            body += chunk.prefix(size)
            rest = chunk.dropFirst(size + 2)
            if size == 0 { return (body, bytes.count - rest.count) }
        }
        return nil
    }
}

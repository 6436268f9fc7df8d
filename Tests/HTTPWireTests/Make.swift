import HTTPWire
import Testing

/// Parses `text` as one whole request head.
func head(_ text: String) throws -> RequestHead {
    var parser = RequestParser()
    let outcome = try Array(text.utf8).withUnsafeBytes {
        try parser.parse($0, limits: WireLimits())
    }
    guard case .head(let head, let consumed) = outcome, consumed == text.utf8.count else {
        throw Incomplete()
    }
    return head
}

struct Incomplete: Error {}

/// The head of a request with these fields, besides Host.
func head(
    _ line: String = "POST / HTTP/1.1", fields: [String]
) throws -> RequestHead {
    try head(([line, "Host: muster.example"] + fields + ["", ""]).joined(separator: "\r\n"))
}

extension Collection<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}

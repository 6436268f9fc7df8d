package import HTTPWire

extension Response {
    /// An answer in JSON.
    package static func json(
        _ status: Status = .ok, _ bytes: [UInt8], headers: [(name: String, value: String)] = []
    ) -> Response {
        Response(
            status, headers: [("Content-Type", "application/json")] + headers,
            body: .bytes(bytes))
    }

    /// An answer for people: plain text, one line or a few.
    package static func text(
        _ status: Status = .ok, _ text: String, headers: [(name: String, value: String)] = []
    ) -> Response {
        Response(
            status, headers: [("Content-Type", "text/plain; charset=utf-8")] + headers,
            body: .bytes(Array(text.utf8)))
    }
}

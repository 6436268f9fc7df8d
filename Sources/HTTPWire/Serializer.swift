/// Answers to bytes (RFC 9112 sections 4 to 7), always HTTP/1.1 (RFC 9110 section 6.2).
package enum Serializer {
    /// The interim answer to `Expect: 100-continue`.
    package static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends the head of `response`, empty line included.
    ///
    /// - Parameters:
    ///   - response: must be ``Response/isSendable``; ``ConnectionState`` sees to it.
    ///   - plan: what ``ConnectionState/respond(with:)`` said.
    ///   - date: 29 bytes of ``HTTPDate``.
    ///   - bytes: where to append.
    package static func appendHead(
        of response: Response, plan: ResponsePlan, date: [UInt8], to bytes: inout [UInt8]
    ) {
        append("HTTP/1.1 ", to: &bytes)
        appendDecimal(response.status.code, to: &bytes)
        bytes.append(Grammar.space)
        bytes.append(contentsOf: response.status.reason.utf8)
        append("\r\nDate: ", to: &bytes)
        bytes.append(contentsOf: date)
        append("\r\n", to: &bytes)
        for (name, value) in response.headers {
            bytes.append(contentsOf: name.utf8)
            append(": ", to: &bytes)
            bytes.append(contentsOf: value.utf8)
            append("\r\n", to: &bytes)
        }
        switch plan.framing {
        case .length(let count):
            append("Content-Length: ", to: &bytes)
            appendDecimal(count, to: &bytes)
            append("\r\n", to: &bytes)
        case .chunked:
            append("Transfer-Encoding: chunked\r\n", to: &bytes)
        case .none, .untilClose:
            break
        }
        switch plan.persistence {
        case .keep: break
        case .announceKeep: append("Connection: keep-alive\r\n", to: &bytes)
        case .announceClose: append("Connection: close\r\n", to: &bytes)
        }
        append("\r\n", to: &bytes)
    }

    /// Appends `data` as one chunk; nothing if it is empty, as an empty chunk is the last one.
    package static func appendChunk(_ data: [UInt8], to bytes: inout [UInt8]) {
        guard !data.isEmpty else { return }
        appendHexadecimal(data.count, to: &bytes)
        append("\r\n", to: &bytes)
        bytes.append(contentsOf: data)
        append("\r\n", to: &bytes)
    }

    /// Appends the chunk that ends a body.
    package static func appendLastChunk(to bytes: inout [UInt8]) {
        append("0\r\n\r\n", to: &bytes)
    }

    private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private static func appendDecimal(_ number: Int, to bytes: inout [UInt8]) {
        appendDigits(UInt(max(number, 0)), base: 10, to: &bytes)
    }

    private static func appendHexadecimal(_ number: Int, to bytes: inout [UInt8]) {
        appendDigits(UInt(max(number, 0)), base: 16, to: &bytes)
    }

    private static func appendDigits(_ number: UInt, base: UInt, to bytes: inout [UInt8]) {
        var divisor: UInt = 1
        while number / divisor >= base { divisor *= base }
        while divisor > 0 {
            let digit = UInt8(truncatingIfNeeded: number / divisor % base)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            divisor /= base
        }
    }
}

extension Response {
    /// Whether the head can be written as it is: no byte in it that would end a line early
    /// (CVE-2022-3215), no field the serializer writes itself, a final status.
    package var isSendable: Bool {
        guard (200...599).contains(status.code),
            status.reason.utf8.allSatisfy(Grammar.isFieldContent)
        else { return false }
        return headers.allSatisfy { name, value in
            !name.isEmpty && name.utf8.allSatisfy(Grammar.isToken)
                && value.utf8.allSatisfy(Grammar.isFieldContent) && !Self.isReserved(name)
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: Grammar.equals(name.utf8, "date")
        case 10: Grammar.equals(name.utf8, "connection")
        case 14: Grammar.equals(name.utf8, "content-length")
        case 17: Grammar.equals(name.utf8, "transfer-encoding")
        default: false
        }
    }
}

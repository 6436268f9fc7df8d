/// Which body follows a request head: RFC 9112 section 6.3, where any doubt is an error.
package enum Framing: Sendable, Hashable {
    case none
    /// As many bytes as Content-Length says.
    case length(Int)
    case chunked

    /// Judges the framing fields of `head`.
    package init(_ head: RequestHead) throws(WireError) {
        let codings = head.headers.occurrence(of: "transfer-encoding")
        let length = head.headers.occurrence(of: "content-length")
        switch (codings, length) {
        case (.none, .none):
            self = .none
        case (.none, .once(let digits)):
            guard let count = Grammar.decimal(digits) else {
                throw .malformed(rule: "content-length")
            }
            guard count < Int.max else { throw .bodyTooLarge }
            self = .length(count)
        case (.none, .several):
            // A list of equal values MAY be taken; we do not.
            throw .malformed(rule: "content-length-repeated")
        case (.once, .none), (.several, .none):
            // RFC 9112 section 6.1: faulty framing from a sender that can not know it.
            guard head.version == .http11 else {
                throw .malformed(rule: "transfer-encoding-in-http-1.0")
            }
            try Self.checkCodings(head.headers.members(of: "transfer-encoding"))
            self = .chunked
        case (.once, _), (.several, _):
            throw .malformed(rule: "transfer-encoding-and-content-length")
        }
    }

    /// Throws unless `codings` is `chunked`, once, alone.
    private static func checkCodings(_ codings: [ArraySlice<UInt8>]) throws(WireError) {
        if codings.count == 1, let only = codings.first, Grammar.equals(only, "chunked") { return }
        var chunkedCount = 0
        var hasUnregistered = false
        for coding in codings {
            guard !coding.isEmpty, coding.allSatisfy(Grammar.isToken) else {
                throw .malformed(rule: "transfer-encoding")
            }
            if Grammar.equals(coding, "chunked") { chunkedCount += 1 }
            // Once a coding, since RFC 7230 a sign of a sender that wants to be misread.
            guard !Grammar.equals(coding, "identity") else {
                throw .malformed(rule: "transfer-encoding-identity")
            }
            hasUnregistered = hasUnregistered || !isRegistered(coding)
        }
        let chunkedIsLast = codings.last.map { Grammar.equals($0, "chunked") } ?? false
        switch (chunkedCount, chunkedIsLast) {
        case (1, true): throw .unknownTransferCoding
        case (0, _) where hasUnregistered: throw .unknownTransferCoding
        case (0, _), (1, false): throw .malformed(rule: "chunked-not-final")
        default: throw .malformed(rule: "chunked-repeated")
        }
    }

    /// The codings of the IANA registry.
    ///
    /// We undo none but chunked, yet know what they are.
    private static func isRegistered(_ coding: ArraySlice<UInt8>) -> Bool {
        Grammar.equals(coding, "chunked") || Grammar.equals(coding, "gzip")
            || Grammar.equals(coding, "x-gzip") || Grammar.equals(coding, "deflate")
            || Grammar.equals(coding, "compress") || Grammar.equals(coding, "x-compress")
    }
}

extension RequestHead {
    /// Whether the client waits for `100 (Continue)` before it sends the body.
    ///
    /// RFC 9110 section 10.1.1. Any other expectation throws; one from HTTP/1.0 is ignored.
    func expectsContinue() throws(WireError) -> Bool {
        guard version == .http11 else { return false }
        switch headers.occurrence(of: "expect") {
        case .none:
            return false
        case .once(let value) where Grammar.equals(value, "100-continue"):
            return true
        case .once, .several:
            throw .expectationFailed
        }
    }

    /// Whether the client would send another request after this one (RFC 9112 section 9.3).
    var asksToPersist: Bool {
        if headers.contains("connection", token: "close") { return false }
        return version == .http11 || headers.contains("connection", token: "keep-alive")
    }
}

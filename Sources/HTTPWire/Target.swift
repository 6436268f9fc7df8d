/// A request target (RFC 9112 section 3.2), taken apart but never normalized.
package struct Target: Sendable, Hashable {
    /// The path split at `/` and percent-decoded: `/v1/a%20b/` is `["v1", "a b", ""]`, `/` is
    /// `[""]`, and the asterisk-form and the authority-form have none.
    package let segments: [String]
    /// The query without its `?`, undecoded; `nil` if there is none.
    package let rawQuery: String?
    /// Host and port of the absolute-form and the authority-form; `nil` for the others.
    package let authority: String?

    package init(segments: [String], rawQuery: String? = nil, authority: String? = nil) {
        self.segments = segments
        self.rawQuery = rawQuery
        self.authority = authority
    }

    /// Reads the form of target that `method` may have, from bytes that are not empty.
    init(parsing bytes: UnsafeRawBufferPointer, for method: Method) throws(WireError) {
        if method == .connect {
            guard Self.isHostAndPort(bytes) else { throw .malformed(rule: "authority-form") }
            self.init(segments: [], authority: String(decoding: bytes, as: UTF8.self))
        } else if bytes.first == Grammar.slash {
            try self.init(pathAndQuery: bytes, authority: nil)
        } else if bytes.count == 1, bytes.first == UInt8(ascii: "*") {
            guard method == .options else { throw .malformed(rule: "asterisk-form") }
            self.init(segments: [])
        } else {
            try self.init(absolute: bytes)
        }
    }

    /// RFC 9112 section 3.2.3: the port is not optional.
    private static func isHostAndPort(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let last = bytes.last, Grammar.isDigit(last), Host.isValid(bytes) else {
            return false
        }
        // Behind an address in brackets digits are always a port.
        return bytes.first == UInt8(ascii: "[") || bytes.contains(Grammar.colon)
    }

    /// RFC 9112 section 3.2.2, for the schemes we are an origin of (RFC 9110 section 4.2).
    private init(absolute bytes: UnsafeRawBufferPointer) throws(WireError) {
        let scheme = bytes.prefix { $0 != Grammar.colon }
        guard Grammar.equals(scheme, "http") || Grammar.equals(scheme, "https"),
            bytes.dropFirst(scheme.count).starts(with: Array("://".utf8))
        else { throw .malformed(rule: "request-target") }
        let rest = bytes.dropFirst(scheme.count + 3)
        let authority = UnsafeRawBufferPointer(
            rebasing: rest.prefix { $0 != Grammar.slash && $0 != Grammar.question })
        guard Host.isValid(authority) else { throw .malformed(rule: "absolute-form-host") }
        try self.init(
            pathAndQuery: UnsafeRawBufferPointer(rebasing: rest.dropFirst(authority.count)),
            authority: String(decoding: authority, as: UTF8.self))
    }

    private init(pathAndQuery bytes: UnsafeRawBufferPointer, authority: String?) throws(WireError) {
        let pathEnd = bytes.firstIndex(of: Grammar.question) ?? bytes.endIndex
        let segments = try Self.segments(UnsafeRawBufferPointer(rebasing: bytes[..<pathEnd]))
        guard pathEnd < bytes.endIndex else {
            self.init(segments: segments, authority: authority)
            return
        }
        let query = UnsafeRawBufferPointer(rebasing: bytes[(pathEnd + 1)...])
        try Self.checkQuery(query)
        self.init(
            segments: segments, rawQuery: String(decoding: query, as: UTF8.self),
            authority: authority)
    }

    private static func segments(_ path: UnsafeRawBufferPointer) throws(WireError) -> [String] {
        guard !path.isEmpty else { return [""] }
        var segments: [String] = []
        segments.reserveCapacity(4)
        var start = 1
        var isEscaped = false
        for index in 1...path.count {
            if index < path.count, path[index] != Grammar.slash {
                let byte = path[index]
                isEscaped = isEscaped || byte == Grammar.percent
                guard Grammar.isPathCharacter(byte) || byte == Grammar.percent else {
                    throw .malformed(rule: "path")
                }
                continue
            }
            let segment = UnsafeRawBufferPointer(rebasing: path[start..<index])
            if isEscaped {
                guard let text = PercentDecoding.decode(segment) else {
                    throw .malformed(rule: "path-escape")
                }
                segments.append(text)
            } else {
                segments.append(String(decoding: segment, as: UTF8.self))
            }
            start = index + 1
            isEscaped = false
        }
        return segments
    }

    /// RFC 3986 section 3.4.
    private static func checkQuery(_ query: UnsafeRawBufferPointer) throws(WireError) {
        var index = 0
        while index < query.count {
            let byte = query[index]
            if byte == Grammar.percent {
                guard index + 2 < query.count, Grammar.hexValue(query[index + 1]) != nil,
                    Grammar.hexValue(query[index + 2]) != nil
                else { throw .malformed(rule: "query-escape") }
                index += 3
                continue
            }
            guard
                Grammar.isPathCharacter(byte) || byte == Grammar.slash
                    || byte == Grammar.question
            else { throw .malformed(rule: "query") }
            index += 1
        }
    }
}

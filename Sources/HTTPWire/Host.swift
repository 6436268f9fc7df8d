/// The Host rule (RFC 9112 section 3.2) and what a host may look like.
extension RequestHead {
    /// Exactly one valid Host in HTTP/1.1, at most one in 1.0, whatever form the target has.
    func checkHost() throws(WireError) {
        switch headers.occurrence(of: "host") {
        case .several:
            throw .malformed(rule: "host-repeated")
        case .none:
            guard version == .http10 else { throw .malformed(rule: "host-missing") }
        case .once(let host):
            guard host.withUnsafeBytes(Host.isValid) else { throw .malformed(rule: "host") }
        }
    }

    /// The host and port the request is for: those of an absolute target, which win over the
    /// Host field (RFC 9112 section 3.2.2), else those of Host; `nil` if HTTP/1.0 sent none.
    package var host: [UInt8]? {
        target.authority.map { Array($0.utf8) } ?? headers.only("host").map { Array($0) }
    }
}

enum Host {
    /// Whether `bytes` is `uri-host [ ":" port ]`, with the host not empty (RFC 9110 section
    /// 4.2.1) and, narrower than RFC 3986 section 3.2.2, a name without escapes and sub-delims:
    /// DNS has neither, and `a,b` is what two merged Host fields look like.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let end = bytes.first == UInt8(ascii: "[") ? endOfLiteral(bytes) : endOfName(bytes)
        else { return false }
        return end == bytes.count || (bytes[end] == Grammar.colon && isPort(bytes[(end + 1)...]))
    }

    /// Where the address in brackets at the start of `bytes` ends.
    ///
    /// Colons, dots and hex: enough to be sure no one reads another host out of it.
    private static func endOfLiteral(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 1
        var hasColon = false
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            let byte = bytes[index]
            let isColon = byte == Grammar.colon
            guard isColon || byte == UInt8(ascii: ".") || Grammar.hexValue(byte) != nil else {
                return nil
            }
            hasColon = hasColon || isColon
            index += 1
        }
        return index < bytes.count && hasColon ? index + 1 : nil
    }

    private static func endOfName(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < bytes.count, Grammar.isUnreserved(bytes[index]) { index += 1 }
        return index > 0 ? index : nil
    }

    /// RFC 3986 section 3.2.3: any digits, even none; no greater than a port can be.
    private static func isPort(_ bytes: some Collection<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard let port = Grammar.decimal(bytes) else { return false }
        return port <= 65_535
    }
}

import HTTPWire

extension Input {
    /// The limits the server runs with, or ones so small that a short message meets them all.
    mutating func limits() -> WireLimits {
        var limits = WireLimits()
        guard choose(2) == 0 else { return limits }
        limits.emptyLinesMax = 1
        limits.methodBytesMax = 8
        limits.requestLineBytesMax = 48
        limits.headerBlockBytesMax = 96
        limits.headerFieldsMax = 4
        limits.chunkSizeDigitsMax = 4
        limits.chunkExtensionBytesMax = 8
        limits.trailerBytesMax = 24
        limits.trailerFieldsMax = 2
        limits.drainBytesMax = 32
        return limits
    }
}

extension WireLimits {
    /// The most bytes that may be kept for a head that is not over: every line with its CRLF.
    var headBytesMax: Int {
        2 * emptyLinesMax + requestLineBytesMax + 2 + headerBlockBytesMax + 2
    }
}

extension RequestHead {
    private static let namesKept: [StaticString] = [
        "host", "connection", "expect", "content-length", "transfer-encoding", "content-encoding",
        "content-type", "authorization",
    ]

    /// The head in its shortest spelling, never longer than it came: fields of other names than
    /// those above become `a:`, as a head tells how many it has but not which.
    var written: [UInt8] {
        var bytes = Array("\(method.name) ".utf8) + target.written(for: method)
        bytes += Array(version == .http11 ? " HTTP/1.1\r\n".utf8 : " HTTP/1.0\r\n".utf8)
        var others = headers.count
        for name in Self.namesKept {
            for value in headers.values(name) {
                bytes += Array("\(name):".utf8) + value + Array("\r\n".utf8)
                others -= 1
            }
        }
        for _ in 0..<others { bytes += Array("a:\r\n".utf8) }
        return bytes + Array("\r\n".utf8)
    }
}

extension Target {
    func written(for method: Method) -> [UInt8] {
        let authority = authority.map { Array($0.utf8) }
        if method == .connect { return authority ?? [] }
        if segments.isEmpty { return [UInt8(ascii: "*")] }
        var bytes = authority.map { Array("http://".utf8) + $0 } ?? []
        if authority == nil || segments.count > 1 || !segments[0].isEmpty {
            for segment in segments { bytes += [UInt8(ascii: "/")] + percentEncoded(segment) }
        }
        return bytes + (rawQuery.map { Array("?\($0)".utf8) } ?? [])
    }
}

import HTTPWire
import Testing

@Suite struct ChunkedDecoderTests {
    /// Decodes `text`, and says what was left behind the end; `nil` if there was no end.
    static func decode(
        _ text: String, limits: WireLimits = WireLimits()
    ) throws(WireError) -> (body: String, left: String)? {
        var decoder = ChunkedDecoder()
        var rest = Array(text.utf8)[...]
        var body: [UInt8] = []
        while true {
            let bytes = Array(rest)
            let step: Result<ChunkedDecoder.Step, WireError> = bytes.withUnsafeBytes { raw in
                do throws(WireError) {
                    return .success(try decoder.next(raw, limits: limits))
                } catch {
                    return .failure(error)
                }
            }
            switch try step.get() {
            case .needMore: return nil
            case .data(let range):
                body += bytes[range]
                rest = bytes[range.upperBound...]
            case .end(let consumed): return (body.text, bytes[consumed...].text)
            }
        }
    }

    @Test func chunksAreYieldedInPlace() throws {
        let input = Array("5;a=b\r\nhello\r\n0\r\n\r\n".utf8)
        var decoder = ChunkedDecoder()
        try input.withUnsafeBytes { raw in
            let data = try decoder.next(raw, limits: WireLimits())
            #expect(data == .data(7..<12))
            let rest = UnsafeRawBufferPointer(rebasing: raw[12...])
            let end = try decoder.next(rest, limits: WireLimits())
            #expect(end == .end(consumed: 7))
            let after = try decoder.next(rest, limits: WireLimits())
            #expect(after == .end(consumed: 0))
        }
    }

    @Test func whatFollowsTheEndIsNotTouched() throws {
        let read = try #require(try Self.decode("1\r\na\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1"))
        #expect(read.body == "a")
        #expect(read.left == "GET / HTTP/1.1")
        #expect(try Self.decode("1\r\na\r\n0\r\n\r") == nil)
    }

    @Test(
        arguments: [
            ("", "chunk-size"), (" ", "chunk-size"), ("+", "chunk-size"), ("0x", "chunk-size"),
            ("\n", "chunk-size"), ("5\n", "chunk-bare-lf"), ("5\ra", "chunk-bare-cr"),
            ("5;a\n", "chunk-bare-lf"), ("5;\r", "chunk-extension"), ("5 \r", "chunk-extension"),
            ("1\r\nab", "chunk-data"), ("1\r\na\n", "chunk-data"), ("1\r\na\ra", "chunk-bare-cr"),
            ("0\r\n\rx", "chunk-bare-cr"), ("0\r\n\n", "trailer-name"), ("0\r\n ", "trailer-name"),
            ("0\r\nA ", "trailer-name"), ("0\r\nA\r", "trailer-name"),
            ("0\r\nA:\n", "trailer-value"), ("0\r\nA: \0", "trailer-value"),
            ("00000000000000000", "chunk-size-digits"),
        ] as [(String, StaticRule)])
    func aViolationIsReportedWithItsByte(_ text: String, _ rule: StaticRule) throws {
        let text = text.isEmpty ? "\r" : text
        #expect(throws: WireError.malformed(rule: rule)) { try Self.decode(text) }
        let prefix = String(decoding: text.utf8.dropLast(), as: UTF8.self)
        #expect(try Self.decode(prefix) == nil)
    }

    @Test(arguments: ["8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000"])
    func aSizeNeverWrapsAround(_ size: String) {
        var limits = WireLimits()
        limits.chunkSizeDigitsMax = 20
        #expect(throws: WireError.bodyTooLarge) { try Self.decode(size, limits: limits) }
    }

    @Test func theLargestSizeIsJustLarge() throws {
        #expect(try Self.decode("7fffffffffffffff\r\nabc") == nil)
    }

    @Test func theLimitsAreTheConfiguredOnes() throws {
        var limits = WireLimits()
        limits.chunkSizeDigitsMax = 2
        limits.chunkExtensionBytesMax = 4
        limits.trailerBytesMax = 8
        limits.trailerFieldsMax = 2
        let end = "0\r\n\r\n"
        #expect(try Self.decode("01\r\na\r\n" + end, limits: limits)?.body == "a")
        #expect(throws: WireError.malformed(rule: "chunk-size-digits")) {
            try Self.decode("001", limits: limits)
        }
        // The limit holds for the whole body, not for each chunk.
        #expect(try Self.decode("1;a\r\na\r\n1 ;", limits: limits) == nil)
        #expect(try Self.decode("1;a\r\na\r\n1;b\r\na\r\n" + end, limits: limits)?.body == "aa")
        #expect(throws: WireError.malformed(rule: "chunk-extensions-too-long")) {
            try Self.decode("1;a\r\na\r\n1;bc\r\n", limits: limits)
        }
        #expect(try Self.decode("0\r\nA:\r\nB:\r\n\r\n", limits: limits)?.left == "")
        #expect(throws: WireError.headersTooLarge) {
            try Self.decode("0\r\nA:\r\nB: \r\n", limits: limits)
        }
        limits.trailerBytesMax = 80
        #expect(throws: WireError.headersTooLarge) {
            try Self.decode("0\r\nA:\r\nB:\r\nC", limits: limits)
        }
    }
}

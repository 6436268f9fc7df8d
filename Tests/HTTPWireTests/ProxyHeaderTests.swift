import HTTPWire
import Testing

/// Headers of the PROXY protocol as raw bytes; in front of a name stands what is read in it.
@Suite struct ProxyHeaderTests {
    static let accepted = CorpusTests.cases("proxy-accepted")
    static let refused = CorpusTests.cases("proxy-refused")

    private func parse(
        _ bytes: [UInt8], limits: WireLimits = WireLimits()
    ) throws(ProxyHeaderError) -> ProxyHeader.Step {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(ProxyHeaderError) in
                try ProxyHeader.parse(bytes, limits: limits)
            }
        }
        return try result.get()
    }

    private func words(_ header: ProxyHeader) -> String {
        switch header {
        case .local: "local"
        case .client(nil): "unknown"
        case .client(let address?):
            // A colon can't stand in the name of a file everywhere.
            String(address.description.map { $0 == ":" ? "-" : $0 })
        }
    }

    @Test func theCorpusIsThere() {
        #expect(Self.accepted.count >= 12)
        #expect(Self.refused.count >= 23)
    }

    @Test(arguments: accepted)
    func aHeaderIsReadWholeAndNoByteMore(_ sample: CorpusTests.Case) throws {
        for next in ["", "GET / HTTP/1.1\r\n", "\u{16}\u{03}"] {
            let step = try parse(sample.bytes + Array(next.utf8))
            guard case .header(let header, let consumed) = step else {
                Issue.record("\(step)")
                return
            }
            #expect(consumed == sample.bytes.count)
            #expect(sample.name.hasPrefix(words(header) + "="))
        }
    }

    /// Whoever receives just what is asked for, however it arrives, never takes a byte too much.
    @Test(arguments: accepted)
    func aHeaderIsWaitedForToItsLastByte(_ sample: CorpusTests.Case) throws {
        for count in 0..<sample.bytes.count {
            let step = try parse(Array(sample.bytes[..<count]))
            guard case .needMore(let missing) = step else {
                Issue.record("\(step) after \(count) bytes")
                return
            }
            #expect(missing > 0 && count + missing <= sample.bytes.count)
            #expect(count >= 16 ? count + missing == sample.bytes.count : count + missing == 16)
        }
    }

    @Test(arguments: refused)
    func aBadHeaderIsRefusedAndNeverForgiven(_ sample: CorpusTests.Case) throws {
        let error = #expect(throws: ProxyHeaderError.self) { try parse(sample.bytes) }
        #expect(sample.name.hasPrefix("\(error?.rawValue ?? "none")-"))
        var isRefused = false
        for count in 0...sample.bytes.count {
            do {
                let step = try parse(Array(sample.bytes[..<count]))
                guard case .needMore = step, !isRefused else {
                    Issue.record("\(step) after \(count) bytes")
                    return
                }
            } catch let other {
                #expect(other == error)
                isRefused = true
            }
        }
        #expect(isRefused)
    }

    @Test func theFirstWrongByteOfTheSignatureIsEnough() {
        for index in 0..<12 {
            var bytes = Array(ProxyHeader.localBytes[...index])
            bytes[index] ^= 1
            #expect(throws: ProxyHeaderError.noSignature) { try parse(bytes) }
        }
    }

    @Test func theLimitIsTheConfiguredOne() throws {
        var limits = WireLimits()
        limits.proxyHeaderBytesMax = 16
        #expect(
            try parse(ProxyHeader.localBytes, limits: limits) == .header(.local, consumed: 16))
        limits.proxyHeaderBytesMax = 15
        #expect(throws: ProxyHeaderError.tooLong) {
            try parse(ProxyHeader.localBytes, limits: limits)
        }
    }

    @Test func anyByteChangedAnywhereGivesAnAnswer() {
        for sample in Self.accepted {
            for index in sample.bytes.indices.prefix(64) {
                for change in [UInt8(0x01), 0x10, 0x80, 0xFF] {
                    var damaged = sample.bytes
                    damaged[index] ^= change
                    _ = try? parse(damaged)
                }
            }
        }
    }
}

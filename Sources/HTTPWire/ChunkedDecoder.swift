/// Takes the chunked coding off a body (RFC 9112 section 7.1), in place and byte by byte.
///
/// Nothing of the framing needs to be kept by the caller: whatever a step consumed may be
/// forgotten. Line ends are CRLF and nothing else: the licence to take a lone LF (section 2.2)
/// does not reach chunk lines, and taking it there is request smuggling (CVE-2025-22871).
package struct ChunkedDecoder: Sendable {
    package enum Step: Sendable, Hashable {
        /// All of the input was framing and is consumed, and the body goes on.
        case needMore
        /// The bytes of the body in the input, never empty; the input is consumed up to the
        /// end of the range.
        case data(Range<Int>)
        /// The body and its trailers are over, after `consumed` bytes of the input.
        case end(consumed: Int)
    }

    /// Where in the framing the next byte stands.
    private enum Phase {
        case size, sizeLineFeed
        case chunkExtension(ChunkExtension)
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed
        case endLineFeed, done
    }

    private var phase = Phase.size
    private var size = 0
    private var sizeDigits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerFields = 0

    package init() {}

    /// How much of the chunk that has begun is still to come.
    package var chunkBytesLeft: Int {
        if case .data = phase { size } else { 0 }
    }

    /// Reads on until body bytes, the end, or the end of `input`; after an error the decoder is
    /// of no more use.
    package mutating func next(
        _ input: UnsafeRawBufferPointer, limits: WireLimits
    ) throws(WireError) -> Step {
        var index = 0
        while index < input.count {
            if case .data = phase {
                let end = index + min(size, input.count - index)
                size -= end - index
                if size == 0 { phase = .dataReturn }
                return .data(index..<end)
            }
            if case .done = phase { break }
            try readFraming(input[index], limits)
            index += 1
        }
        if case .done = phase { return .end(consumed: index) }
        return .needMore
    }

    private mutating func readFraming(_ byte: UInt8, _ limits: WireLimits) throws(WireError) {
        switch phase {
        case .size:
            try readSize(byte, limits)
        case .chunkExtension(var rest):
            switch try rest.read(byte) {
            case .goesOn:
                try countExtension(limits)
                phase = .chunkExtension(rest)
            case .lineEnds:
                phase = .sizeLineFeed
            }
        case .sizeLineFeed:
            try expect(Grammar.lineFeed, byte)
            phase = size == 0 ? .trailerStart : .data
            sizeDigits = 0
        case .dataReturn:
            guard byte == Grammar.carriageReturn else { throw .malformed(rule: "chunk-data") }
            phase = .dataLineFeed
        case .dataLineFeed:
            try expect(Grammar.lineFeed, byte)
            phase = .size
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed:
            try readTrailer(byte, limits)
        case .endLineFeed:
            try expect(Grammar.lineFeed, byte)
            phase = .done
        case .data, .done:
            break
        }
    }

    private func expect(_ expected: UInt8, _ byte: UInt8) throws(WireError) {
        guard byte == expected else { throw .malformed(rule: "chunk-bare-cr") }
    }

    /// RFC 9112 section 7.1, chunk-size = 1*HEXDIG, and what may follow it.
    private mutating func readSize(_ byte: UInt8, _ limits: WireLimits) throws(WireError) {
        if let digit = Grammar.hexValue(byte) {
            sizeDigits += 1
            guard sizeDigits <= limits.chunkSizeDigitsMax else {
                throw .malformed(rule: "chunk-size-digits")
            }
            let (shifted, overflows) = size.multipliedReportingOverflow(by: 16)
            guard !overflows else { throw .bodyTooLarge }
            size = shifted | Int(digit)
            return
        }
        guard sizeDigits > 0 else { throw .malformed(rule: "chunk-size") }
        switch byte {
        case Grammar.carriageReturn:
            phase = .sizeLineFeed
        case UInt8(ascii: ";"):
            try countExtension(limits)
            phase = .chunkExtension(ChunkExtension(.nameStart))
        case Grammar.space, Grammar.tab:
            try countExtension(limits)
            phase = .chunkExtension(ChunkExtension(.semicolon))
        case Grammar.lineFeed:
            throw .malformed(rule: "chunk-bare-lf")
        default:
            throw .malformed(rule: "chunk-size")
        }
    }

    private mutating func countExtension(_ limits: WireLimits) throws(WireError) {
        extensionBytes += 1
        guard extensionBytes <= limits.chunkExtensionBytesMax else {
            throw .malformed(rule: "chunk-extensions-too-long")
        }
    }

    /// RFC 9112 section 7.1.2: held to the grammar of a header section, and discarded, as merging
    /// them into it would let a client add fields after we have decided on them.
    private mutating func readTrailer(_ byte: UInt8, _ limits: WireLimits) throws(WireError) {
        if case .trailerStart = phase, byte == Grammar.carriageReturn {
            phase = .endLineFeed
            return
        }
        trailerBytes += 1
        guard trailerBytes <= limits.trailerBytesMax else { throw .headersTooLarge }
        switch phase {
        case .trailerName where byte == Grammar.colon:
            phase = .trailerValue
        case .trailerValue where byte == Grammar.carriageReturn:
            phase = .trailerLineFeed
        case .trailerValue:
            guard Grammar.isFieldContent(byte) else { throw .malformed(rule: "trailer-value") }
        case .trailerLineFeed:
            try expect(Grammar.lineFeed, byte)
            phase = .trailerStart
        case .trailerStart:
            guard Grammar.isToken(byte) else { throw .malformed(rule: "trailer-name") }
            trailerFields += 1
            guard trailerFields <= limits.trailerFieldsMax else { throw .headersTooLarge }
            phase = .trailerName
        default:
            guard Grammar.isToken(byte) else { throw .malformed(rule: "trailer-name") }
        }
    }
}

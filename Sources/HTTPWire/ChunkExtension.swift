/// The grammar of chunk extensions (RFC 9112 section 7.1.1). They are ignored, as unknown ones
/// MUST be, but only after they turned out to be extensions and nothing else:
///
///     chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
struct ChunkExtension: Sendable {
    enum Outcome {
        case goesOn
        /// The byte was the CR that ends the chunk line.
        case lineEnds
    }

    /// What has been read, or what must come next.
    enum Phase {
        case semicolon
        case nameStart, name, nameEnd
        case valueStart, value
        case quoted, quotedPair, quoteEnd
    }

    private var phase: Phase

    init(_ phase: Phase) {
        self.phase = phase
    }

    mutating func read(_ byte: UInt8) throws(WireError) -> Outcome {
        if byte == Grammar.carriageReturn, mayEnd { return .lineEnds }
        guard let next = phase(after: byte) else {
            throw byte == Grammar.lineFeed
                ? .malformed(rule: "chunk-bare-lf") : .malformed(rule: "chunk-extension")
        }
        phase = next
        return .goesOn
    }

    private var mayEnd: Bool {
        switch phase {
        case .name, .value, .quoteEnd: true
        default: false
        }
    }

    /// The phase `byte` leads to; `nil` if it must not stand here.
    private func phase(after byte: UInt8) -> Phase? {
        let isToken = Grammar.isToken(byte)
        let isWhitespace = Grammar.isWhitespace(byte)
        return switch (phase, byte) {
        case (.quotedPair, _): Grammar.isFieldContent(byte) ? .quoted : nil
        case (.quoted, UInt8(ascii: "\"")): .quoteEnd
        case (.quoted, UInt8(ascii: "\\")): .quotedPair
        case (.quoted, _): Grammar.isQuotedText(byte) ? .quoted : nil
        case (.semicolon, UInt8(ascii: ";")), (.name, UInt8(ascii: ";")),
            (.nameEnd, UInt8(ascii: ";")), (.value, UInt8(ascii: ";")),
            (.quoteEnd, UInt8(ascii: ";")):
            .nameStart
        case (.name, UInt8(ascii: "=")), (.nameEnd, UInt8(ascii: "=")): .valueStart
        case (.valueStart, UInt8(ascii: "\"")): .quoted
        case (.name, _) where isWhitespace, (.nameEnd, _) where isWhitespace: .nameEnd
        case (.value, _) where isWhitespace, (.quoteEnd, _) where isWhitespace: .semicolon
        case (.semicolon, _) where isWhitespace, (.nameStart, _) where isWhitespace,
            (.valueStart, _) where isWhitespace:
            phase
        case (.nameStart, _) where isToken, (.name, _) where isToken: .name
        case (.valueStart, _) where isToken, (.value, _) where isToken: .value
        default: nil
        }
    }
}

import HTTPWire
import Testing

/// The byte tables against the characters the RFCs list, seen from outside.
@Suite struct GrammarTests {
    static let alphanumerics = Set((0x30...0x39).map(UInt8.init))
        .union((0x41...0x5A).map(UInt8.init)).union((0x61...0x7A).map(UInt8.init))
    static let token = alphanumerics.union("!#$%&'*+-.^_`|~".utf8)
    static let path = alphanumerics.union("-._~!$&'()*+,;=:@".utf8)

    /// The bytes that may stand between these two texts without being refused at once.
    static func accepted(after prefix: String, before suffix: String = "") -> Set<UInt8> {
        Set(
            (UInt8.min...UInt8.max).filter { byte in
                let bytes = Array(prefix.utf8) + [byte] + Array(suffix.utf8)
                return Exchange.verdict(on: [bytes]) == .waiting
            })
    }

    @Test func aMethodIsAToken() {
        #expect(Self.accepted(after: "A", before: "B") == Self.token.union(" ".utf8))
        #expect(Self.accepted(after: "", before: "B") == Self.token)
    }

    @Test func aFieldNameIsAToken() {
        let line = "GET / HTTP/1.1\r\n"
        #expect(Self.accepted(after: line, before: "B") == Self.token)
        #expect(Self.accepted(after: line + "A", before: "B") == Self.token.union(":".utf8))
    }

    @Test func aPathHoldsPathCharacters() {
        #expect(
            Self.accepted(after: "GET /a", before: "b HTTP/1.1\r\n")
                == Self.path.union("/?".utf8))
    }

    @Test func whatNoTargetHoldsIsRefusedAtOnce() {
        #expect(Self.accepted(after: "GET /a", before: "b") == Self.path.union("/?%[]".utf8))
    }

    @Test func aQueryHoldsPathCharactersAndTwoMore() {
        #expect(
            Self.accepted(after: "GET /?a", before: "b HTTP/1.1\r\n")
                == Self.path.union("/?".utf8))
    }

    @Test func aHostNameHoldsUnreservedCharacters() {
        let hosts = Set(
            (UInt8.min...UInt8.max).filter { byte in
                let head = Array("GET / HTTP/1.1\r\nHost: a".utf8) + [byte]
                let verdict = Exchange.verdict(on: [head + Array("b\r\n\r\n".utf8)])
                return if case .read = verdict { true } else { false }
            })
        #expect(hosts == Self.alphanumerics.union("-._~".utf8))
    }

    @Test func aValueHoldsAnythingVisibleAndWhitespace() {
        let content = Set((0x20...0x7E).map(UInt8.init)).union((0x80...0xFF).map(UInt8.init))
        for padding in 0...8 {
            let line = "GET / HTTP/1.1\r\nA:" + String(repeating: "x", count: padding)
            #expect(
                Self.accepted(after: line, before: "yyyyyyyyyyyyyyyy") == content.union("\t".utf8))
        }
    }
}

import HTTPWire
import Testing

@Suite struct FramingTests {
    static let te = "Transfer-Encoding: "

    @Test(arguments: [
        ([], Framing.none), (["Content-Length: 0"], .length(0)),
        (["Content-Length: 42"], .length(42)),
        (["Content-Length: 0042"], .length(42)),
        (["Content-Length: 9223372036854775806"], .length(Int.max - 1)),
        ([te + "chunked"], .chunked), ([te + "CHUNKED\t"], .chunked),
    ])
    func aRequestSaysWhereItEnds(_ fields: [String], _ framing: Framing) throws {
        #expect(try Framing(head(fields: fields)) == framing)
    }

    @Test(
        arguments: [
            (["Content-Length: +5"], .malformed(rule: "content-length")),
            (["Content-Length: "], .malformed(rule: "content-length")),
            (["Content-Length: 9223372036854775807"], .bodyTooLarge),
            (["Content-Length: 18446744073709551616"], .bodyTooLarge),
            (["Content-Length: 18446744073709551616x"], .malformed(rule: "content-length")),
            (
                ["Content-Length: 5", "content-length: 5"],
                .malformed(rule: "content-length-repeated")
            ),
            (
                ["Content-Length: 5", te + "chunked"],
                .malformed(rule: "transfer-encoding-and-content-length")
            ),
            ([te + "identity"], .malformed(rule: "transfer-encoding-identity")),
            ([te + "gzip"], .malformed(rule: "chunked-not-final")),
            ([te + "x-gzip"], .malformed(rule: "chunked-not-final")),
            ([te + "deflate"], .malformed(rule: "chunked-not-final")),
            ([te + "compress"], .malformed(rule: "chunked-not-final")),
            ([te + "x-compress"], .malformed(rule: "chunked-not-final")),
            ([te + "chunked, deflate"], .malformed(rule: "chunked-not-final")),
            ([te + "chunked", te + "chunked"], .malformed(rule: "chunked-repeated")),
            ([te + "chunked, gzip, chunked"], .malformed(rule: "chunked-repeated")),
            ([te + "chunked;q=1"], .malformed(rule: "transfer-encoding")),
            ([te], .malformed(rule: "transfer-encoding")),
            ([te + "gzip, chunked"], .unknownTransferCoding),
            ([te + "cow"], .unknownTransferCoding),
            ([te + "cow", te + "chunked"], .unknownTransferCoding),
        ] as [([String], WireError)])
    func anyDoubtIsAnError(_ fields: [String], _ error: WireError) throws {
        let head = try head(fields: fields)
        #expect(throws: error) { try Framing(head) }
    }

    @Test func oldSendersCanNotKnowChunks() throws {
        let head = try head("POST / HTTP/1.0", fields: [Self.te + "chunked"])
        #expect(throws: WireError.malformed(rule: "transfer-encoding-in-http-1.0")) {
            try Framing(head)
        }
    }
}

import HTTPWire
import Logging
import Routing
import TestSupport
import Testing

@Suite struct CollectBodyTests {
    let limits = BodyLimits(rawBytesMax: 100, inflatedBytesMax: 200)

    private func collect(
        _ body: ArrayBody, coding: [String] = [], inflate: InflateLimits = InflateLimits()
    ) async throws(BodyError) -> [UInt8] {
        let head = RequestHead(
            method: .post, target: Target(segments: ["x"]), version: .http11,
            headers: Headers(coding.map { ("content-encoding", $0) }))
        let request = Request(
            head: head, body: body, peer: Peer(address: "127.0.0.1"),
            id: RequestID.Generator(prefix: "t").next(), logger: LogCapture().logger())
        return try await request.collectBody(limits, inflate: inflate).withUnsafeBytes { Array($0) }
    }

    @Test func piecesBecomeOneBody() async throws {
        let body = ArrayBody([[1, 2], [3], [4, 5, 6]], isDeclared: false)
        #expect(try await collect(body) == [1, 2, 3, 4, 5, 6])
    }

    @Test func aBodyAtTheLimitIsTakenAndOneByteMoreIsNot() async throws {
        let most = [UInt8](repeating: 7, count: 100)
        #expect(try await collect(ArrayBody([most])).count == 100)
        for isDeclared in [true, false] {
            await #expect(throws: BodyError.tooLarge(bytesMax: 100)) {
                try await collect(ArrayBody([most, [7]], isDeclared: isDeclared))
            }
        }
    }

    @Test func aBodyDeclaredTooLongIsNotRead() async {
        let body = ArrayBody([[UInt8](repeating: 7, count: 101)])
        await #expect(throws: BodyError.tooLarge(bytesMax: 100)) { try await collect(body) }
        #expect(!body.wasRead)
    }

    @Test(arguments: [["identity"], ["Identity"], ["identity, identity"], []])
    func identityChangesNothing(coding: [String]) async throws {
        #expect(try await collect(ArrayBody([[9]]), coding: coding) == [9])
    }

    @Test(arguments: [["br"], ["gzip, gzip"], ["gzip", "deflate"], ["zstd"], ["gzip;q=1"]])
    func anotherCodingIsRefusedUnread(coding: [String]) async {
        let body = ArrayBody([[9]])
        await #expect(throws: BodyError.unsupportedCoding) {
            try await collect(body, coding: coding)
        }
        #expect(!body.wasRead)
    }

    @Test func gzipIsInflated() async throws {
        // gzip of "hello"
        let hello: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 7, 0, 0x86, 0xA6,
            0x10, 0x36, 5, 0, 0, 0,
        ]
        for coding in ["gzip", "x-gzip", "GZip"] {
            let body = try await collect(ArrayBody([hello]), coding: [coding])
            #expect(String(decoding: body, as: UTF8.self) == "hello")
        }
        await #expect(throws: BodyError.undecodable(.truncated)) {
            try await collect(ArrayBody([hello.dropLast()]), coding: ["gzip"])
        }
    }

    @Test func inflatingIsHeldToTheLimitsThatArePassedIn() async throws {
        let body = gzipped(Array(repeating: 7, count: 200))
        #expect(try await collect(ArrayBody([body]), coding: ["gzip"]).count == 200)
        var inflate = InflateLimits()
        inflate.ratioMax = 1
        inflate.ratioGraceBytes = 199
        await #expect(throws: BodyError.undecodable(.tooDense)) {
            try await collect(ArrayBody([body]), coding: ["gzip"], inflate: inflate)
        }
    }

    @Test func theInflatedBodyHasALimitOfItsOwn() async throws {
        let most = [UInt8](repeating: 7, count: 200)
        #expect(try await collect(ArrayBody([gzipped(most)]), coding: ["gzip"]) == most)
        await #expect(throws: BodyError.tooLarge(bytesMax: 200)) {
            try await collect(ArrayBody([gzipped(most + [7])]), coding: ["gzip"])
        }
    }

    @Test func aWireErrorIsPassedOn() async {
        await #expect(throws: BodyError.wire(.timedOut)) {
            try await collect(ArrayBody([[1]], failure: .timedOut))
        }
    }
}

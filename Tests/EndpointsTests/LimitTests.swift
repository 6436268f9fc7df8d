import Audiences
import Endpoints
import HTTPWire
import Routing
import TestSupport
import Testing

/// The limits of bodies, at each and one byte past it.
@Suite struct LimitTests {
    /// One stored block of DEFLATE (RFC 1951 section 3.2.4).
    private func deflated(_ count: Int) -> [UInt8] {
        let length = UInt16(count)
        return [1, UInt8(length & 0xFF), UInt8(length >> 8)]
            + [UInt8(~length & 0xFF), UInt8(~length >> 8)] + Array(repeating: 0x20, count: count)
    }

    private func house(_ change: (inout EndpointLimits) -> Void) -> House {
        var limits = House.limits
        change(&limits)
        return House(limits: limits)
    }

    /// What the webhook and the API say to a body.
    private func answers(_ body: [UInt8], _ coding: String, _ house: House) async throws -> [Answer]
    {
        let (connection, open) = try await house.connect()
        let key = try await house.operatorKey()
        let field = [("content-encoding", coding)]
        return [
            try await house.send(
                .post, connection.webhookPath, headers: open + field, body: ArrayBody([body])),
            try await house.send(
                .post, "/v1/connections", headers: key + field, body: ArrayBody([body])),
        ]
    }

    @Test(arguments: [(1000, false), (1001, true)])
    func aBodyIsTakenUpToItsLimit(count: Int, isTooLong: Bool) async throws {
        let house = house {
            $0.webhookBody.rawBytesMax = 1000
            $0.apiBody.rawBytesMax = 1000
        }
        let body = Array(repeating: UInt8(0x20), count: count)
        for answer in try await answers(body, "identity", house) {
            #expect(answer.text.contains("longer than 1000 bytes") == isTooLong, "\(answer.text)")
        }
    }

    @Test(arguments: [(1000, false), (1001, true)])
    func anInflatedBodyIsTakenUpToItsLimit(count: Int, isTooLong: Bool) async throws {
        let house = house {
            $0.webhookBody.inflatedBytesMax = 1000
            $0.apiBody.inflatedBytesMax = 1000
        }
        for answer in try await answers(deflated(count), "deflate", house) {
            #expect(answer.text.contains("longer than 1000 bytes") == isTooLong, "\(answer.text)")
        }
    }

    @Test(arguments: [(1000, false), (1001, true)])
    func bothAreHeldToTheLimitsOfInflating(count: Int, isTooDense: Bool) async throws {
        let house = house {
            $0.inflate.ratioMax = 0
            $0.inflate.ratioGraceBytes = 1000
        }
        for answer in try await answers(deflated(count), "deflate", house) {
            #expect(answer.text.contains("too many times its size") == isTooDense)
        }
    }
}

package import HTTPWire

/// How much of a body an endpoint takes.
package struct BodyLimits: Sendable, Hashable {
    /// As sent, after the transfer coding is removed.
    package var rawBytesMax: Int
    /// After gzip or deflate is removed.
    package var inflatedBytesMax: Int

    package init(rawBytesMax: Int, inflatedBytesMax: Int) {
        self.rawBytesMax = rawBytesMax
        self.inflatedBytesMax = inflatedBytesMax
    }
}

/// Why a body could not be had.
package enum BodyError: Error, Sendable, Hashable {
    /// More than this many bytes, as sent or inflated.
    case tooLarge(bytesMax: Int)
    /// A content coding other than gzip, deflate and identity, or more than one.
    case unsupportedCoding
    /// The body could not be inflated.
    case undecodable(InflateError)
    /// The wire failed while the body was read.
    case wire(WireError)
}

extension Request {
    /// Reads the whole body and removes its content coding (RFC 9110 section 8.4).
    ///
    /// - Parameters:
    ///   - limits: how much to take, as sent and inflated.
    ///   - inflate: what inflating may cost.
    /// - Returns: the body's bytes.
    /// - Throws: why the body could not be had.
    package func collectBody(
        _ limits: BodyLimits, inflate: InflateLimits
    ) async throws(BodyError) -> BodyBuffer {
        let coding = try Inflate.Coding.of(head.headers)
        let raw: BodyBuffer
        do {
            raw = try await body.collect(upTo: limits.rawBytesMax)
        } catch .bodyTooLarge {
            throw .tooLarge(bytesMax: limits.rawBytesMax)
        } catch {
            throw .wire(error)
        }
        guard let coding else { return raw }
        do {
            return try Inflate.decode(
                raw, as: coding, upTo: limits.inflatedBytesMax, limits: inflate)
        } catch .tooLarge {
            throw .tooLarge(bytesMax: limits.inflatedBytesMax)
        } catch {
            throw .undecodable(error)
        }
    }
}

extension Inflate.Coding {
    /// What must be undone to a body before it can be read; `nil` if nothing.
    static func of(_ headers: Headers) throws(BodyError) -> Inflate.Coding? {
        let codings = headers.tokens(of: "content-encoding")
            .filter { !$0.elementsEqual("identity".utf8) }
        guard let coding = codings.first else { return nil }
        guard codings.count == 1 else { throw .unsupportedCoding }
        return switch String(decoding: coding, as: UTF8.self) {
        // RFC 9110 section 8.4.1.3: x-gzip is the same.
        case "gzip", "x-gzip": .gzip
        case "deflate": .deflate
        default: throw .unsupportedCoding
        }
    }
}

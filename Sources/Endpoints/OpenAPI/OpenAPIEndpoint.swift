import HTTPWire
import Routing

/// Serves the OpenAPI document, to anybody: it says nothing of the data.
struct OpenAPIEndpoint: Sendable {
    private static let etag: String = {
        // FNV-1a: a name for a state of the document, and no secret.
        let hash = OpenAPIDocument.bytes.reduce(0xCBF2_9CE4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return "\"\(String(hash, radix: 16))\""
    }()

    /// RFC 9110 section 13.1.2: a list of names, weak ones too, is looked through.
    @Sendable func show(_ request: Request) -> Response {
        // For as long as it takes to deploy, an old document does no harm.
        let headers = [("ETag", Self.etag), ("Cache-Control", "public, max-age=300")]
        let isKnown = request.head.headers.values("if-none-match").contains { value in
            let names = String(decoding: value, as: UTF8.self)
            return names == "*" || names.contains(Self.etag)
        }
        return isKnown
            ? Response(.notModified, headers: headers)
            : .json(.ok, OpenAPIDocument.bytes, headers: headers)
    }
}

import COpenSSL
import Glibc

/// SHA-256 (FIPS 180-4), by OpenSSL.
package enum SHA256 {
    package static let byteCount = 32

    /// Fetched once: OpenSSL 3 otherwise looks the algorithm up by name for every digest.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    /// The 32 bytes of the digest of `bytes`.
    package static func digest<Bytes: Sequence<UInt8>>(
        of bytes: Bytes
    ) throws(PlatformError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        var length: UInt32 = 0
        let done = withContiguous(bytes) {
            EVP_Digest($0.baseAddress, $0.count, &digest, &length, algorithm, nil)
        }
        guard done == 1, length == byteCount else { throw .unavailable("SHA-256") }
        return digest
    }
}

/// HMAC with SHA-256 (RFC 2104), by OpenSSL.
package enum HMACSHA256 {
    nonisolated(unsafe) private static let algorithm = EVP_MAC_fetch(nil, "HMAC", nil)

    /// Which digest to use.
    ///
    /// OpenSSL keeps the addresses of both texts, so they are copies that stay for good: those that
    /// Swift makes of a `String` for a call are gone after it.
    nonisolated(unsafe) private static let parameters = [
        OSSL_PARAM_construct_utf8_string(strdup("digest"), strdup("SHA256"), 0),
        OSSL_PARAM_construct_end(),
    ]

    /// The 32 bytes that authenticate `bytes` to whoever knows `key`.
    package static func code<Bytes: Sequence<UInt8>>(
        for bytes: Bytes, key: [UInt8]
    ) throws(PlatformError) -> [UInt8] {
        guard let context = EVP_MAC_CTX_new(algorithm) else { throw .unavailable("HMAC") }
        defer { EVP_MAC_CTX_free(context) }
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        var length = 0
        // An empty key must still have an address: no address means "the key of before".
        let addressable = key.isEmpty ? [0] : key
        let done =
            EVP_MAC_init(context, addressable, key.count, parameters) == 1
            && withContiguous(bytes) { EVP_MAC_update(context, $0.baseAddress, $0.count) == 1 }
            && EVP_MAC_final(context, &code, &length, code.count) == 1
        guard done, length == SHA256.byteCount else { throw .unavailable("HMAC") }
        return code
    }
}

private func withContiguous<Bytes: Sequence<UInt8>, R>(
    _ bytes: Bytes, _ body: (UnsafeBufferPointer<UInt8>) -> R
) -> R {
    bytes.withContiguousStorageIfAvailable(body) ?? Array(bytes).withUnsafeBufferPointer(body)
}

import COpenSSL

/// Random bytes fit for secrets, by OpenSSL.
package enum RandomBytes {
    /// `count` bytes nobody can guess; throws when the generator cannot promise that.
    package static func make(_ count: Int) throws(PlatformError) -> [UInt8] {
        guard let length = Int32(exactly: count), length >= 0 else {
            throw .unavailable("that many random bytes")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, length) == 1 else { throw .unavailable("random generator") }
        return bytes
    }
}

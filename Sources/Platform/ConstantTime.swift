import COpenSSL

/// Comparison that takes the same time wherever two secrets differ.
package enum ConstantTime {
    /// Whether the bytes are the same.
    ///
    /// Only a difference in length returns early, so compare digests, whose length is no secret.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right, left.count) == 0
    }
}

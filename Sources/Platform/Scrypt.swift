import COpenSSL

/// Scrypt (RFC 7914), by OpenSSL: a hash that is slow and needs memory on purpose.
package enum Scrypt {
    /// What one hash costs (RFC 7914 section 2).
    package struct Cost: Sendable, Hashable {
        /// The base-2 logarithm of N: how often the memory is gone through.
        package var logarithm: Int
        /// r: how large a block is, in units of 128 bytes.
        package var blockSize: Int
        /// p: how often all of it is done.
        package var parallelism: Int

        package init(logarithm: Int, blockSize: Int, parallelism: Int) {
            self.logarithm = logarithm
            self.blockSize = blockSize
            self.parallelism = parallelism
        }
    }

    /// Derives bytes from a password.
    ///
    /// - Parameters:
    ///   - byteCount: how many.
    ///   - password: any bytes.
    ///   - salt: any bytes.
    ///   - cost: what to spend.
    ///   - memoryBytesMax: a cost that needs more is refused before it takes any.
    /// - Returns: as many bytes as asked for.
    /// - Throws: if there is no such cost, or it needs too much memory.
    package static func derive(
        _ byteCount: Int, from password: [UInt8], salt: [UInt8], cost: Cost, memoryBytesMax: Int
    ) throws(PlatformError) -> [UInt8] {
        guard (1..<63).contains(cost.logarithm), cost.blockSize > 0, cost.parallelism > 0,
            byteCount > 0, memoryBytesMax > 0
        else { throw .unavailable("scrypt") }
        // What a failure leaves in the thread's queue would be taken for one of TLS.
        defer { ERR_clear_error() }
        var derived = [UInt8](repeating: 0, count: byteCount)
        let done = password.withUnsafeBytes { password in
            // No address would ask OpenSSL only whether it could.
            EVP_PBE_scrypt(
                password.assumingMemoryBound(to: CChar.self).baseAddress, password.count, salt,
                salt.count, 1 << UInt64(cost.logarithm), UInt64(cost.blockSize),
                UInt64(cost.parallelism), UInt64(memoryBytesMax), &derived, byteCount)
        }
        guard done == 1 else { throw .unavailable("scrypt") }
        return derived
    }
}

import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL: encryption that notices changes.
package enum AESGCM {
    package static let keyByteCount = 32
    /// A nonce must never be used twice with a key.
    ///
    /// Random ones may be, with a chance of 2^-32, after 2^32 messages (section 8.3).
    package static let nonceByteCount = 12
    package static let tagByteCount = 16

    nonisolated(unsafe) private static let algorithm = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    /// Encrypts `plain`, and authenticates it together with `context`, which is not encrypted.
    ///
    /// - Returns: as many bytes as `plain` has, and the tag.
    package static func seal(
        _ plain: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) throws(PlatformError) -> [UInt8] {
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: true)
        guard cipher.take(context), var bytes = cipher.transform(plain), cipher.finish(),
            let tag = cipher.tag()
        else { throw .unavailable("AES-GCM") }
        bytes += tag
        return bytes
    }

    /// Decrypts what ``seal(_:key:nonce:context:)`` made.
    ///
    /// - Returns: `nil` if the bytes, the key, the nonce or the context are not those of then.
    package static func open(
        _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) throws(PlatformError) -> [UInt8]? {
        guard sealed.count >= tagByteCount else { return nil }
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: false)
        guard cipher.take(context), let plain = cipher.transform(sealed.dropLast(tagByteCount)),
            cipher.expect(tag: Array(sealed.suffix(tagByteCount)))
        else { throw .unavailable("AES-GCM") }
        // Only now is it known whether those bytes are what somebody sealed.
        return cipher.finish() ? plain : nil
    }

    /// The context of one operation; freed with its owner.
    private struct Cipher: ~Copyable {
        private let raw: OpaquePointer

        init(key: [UInt8], nonce: [UInt8], isSealing: Bool) throws(PlatformError) {
            guard key.count == keyByteCount, nonce.count == nonceByteCount,
                let raw = EVP_CIPHER_CTX_new()
            else { throw .unavailable("AES-GCM") }
            // 12 bytes are the length of a nonce that OpenSSL takes unless told otherwise.
            guard EVP_CipherInit_ex2(raw, algorithm, key, nonce, isSealing ? 1 : 0, nil) == 1
            else {
                EVP_CIPHER_CTX_free(raw)
                ERR_clear_error()
                throw .unavailable("AES-GCM")
            }
            self.raw = raw
        }

        deinit {
            EVP_CIPHER_CTX_free(raw)
            // What a failure leaves in the thread's queue would be taken for one of TLS.
            ERR_clear_error()
        }

        /// Authenticates bytes that are not encrypted.
        borrowing func take(_ context: [UInt8]) -> Bool {
            guard let count = Int32(exactly: context.count) else { return false }
            var length: Int32 = 0
            return EVP_CipherUpdate(raw, nil, &length, context, count) == 1
        }

        /// The same number of bytes, encrypted or decrypted.
        borrowing func transform(_ bytes: some Collection<UInt8>) -> [UInt8]? {
            guard let count = Int32(exactly: bytes.count) else { return nil }
            guard count > 0 else { return [] }
            var result = [UInt8](repeating: 0, count: bytes.count)
            var length: Int32 = 0
            guard EVP_CipherUpdate(raw, &result, &length, Array(bytes), count) == 1,
                length == count
            else { return nil }
            return result
        }

        /// False if the tag that was expected is not that of the bytes.
        borrowing func finish() -> Bool {
            // In this mode there is nothing left to write.
            var nothing: [UInt8] = [0]
            var length: Int32 = 0
            return EVP_CipherFinal_ex(raw, &nothing, &length) == 1
        }

        borrowing func tag() -> [UInt8]? {
            var tag = [UInt8](repeating: 0, count: tagByteCount)
            let done = EVP_CIPHER_CTX_ctrl(
                raw, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), &tag)
            return done == 1 ? tag : nil
        }

        borrowing func expect(tag: [UInt8]) -> Bool {
            var tag = tag
            return EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
        }
    }
}

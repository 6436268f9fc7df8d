import Audiences
import Platform

/// The keys that secrets are sealed under: those of the configuration, then those of the file.
///
/// A sealed secret is `v1.<key id>.<base64url of nonce, AES-256-GCM ciphertext and tag>`.
struct KeyRing: Sendable {
    /// Seals, if it is set; otherwise the file's first key does.
    let configured: EncryptionKey?
    /// They only open.
    let previous: [EncryptionKey]
    let file: KeyFile

    var sealing: Sealing {
        Sealing(
            seal: { plain, context throws(Failure) in try seal(plain, context) },
            open: { sealed, context throws(Failure) in try open(sealed, context) },
            isCurrent: { sealed in isCurrent(sealed) })
    }

    /// The key that seals, made now if there is none, and those that only open.
    func keys() throws(Failure) -> (current: EncryptionKey, old: [EncryptionKey]) {
        if let configured { return (configured, previous + (try file.keys())) }
        var keys = try file.keys()
        if keys.isEmpty {
            try file.createIfMissing()
            keys = try file.keys()
        }
        guard let current = keys.first else {
            throw Failure(.unavailable, "The encryption key was removed while it was made.")
        }
        return (current, previous + keys.dropFirst())
    }

    private func seal(_ plain: [UInt8], _ context: String) throws(Failure) -> SealedSecret {
        let key = try keys().current
        do throws(PlatformError) {
            let nonce = try RandomBytes.make(AESGCM.nonceByteCount)
            let sealed = try AESGCM.seal(
                plain, key: key.bytes, nonce: nonce, context: Array(context.utf8))
            return SealedSecret(
                "\(Self.version).\(key.id).\(UnpaddedBase64.url.encode(nonce + sealed))")
        } catch {
            throw Failure(.internal, "A secret can't be encrypted.", detail: "\(error)")
        }
    }

    private func open(_ sealed: SealedSecret, _ context: String) throws(Failure) -> [UInt8] {
        guard let parts = Parts(sealed) else {
            throw Failure(.internal, "An encrypted secret is malformed.")
        }
        // No key is made here: what can't be opened with one there was can't be with a new one.
        let known = [configured].compactMap { $0 } + previous + (try file.keys())
        let keys = known.filter { $0.id == parts.keyID }
        guard !keys.isEmpty else {
            throw Failure(
                .internal, "A secret was encrypted with a key that is missing.",
                detail: """
                    put the key \(parts.keyID) back into \(KeyFile.name) or into \
                    encryption_key_previous
                    """)
        }
        for key in keys {
            let plain = try? AESGCM.open(
                parts.sealed, key: key.bytes, nonce: parts.nonce, context: Array(context.utf8))
            if let plain { return plain }
        }
        throw Failure(
            .internal, "An encrypted secret was changed, or belongs to something else.",
            detail: context)
    }

    private func isCurrent(_ sealed: SealedSecret) -> Bool {
        let file = file
        let current = configured ?? (try? file.keys())?.first
        return current != nil && Parts(sealed)?.keyID == current?.id
    }

    private static let version = "v1"

    private struct Parts {
        let keyID: String
        let nonce: [UInt8]
        let sealed: [UInt8]

        init?(_ secret: SealedSecret) {
            let parts = secret.text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2)
            guard parts.count == 3, parts[0].elementsEqual(KeyRing.version.utf8),
                let bytes = UnpaddedBase64.url.decode(parts[2]),
                bytes.count >= AESGCM.nonceByteCount + AESGCM.tagByteCount
            else { return nil }
            keyID = String(decoding: parts[1], as: UTF8.self)
            nonce = Array(bytes.prefix(AESGCM.nonceByteCount))
            sealed = Array(bytes.dropFirst(AESGCM.nonceByteCount))
        }
    }
}

extension MusterConfiguration {
    var keyRing: KeyRing {
        KeyRing(
            configured: encryptionKey, previous: previousEncryptionKeys,
            file: KeyFile(directory: dataDirectory))
    }
}

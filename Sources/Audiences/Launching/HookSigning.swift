// Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, "Signature
// scheme"): HMAC-SHA256 over id, time and body, so that none of them can be exchanged.

extension HookSecret {
    /// What a signing secret begins with; then comes its key in base64.
    package static let prefix = "whsec_"
    /// The specification asks for 24 to 64 bytes.
    private static let keyBytes = 32

    /// Makes a secret, which is shown once.
    package static func issue(
        for connection: ConnectionID, at now: Timestamp, by secrets: Secrets, _ sealing: Sealing
    ) throws -> Issued<HookSecret> {
        let key = try secrets.random(keyBytes)
        return Issued(
            stored: HookSecret(
                sealed: try sealing.seal(key, sealingContext(of: connection)), createdAt: now),
            secret: prefix + paddedBase64(key))
    }

    /// What the key of a connection's hook is sealed for.
    package static func sealingContext(of connection: ConnectionID) -> String {
        "hook " + connection.text
    }
}

package enum HookSignature {
    /// The value of `webhook-signature`: one signature for each key, spaces between.
    ///
    /// - Parameters:
    ///   - id: `webhook-id`.
    ///   - seconds: `webhook-timestamp`, of this attempt, since 1970.
    ///   - body: as it is sent.
    ///   - keys: of at most 64 bytes each.
    ///   - secrets: computes.
    /// - Returns: `v1,…`; empty without keys.
    /// - Throws: what `secrets` throws.
    package static func value(
        id: String, seconds: Int64, body: [UInt8], keys: [[UInt8]], by secrets: Secrets
    ) throws -> String {
        let message = Array("\(id).\(seconds).".utf8) + body
        return try keys.map { key in
            "v1," + paddedBase64(try secrets.messageCode(message, key: key))
        }.joined(separator: " ")
    }
}

/// RFC 4648 section 4.
private func paddedBase64(_ bytes: [UInt8]) -> String {
    let text = UnpaddedBase64.standard.encode(bytes)
    return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
}

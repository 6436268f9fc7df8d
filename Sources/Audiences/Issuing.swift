/// What is stored of a new credential, and the secret itself, to be shown once and forgotten.
package struct Issued<Stored: Sendable>: Sendable {
    package let stored: Stored
    package let secret: String
}

extension CohortSync {
    /// What a webhook secret begins with.
    package static let secretPrefix = "muster_secret_"

    /// Makes a cohort sync with a random username and one secret.
    package static func issue(
        at now: Timestamp, by secrets: Secrets
    ) throws -> Issued<CohortSync> {
        let secret = try StoredSecret.issue(at: now, by: secrets)
        return Issued(
            stored: CohortSync(
                username: try secrets.makeUsername(), secrets: [secret.stored], createdAt: now),
            secret: secret.secret)
    }
}

extension StoredSecret {
    package static func issue(
        at now: Timestamp, by secrets: Secrets
    ) throws -> Issued<StoredSecret> {
        let secret = try secrets.makeSecret(prefix: CohortSync.secretPrefix)
        return Issued(
            stored: StoredSecret(
                id: SecretID.make(from: try secrets.random(16)), hash: try secrets.hash(secret),
                createdAt: now),
            secret: secret)
    }
}

extension OperatorKey {
    /// What an operator key begins with; then come its id, `_`, and the random part.
    package static let keyPrefix = "muster_key_"

    package static func issue(
        name: String, scope: Scope = .admin, at now: Timestamp, by secrets: Secrets
    ) throws -> Issued<OperatorKey> {
        let id = OperatorKeyID.make(from: try secrets.random(16))
        let text = try secrets.makeSecret(prefix: prefix(of: id))
        return Issued(
            stored: OperatorKey(
                id: id, name: name, scope: scope, hash: try secrets.hash(text), createdAt: now),
            secret: text)
    }

    /// Which key a caller claims to have; `nil` if the text has not even the form of one.
    package static func id(claimedBy text: [UInt8]) -> OperatorKeyID? {
        guard text.starts(with: keyPrefix.utf8) else { return nil }
        let own = text.dropFirst(keyPrefix.utf8.count).prefix { $0 != UInt8(ascii: "_") }
        return OperatorKeyID(OperatorKeyID.prefix + String(decoding: own, as: UTF8.self))
    }

    private static func prefix(of id: OperatorKeyID) -> String {
        keyPrefix + id.text.dropFirst(OperatorKeyID.prefix.count) + "_"
    }
}

extension Connection {
    package static func make(
        name: String, referenceProperty: String? = nil, traitsAllowed: [String] = [],
        at now: Timestamp, by secrets: Secrets
    ) throws -> Connection {
        let name = String(name.prefix(Limits.nameCharactersMax))
        guard !name.isEmpty else { throw Failure(.invalid, "A connection needs a name.") }
        return Connection(
            id: ConnectionID.make(from: try secrets.random(16)), name: name,
            referenceProperty: referenceProperty ?? defaultReferenceProperty,
            traitsAllowed: traitsAllowed, createdAt: now)
    }
}

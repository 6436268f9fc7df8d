/// A key with which an operator or an app back end calls the API.
package struct OperatorKey: Sendable, Hashable {
    package var id: OperatorKeyID
    package var name: String
    package var scope: Scope
    package var hash: SecretHash
    package var createdAt: Timestamp
    /// From then on the key opens nothing.
    package var revokedAt: Timestamp?

    /// What a key may do.
    package enum Scope: String, Sendable, Hashable, CaseIterable {
        /// Everything.
        case admin
        /// Ask, but change nothing: for app back ends.
        case read
    }

    package init(
        id: OperatorKeyID, name: String, scope: Scope = .admin, hash: SecretHash,
        createdAt: Timestamp, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.scope = scope
        self.hash = hash
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}

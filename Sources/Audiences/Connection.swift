/// One link to one Mixpanel project.
package struct Connection: Sendable, Hashable {
    package var id: ConnectionID
    package var name: String
    /// The exported profile property that holds the app's own user id.
    package var referenceProperty: String
    /// The exported properties that are kept as traits; none by default.
    package var traitsAllowed: [String]
    /// Replacements that would remove a larger share of an audience are held; `nil` holds none.
    package var guardMaxRemoved: RemovedFraction?
    /// `nil` until the cohort sync is set up.
    package var cohortSync: CohortSync?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package static let defaultReferenceProperty = "reference_id"

    package init(
        id: ConnectionID, name: String,
        referenceProperty: String = Connection.defaultReferenceProperty,
        traitsAllowed: [String] = [], guardMaxRemoved: RemovedFraction? = nil,
        cohortSync: CohortSync? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.referenceProperty = referenceProperty
        self.traitsAllowed = traitsAllowed
        self.guardMaxRemoved = guardMaxRemoved
        self.cohortSync = cohortSync
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// The path of the webhook; it never changes, for Mixpanel can't edit a destination's URL.
    package var webhookPath: String { "/webhooks/mixpanel/\(id.text)" }
}

/// The inbound half of a connection: who may post pages to it.
package struct CohortSync: Sendable, Hashable {
    /// The Basic username.
    ///
    /// It never changes.
    package var username: String
    /// The secrets that are valid or were until they expired, newest first.
    package var secrets: [StoredSecret]
    package var createdAt: Timestamp

    package init(username: String, secrets: [StoredSecret], createdAt: Timestamp) {
        self.username = username
        self.secrets = secrets
        self.createdAt = createdAt
    }

    /// Whether these credentials open the webhook at `now`.
    ///
    /// Every half and every secret is always compared, in constant time, so that neither the
    /// answer nor its time tells which part was wrong.
    package func accepts(
        username given: [UInt8], secret: [UInt8], at now: Timestamp, by secrets: Secrets
    ) throws -> Bool {
        let userMatches = secrets.equal(
            try secrets.sha256(given), try secrets.sha256(Array(username.utf8)))
        var secretMatches = false
        for stored in self.secrets {
            let matches = try stored.hash.matches(secret, by: secrets)
            let valid = stored.expiresAt.map { now < $0 } ?? true
            secretMatches = (matches && valid) || secretMatches
        }
        return userMatches && secretMatches
    }
}

/// A secret as it is kept: a hash, and until when it is valid.
package struct StoredSecret: Sendable, Hashable {
    package var hash: SecretHash
    package var createdAt: Timestamp
    /// `nil` if it is valid until it is replaced.
    package var expiresAt: Timestamp?

    package init(hash: SecretHash, createdAt: Timestamp, expiresAt: Timestamp? = nil) {
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// A key with which an operator or an app back end calls the API.
package struct OperatorKey: Sendable, Hashable {
    package var id: OperatorKeyID
    package var name: String
    package var hash: SecretHash
    package var createdAt: Timestamp
    /// From then on the key opens nothing.
    package var revokedAt: Timestamp?

    package init(
        id: OperatorKeyID, name: String, hash: SecretHash, createdAt: Timestamp,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.hash = hash
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}

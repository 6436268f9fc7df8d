/// The inbound half of a connection: who may post pages to it.
package struct CohortSync: Sendable, Hashable {
    /// The Basic username.
    ///
    /// It never changes.
    package var username: String
    /// The secrets that are valid or were until they expired, newest first.
    package var secrets: [StoredSecret]
    package var createdAt: Timestamp
    /// Since when it is switched off; `nil` if it is on.
    ///
    /// Mixpanel is then answered 503, which it retries, and never a 4xx, which would pause the
    /// customer's sync for good (Mixpanel's custom webhook page, "Errors").
    package var switchedOffAt: Timestamp?
    /// When the first page was recorded; `nil` before it.
    package var firstPageAt: Timestamp?

    package init(
        username: String, secrets: [StoredSecret], createdAt: Timestamp,
        switchedOffAt: Timestamp? = nil, firstPageAt: Timestamp? = nil
    ) {
        self.username = username
        self.secrets = secrets
        self.createdAt = createdAt
        self.switchedOffAt = switchedOffAt
        self.firstPageAt = firstPageAt
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
    package var id: SecretID
    package var hash: SecretHash
    package var createdAt: Timestamp
    /// From then on it opens nothing; `nil` if it is valid until it is replaced.
    package var expiresAt: Timestamp?
    /// When a page was last recorded with it, within ``Limits/lastUseMillisecondsMin``.
    package var lastUsedAt: Timestamp?

    package init(
        id: SecretID, hash: SecretHash, createdAt: Timestamp, expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

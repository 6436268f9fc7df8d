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

    /// The secret that these credentials show, if they open the webhook at `now`.
    ///
    /// Every half is always compared, and every secret of the kind asked for, in constant time, so
    /// that neither the answer nor its time tells which part was wrong.
    ///
    /// - Parameters:
    ///   - credentials: what was sent.
    ///   - slowly: whether to compare with the secrets that people chose, which takes long, or
    ///     with the others.
    ///   - now: when.
    ///   - secrets: compares.
    /// - Returns: `nil` for strangers.
    /// - Throws: what `secrets` throws.
    package func secret(
        shownBy credentials: Credentials, slowly: Bool, at now: Timestamp, by secrets: Secrets
    ) throws -> StoredSecret? {
        let userMatches = isUsername(credentials.username, by: secrets)
        var shown: StoredSecret?
        for stored in self.secrets where stored.hash.isSlow == slowly {
            let matches = try stored.hash.matches(credentials.secret, by: secrets)
            if matches && stored.isValid(at: now) { shown = stored }
        }
        return userMatches ? shown : nil
    }

    /// In a time that depends on how long the given one is, and not on where they differ or on how
    /// long the username is; an empty one is nobody's.
    package func isUsername(_ given: [UInt8], by secrets: Secrets) -> Bool {
        let own = Array(username.utf8)
        // Two strings of one length, since comparing ends early for others; digests of both would
        // be such too, and took a fifth of the whole check each.
        let asLong = given.indices.map { own.isEmpty ? 0 : own[$0 % own.count] }
        let isSame = secrets.equal(given, asLong)
        return isSame && given.count == own.count && !own.isEmpty
    }
}

/// What a caller of a webhook sends to be let in.
package struct Credentials: Sendable, Hashable {
    package var username: [UInt8]
    package var secret: [UInt8]

    package init(username: [UInt8], secret: [UInt8]) {
        self.username = username
        self.secret = secret
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

    package func isValid(at now: Timestamp) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }

    /// Whether the time of its last use is old enough to be written again.
    package func isUseWorthNoting(at now: Timestamp) -> Bool {
        guard let lastUsedAt else { return true }
        return now.milliseconds &- lastUsedAt.milliseconds >= Limits.lastUseMillisecondsMin
    }
}

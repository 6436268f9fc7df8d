import Audiences

/// A connection and a key to try things with, made when the store has no connection yet.
enum Demo {
    /// What to show once; `nil` if there was a connection already.
    ///
    /// - Parameters:
    ///   - store: where they are kept.
    ///   - url: where this server is reached, without a slash at the end.
    ///   - program: how the reader can call this program again.
    ///   - now: when they are made.
    ///   - secrets: makes the secrets.
    /// - Returns: text for a terminal.
    /// - Throws: `Failure` if the store can't take them.
    static func create(
        in store: some ConnectionStore & CohortSyncStore & OperatorKeyStore, url: String,
        program: String,
        at now: Timestamp, by secrets: Secrets
    ) async throws -> String? {
        guard try await store.connections(ListRange(limit: 1)).items.isEmpty else { return nil }
        let connection = try Connection.make(name: "Demo", at: now, by: secrets)
        let sync = try CohortSync.issue(at: now, by: secrets)
        let key = try OperatorKey.issue(name: "Demo", at: now, by: secrets)
        try await store.create(connection, for: .commandLine)
        try await store.setUp(sync.stored, of: connection.id, for: .commandLine)
        try await store.create(key.stored, for: .commandLine)
        return """

            A demo connection was made. Its secrets are shown this once:

              Webhook URL   \(url)\(connection.webhookPath)
              Username      \(sync.stored.username)
              Secret        \(sync.secret)
              Operator key  \(key.secret)

            Play a Mixpanel sync of 20,000 members against it, from another terminal:

              \(program) simulate \(url)\(connection.webhookPath) \\
                --username \(sync.stored.username) --secret \(sync.secret)

            and see what arrived:

              curl -s -H "Authorization: Bearer \(key.secret)" \(url)/v1/audiences

            """
    }
}

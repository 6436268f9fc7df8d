import Audiences
import Synchronization
import TestSupport

/// Secrets that count what is computed, for time itself can't be compared in a test.
final class CountedSecrets: Sendable {
    struct Work: Hashable {
        var digests = 0
        var comparisons = 0
        var slowHashes = 0
    }

    private let work = Mutex(Work())

    var secrets: Secrets {
        let plain = Secrets.plain
        return Secrets(
            random: plain.random,
            sha256: { [self] message in
                work.withLock { $0.digests += 1 }
                return try plain.sha256(message)
            },
            equal: { [self] left, right in
                work.withLock { $0.comparisons += 1 }
                return plain.equal(left, right)
            },
            scrypt: { [self] password, salt, _ in
                work.withLock { $0.slowHashes += 1 }
                return try plain.sha256([1] + password + salt)
            })
    }

    /// What has been done since the last call.
    func take() -> Work {
        work.withLock { work in
            defer { work = Work() }
            return work
        }
    }
}

extension House {
    /// A connection whose secret somebody chose, and the headers that open its webhook.
    func connectDeclared(
        _ secret: String = "chosen", by secrets: Secrets
    ) async throws -> (connection: Connection, open: [(String, String)]) {
        var connection = try Connection.make(name: "Declared", at: clock.now, by: secrets)
        let stored = StoredSecret(
            id: SecretID.make(from: [UInt8](repeating: 3, count: 16)),
            hash: try secrets.hashSlowly(Array(secret.utf8)), createdAt: clock.now)
        connection.cohortSync = CohortSync(
            username: "mixpanel", secrets: [stored], createdAt: clock.now)
        try await store.create(connection)
        return (connection, basic("mixpanel", secret))
    }
}

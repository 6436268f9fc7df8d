import Audiences
import HTTPWire
import Synchronization

/// Compares credentials with secrets that people chose, whose hashes take long, so that nobody can
/// burn a core by trying.
///
/// What was right once is remembered, and costs a microsecond from then on. What was not is
/// computed off the event loops, one at a time, a few times a minute for each peer: see
/// ``PeerThrottle`` and ``SlowLane``.
final class SlowCheck: Sendable {
    /// How many right credentials are remembered: more than there are declared connections.
    static let rememberedMax = 1024

    private struct Memory {
        /// Of this process only, and made when it is first needed.
        var key: [UInt8] = []
        var codes: Set<[UInt8]> = []
    }

    private let secrets: Secrets
    private let failures: PeerThrottle
    private let lane = SlowLane()
    private let memory = Mutex(Memory())

    init(secrets: Secrets, failuresMax: Int) {
        self.secrets = secrets
        failures = PeerThrottle(perMinuteMax: failuresMax)
    }

    /// The secret that these credentials show; `nil` if it is none of the slow ones.
    ///
    /// A wrong username costs what a wrong secret costs, for only all of it together is remembered.
    ///
    /// - Parameters:
    ///   - credentials: what was sent.
    ///   - sync: has slow secrets.
    ///   - connection: whose they are.
    ///   - peer: who tries.
    ///   - now: the time.
    /// - Returns: a secret that is valid.
    /// - Throws: `tooManyFailures` or `busy`, and then nothing was compared; what `secrets` throws.
    func secret(
        shownBy credentials: Credentials, of sync: CohortSync, _ connection: ConnectionID,
        _ peer: Peer, at now: @Sendable () -> Timestamp
    ) async throws -> StoredSecret? {
        if let known = try remembered(credentials, sync, connection, at: now()) { return known }
        let begin = now()
        if let seconds = failures.take(connection, peer, at: begin) {
            throw AdmitConnection.Refusal.tooManyFailures(seconds: seconds)
        }
        do {
            let shown = try await lane.run { [self] in
                // Pages come in parallel: the first of them may have been right meanwhile.
                try remembered(credentials, sync, connection, at: begin)
                    ?? compare(credentials, sync, connection, at: begin)
            }
            if shown != nil { failures.giveBack(connection, peer, takenAt: begin, at: now()) }
            return shown
        } catch is SlowLane.Full {
            failures.giveBack(connection, peer, takenAt: begin, at: now())
            throw AdmitConnection.Refusal.busy
        }
    }

    private func compare(
        _ credentials: Credentials, _ sync: CohortSync, _ connection: ConnectionID,
        at now: Timestamp
    ) throws -> StoredSecret? {
        let shown = try sync.secret(shownBy: credentials, slowly: true, at: now, by: secrets)
        guard let shown else { return nil }
        let code = try code(credentials, sync.username, shown.hash, connection)
        memory.withLock { memory in
            // Only who knows a secret gets here, so nobody can push others out on purpose.
            if memory.codes.count >= Self.rememberedMax { memory.codes.removeAll() }
            memory.codes.insert(code)
        }
        return shown
    }

    private func remembered(
        _ credentials: Credentials, _ sync: CohortSync, _ connection: ConnectionID,
        at now: Timestamp
    ) throws -> StoredSecret? {
        for stored in sync.secrets where stored.hash.isSlow && stored.isValid(at: now) {
            let code = try code(credentials, sync.username, stored.hash, connection)
            if memory.withLock({ $0.codes.contains(code) }) { return stored }
        }
        return nil
    }

    /// What stands for credentials that were right: nobody without this process' key can tell from
    /// it what they were, or steer where in the table they lie.
    private func code(
        _ credentials: Credentials, _ username: String, _ hash: SecretHash,
        _ connection: ConnectionID
    ) throws -> [UInt8] {
        let key = try memory.withLock { memory in
            if memory.key.isEmpty { memory.key = try secrets.random(32) }
            return memory.key
        }
        var message: [UInt8] = []
        for part in [
            Array(connection.text.utf8), Array(username.utf8), Array(hash.phc.utf8),
            credentials.username, credentials.secret,
        ] {
            // With its length, lest a part's end be taken for the next one's beginning.
            withUnsafeBytes(of: part.count.bigEndian) { message += $0 }
            message += part
        }
        return try secrets.messageCode(message, key: key)
    }
}

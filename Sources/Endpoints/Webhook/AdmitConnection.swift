import Audiences
import HTTPWire
import Routing

/// From path and Basic credentials to a connection, before a byte of the body is read.
struct AdmitConnection: Sendable {
    private let connections: any ConnectionStore
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp
    private let failures: PeerThrottle
    private let slow: SlowCheck

    init(_ parts: Dependencies) {
        connections = parts.connections
        secrets = parts.secrets
        now = parts.now
        failures = PeerThrottle(perMinuteMax: parts.limits.webhookFailuresPerMinuteMax)
        slow = SlowCheck(
            secrets: parts.secrets,
            failuresMax: parts.limits.webhookSlowFailuresPerMinuteMax)
    }

    /// - Parameter request: its body stays unread.
    /// - Returns: the connection whose credentials the request carries, and which secret it was.
    /// - Throws: ``Refusal`` for who is not let in; `Failure` if the store can't be read.
    func callAsFunction(_ request: Request) async throws -> (Connection, StoredSecret) {
        let id = ConnectionID(request.parameters["connection"])
        guard let id else { throw Refusal.unknownConnection }
        let connection = try await connections.connection(id)
        guard let connection else { throw Refusal.unknownConnection }
        if let seconds = failures.secondsToWait(id, request.peer, at: now()) {
            throw Refusal.tooManyFailures(seconds: seconds)
        }
        let secret = try await secret(shownBy: request, of: connection)
        guard let secret else {
            failures.note(id, request.peer, at: now())
            throw Refusal.wrongCredentials
        }
        // Only who may know is told.
        guard connection.cohortSync?.switchedOffAt == nil else { throw Refusal.switchedOff }
        return (connection, secret)
    }

    private func secret(
        shownBy request: Request, of connection: Connection
    ) async throws -> StoredSecret? {
        // No credentials, and no cohort sync to compare them with, take the same path as wrong
        // ones: the answer and its time must not tell which it was.
        let sync = connection.cohortSync ?? Self.nobody
        var given: Credentials?
        if case .basic(let user, let password) = Authorization(request.head.headers) {
            given = Credentials(username: user, secret: password)
        }
        let time = now()
        let shown = try sync.secret(
            shownBy: given ?? Credentials(username: [], secret: []), slowly: false, at: time,
            by: secrets)
        let hasSlowOnes = sync.secrets.contains { $0.hash.isSlow && $0.isValid(at: time) }
        // Whoever sent no credentials knows that, so no time is spent to hide it.
        guard shown == nil, let given, hasSlowOnes else { return shown }
        return try await slow.secret(
            shownBy: given, of: sync, connection.id, request.peer, at: now)
    }

    enum Refusal: CallersMistake, Hashable {
        /// 404: Mixpanel's user typed a wrong URL.
        case unknownConnection
        /// 401: no, malformed or wrong credentials, whichever half it was.
        case wrongCredentials
        /// 429: too many wrong credentials from this peer; nothing was compared.
        case tooManyFailures(seconds: Int)
        /// 503: the credentials are right, and somebody switched the cohort sync off.
        case switchedOff
        /// 503: too many credentials that take long are being compared.
        case busy
    }

    /// A cohort sync that accepts nobody.
    private static let nobody = CohortSync(
        username: "",
        secrets: SecretHash.nobodys.map { hash in
            [
                StoredSecret(
                    id: SecretID(unchecked: SecretID.prefix), hash: hash,
                    createdAt: Timestamp(milliseconds: 0))
            ]
        } ?? [], createdAt: Timestamp(milliseconds: 0))
}

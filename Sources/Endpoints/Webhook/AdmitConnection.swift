import Audiences
import HTTPWire
import Routing

/// From path and Basic credentials to a connection, before a byte of the body is read.
struct AdmitConnection: Sendable {
    let connections: any ConnectionStore
    let secrets: Secrets
    let now: @Sendable () -> Timestamp

    /// - Parameter request: its body stays unread.
    /// - Returns: the connection whose credentials the request carries.
    /// - Throws: ``Refusal`` for a stranger; `Failure` if the store can't be read.
    func callAsFunction(_ request: Request) async throws -> Connection {
        let id = ConnectionID(request.parameters["connection"])
        guard let id else { throw Refusal.unknownConnection }
        let connection = try await connections.connection(id)
        guard let connection else { throw Refusal.unknownConnection }
        // No credentials, and no cohort sync to compare them with, take the same path as wrong
        // ones: the answer and its time must not tell which it was.
        var given = (user: [UInt8](), password: [UInt8]())
        if case .basic(let user, let password) = Authorization(request.head.headers) {
            given = (user, password)
        }
        let sync = connection.cohortSync ?? Self.nobody
        guard try sync.accepts(username: given.user, secret: given.password, at: now(), by: secrets)
        else { throw Refusal.wrongCredentials }
        return connection
    }

    enum Refusal: CallersMistake, Hashable {
        /// 404: Mixpanel's user typed a wrong URL.
        case unknownConnection
        /// 401: no, malformed or wrong credentials, whichever half it was.
        case wrongCredentials
    }

    /// A cohort sync that accepts nobody.
    private static let nobody = CohortSync(
        username: "",
        secrets: SecretHash(phc: nobodyHash).map { hash in
            [
                StoredSecret(
                    id: SecretID(unchecked: SecretID.prefix), hash: hash,
                    createdAt: Timestamp(milliseconds: 0))
            ]
        } ?? [], createdAt: Timestamp(milliseconds: 0))

    /// Nothing is known that hashes to this.
    private static let nobodyHash =
        "$sha256$" + String(repeating: "0", count: 32) + "$" + String(repeating: "0", count: 64)
}

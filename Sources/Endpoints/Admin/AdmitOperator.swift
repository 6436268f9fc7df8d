import Audiences
import HTTPWire
import Routing

/// Lets a request through that carries a valid operator key.
struct AdmitOperator: Sendable {
    private let keys: any OperatorKeyStore
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        keys = parts.keys
        secrets = parts.secrets
        now = parts.now
    }

    /// - Parameter request: only its head is looked at.
    /// - Throws: ``Unauthorized`` without saying what was wrong; `Failure` if the store can't be
    ///   read.
    func callAsFunction(_ request: Request) async throws {
        guard case .bearer(let token) = Authorization(request.head.headers),
            let id = OperatorKey.id(claimedBy: token)
        else { throw Unauthorized() }
        let key = try await keys.operatorKey(id)
        guard let key else { throw Unauthorized() }
        let matches = try key.hash.matches(token, by: secrets)
        let isValid = key.revokedAt.map { now() < $0 } ?? true
        guard matches, isValid else { throw Unauthorized() }
    }
}

extension Request {
    /// What the request does, for the stores.
    var operation: Operation { Operation(by: .server, requestID: id.description) }
}

import Audiences
import HTTPWire
import Routing

/// Lets a request through that carries a valid operator key of the scope it takes.
struct AdmitOperator: Sendable {
    private let keys: any OperatorKeyStore
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        keys = parts.keys
        secrets = parts.secrets
        now = parts.now
    }

    /// - Parameters:
    ///   - request: only its head is looked at.
    ///   - scope: what the request takes.
    /// - Returns: the key.
    /// - Throws: ``Unauthorized`` without saying what was wrong; ``Forbidden`` if the key is good
    ///   and does not reach so far; `Failure` if the store can't be read.
    func callAsFunction(
        _ request: Request, needing scope: OperatorKey.Scope
    ) async throws -> OperatorKey {
        guard case .bearer(let token) = Authorization(request.head.headers),
            let id = OperatorKey.id(claimedBy: token)
        else { throw Unauthorized() }
        let key = try await keys.operatorKey(id)
        guard let key else { throw Unauthorized() }
        let matches = try key.hash.matches(token, by: secrets)
        let isValid = key.revokedAt.map { now() < $0 } ?? true
        guard matches, isValid else { throw Unauthorized() }
        guard key.scope == .admin || scope == .read else { throw Forbidden(needed: scope) }
        return key
    }
}

/// The caller did not show a valid credential.
struct Unauthorized: CallersMistake {}

/// The caller is known, and may not do this.
struct Forbidden: CallersMistake {
    let needed: OperatorKey.Scope
}

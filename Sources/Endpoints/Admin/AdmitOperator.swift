import Audiences
import HTTPWire
import Routing

/// Lets a request through that carries a valid operator key of the scope it takes.
struct AdmitOperator: Sendable {
    private let keys: any OperatorKeyStore
    private let secrets: Secrets
    private let now: @Sendable () -> Timestamp
    private let recognized = RecognizedKeys()

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
        guard let token = Authorization.bearerToken(request.head.headers) else {
            throw Unauthorized()
        }
        let key = try await key(token)
        guard let key, isValid(until: key.revokedAt) else { throw Unauthorized() }
        guard key.scope == .admin || scope == .read else { throw Forbidden(needed: scope) }
        return key
    }

    /// Whether the request comes with such a key; false also if that can't be said at once.
    func atOnce(_ head: RequestHead, needing scope: OperatorKey.Scope) -> Bool {
        guard let token = Authorization.bearerToken(head.headers), let edition = keys.keyEdition
        else { return false }
        guard let reach = recognized.reach(of: token, edition) else { return false }
        return isValid(until: reach.revokedAt) && (reach.scope == .admin || scope == .read)
    }

    /// The key of that text, revoked or not; `nil` if there is none.
    private func key(_ token: ArraySlice<UInt8>) async throws -> OperatorKey? {
        let edition = keys.keyEdition
        if let edition, let key = recognized.key(token, edition) { return key }
        let text = Array(token)
        guard let id = OperatorKey.id(claimedBy: text) else { return nil }
        let key = try await keys.operatorKey(id)
        guard let key, try key.hash.matches(text, by: secrets) else { return nil }
        if let edition { recognized.add(key, shown: token, edition) }
        return key
    }

    private func isValid(until end: Timestamp?) -> Bool {
        end.map { now() < $0 } ?? true
    }
}

/// The caller did not show a valid credential.
struct Unauthorized: CallersMistake {}

/// The caller is known, and may not do this.
struct Forbidden: CallersMistake {
    let needed: OperatorKey.Scope
}

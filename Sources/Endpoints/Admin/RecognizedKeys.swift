import Audiences
import Synchronization

/// Operator keys that were found good, recognized when they are shown again.
///
/// To check a key, it is read from the store and what was shown is hashed, which takes longer than
/// to find out who somebody is. What is kept here of a good one is a code under keys that only this
/// process has: 128 bits of SipHash, so nobody can make up what has that code, and what is in
/// memory opens nothing. Whatever becomes of keys in the store makes all of this void
/// (``Audiences/OperatorKeyStore/keyEdition``).
final class RecognizedKeys: Sendable {
    /// How many are kept; few are in use at a time.
    static let keysMax = 64

    private typealias Code = (UInt64, UInt64)

    private struct Recognized {
        let code: Code
        let edition: UInt64
        let key: OperatorKey
        // Of the key, to be looked at without a copy of all its texts.
        let scope: OperatorKey.Scope
        let revokedAt: Timestamp?
    }

    private let hashing = SipHash.random()
    private let recognized = Mutex<[Recognized]>([])

    // The edition is that of the store's keys, as of now.

    /// The key that was found good when this was shown before; `nil` if none was.
    func key(_ token: ArraySlice<UInt8>, _ edition: UInt64) -> OperatorKey? {
        guard let code = code(token) else { return nil }
        return recognized.withLock { all in
            all.first { $0.code == code && $0.edition == edition }?.key
        }
    }

    /// Whether there is one, and what it may do and when it ends; `nil` if none was.
    func reach(
        of token: ArraySlice<UInt8>, _ edition: UInt64
    ) -> (scope: OperatorKey.Scope, revokedAt: Timestamp?)? {
        guard let code = code(token) else { return nil }
        return recognized.withLock { all in
            for index in all.indices
            where all[index].code == code && all[index].edition == edition {
                return (all[index].scope, all[index].revokedAt)
            }
            return nil
        }
    }

    /// - Parameters:
    ///   - key: was found good.
    ///   - token: what was shown.
    ///   - edition: of the store's keys, before this one was read.
    func add(_ key: OperatorKey, shown token: ArraySlice<UInt8>, _ edition: UInt64) {
        guard let code = code(token) else { return }
        recognized.withLock { all in
            all.removeAll { $0.code == code || $0.edition != edition }
            if all.count >= Self.keysMax { all.removeFirst() }
            all.append(
                Recognized(
                    code: code, edition: edition, key: key, scope: key.scope,
                    revokedAt: key.revokedAt))
        }
    }

    private func code(_ token: ArraySlice<UInt8>) -> Code? {
        guard let hashing else { return nil }
        return token.withUnsafeBytes { hashing.longHash($0) }
    }
}

extension SipHash {
    /// Under a key that nobody knows and nobody keeps.
    static func random() -> SipHash? {
        var random = SystemRandomNumberGenerator()
        return SipHash(
            key: (0..<keyBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
}

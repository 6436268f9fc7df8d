import Audiences
import Synchronization

/// Signed ids that were found right, recognized when they are shown again: an app shows the same
/// one with every call, and to check it takes five times as long as to answer.
///
/// What is kept is a code of secret, id and signature under a key of this process, as of
/// ``RecognizedKeys``. The sealed secret is a part of it: after another one was made, or the same
/// one sealed anew, nothing is recognized.
final class RecognizedIdentities: Sendable {
    /// How many there is room for: half a megabyte, taken with the first one.
    static let placesMax = 32_768

    private typealias Code = (UInt64, UInt64)

    private let hashing = SipHash.random()
    /// Each code at the place its first half names.
    private let places = Mutex<[Code]>([])

    func contains(_ id: ExternalID, signedBy identity: String, under secret: SealedSecret) -> Bool {
        guard let code = code(id, identity, secret) else { return false }
        return places.withLock { places in
            !places.isEmpty && places[Self.place(code)] == code
        }
    }

    func add(_ id: ExternalID, signedBy identity: String, under secret: SealedSecret) {
        guard let code = code(id, identity, secret) else { return }
        places.withLock { places in
            if places.isEmpty { places = Array(repeating: (0, 0), count: Self.placesMax) }
            places[Self.place(code)] = code
        }
    }

    private static func place(_ code: Code) -> Int {
        Int(truncatingIfNeeded: code.0 % UInt64(placesMax))
    }

    /// No id and no sealed secret has a NUL, so no two of them are the same text.
    private func code(_ id: ExternalID, _ identity: String, _ secret: SealedSecret) -> Code? {
        let parts = Array(secret.text.utf8) + [0] + Array(identity.utf8) + [0] + Array(id.text.utf8)
        return parts.withUnsafeBytes { hashing?.longHash($0) }
    }
}

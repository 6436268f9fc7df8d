import Audiences

extension SecretHash {
    /// What credentials are compared with where there is nobody to compare them with, so that the
    /// time does not tell: nothing is known that hashes to this.
    static let nobodys = SecretHash(
        phc: "$sha256$" + String(repeating: "0", count: 32) + "$"
            + String(repeating: "0", count: 64))
}

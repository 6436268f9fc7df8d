import HTTPWire
import Routing

/// What the three-part header says: `User <..>, Organization <..>, Element <..>`, in any order.
///
/// The secrets are opaque and may hold `=`, so that a part is split at its first space only.
struct ElementAuthorization: Sendable, Hashable {
    private(set) var user: [UInt8]?
    private(set) var organization: [UInt8]?
    private(set) var element: [UInt8]?

    /// `nil` if there is no field, more than one, or a part that is none of the three, comes twice
    /// or is empty.
    init?(_ headers: Headers) {
        guard let value = headers.only("authorization") else { return nil }
        for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let part = Self.trimmed(part)
            guard let space = part.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            let secret = Array(Self.trimmed(part[space...]))
            guard !secret.isEmpty, !secret.contains(UInt8(ascii: " ")) else { return nil }
            let place: WritableKeyPath<Self, [UInt8]?>? =
                switch String(decoding: part[..<space].map(asciiLowercase), as: UTF8.self) {
                case "user": \.user
                case "organization": \.organization
                case "element": \.element
                default: nil
                }
            guard let place, self[keyPath: place] == nil else { return nil }
            self[keyPath: place] = secret
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == 0x09 }
        var bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return bytes
    }
}

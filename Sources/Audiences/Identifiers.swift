/// An identifier Muster made: a prefix that names the kind, then random characters.
///
/// Opaque to callers, stable for ever, and safe in a URL. Distinct types per kind, so that an
/// audience's id can't be handed to something that wants a connection's.
package protocol MadeIdentifier: Sendable, Hashable, Comparable {
    /// `conn_`, `aud_`, …
    static var prefix: String { get }
    var text: String { get }
    init(unchecked text: String)
}

extension MadeIdentifier {
    /// `nil` unless `text` could have been made by ``make(from:)``.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.starts(with: Self.prefix.utf8),
            bytes.count == Self.prefix.utf8.count + identifierCharacters,
            bytes.dropFirst(Self.prefix.utf8.count).allSatisfy(identifierAlphabet.contains)
        else { return nil }
        self.init(unchecked: text)
    }

    /// A new identifier out of 16 random bytes, 80 bits of which are used.
    package static func make(from random: [UInt8]) -> Self {
        let characters = random.prefix(identifierCharacters).map { byte in
            Character(Unicode.Scalar(identifierAlphabet[Int(byte % 32)]))
        }
        return Self(unchecked: prefix + String(characters))
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// How many characters follow the prefix; each holds 5 bits.
private let identifierCharacters = 16

/// Lower case, without the letters that are read as digits (i, l, o) and without u.
private let identifierAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

package struct ConnectionID: MadeIdentifier {
    package static let prefix = "conn_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct AudienceID: MadeIdentifier {
    package static let prefix = "aud_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct OperatorKeyID: MadeIdentifier {
    package static let prefix = "key_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct SecretID: MadeIdentifier {
    package static let prefix = "sec_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct ReconciliationID: MadeIdentifier {
    package static let prefix = "rec_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct StudyID: MadeIdentifier {
    package static let prefix = "study_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct LaunchRuleID: MadeIdentifier {
    package static let prefix = "rule_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

package struct HookDeliveryID: MadeIdentifier {
    package static let prefix = "msg_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

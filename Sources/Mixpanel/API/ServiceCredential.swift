/// A service account's username and secret.
///
/// Neither is ever printed: not by `description`, not by `dump`.
package struct ServiceCredential: Sendable {
    package let username: String
    package let secret: [UInt8]

    /// `nil` unless both can stand in a Basic header (RFC 7617 section 2): 1 to
    /// ``MixpanelLimits/credentialBytesMax`` bytes without controls, the username without a colon.
    package init?(username: String, secret: [UInt8]) {
        guard Self.canBeUsername(username), Self.canStand(secret) else { return nil }
        self.username = username
        self.secret = secret
    }

    /// The value of `Authorization`.
    ///
    /// Mixpanel also takes it without base64, which no library would.
    package var authorization: String {
        "Basic " + Base64.encode(Array(username.utf8) + [UInt8(ascii: ":")] + secret)
    }

    static func canBeUsername(_ text: String) -> Bool {
        canStand(text.utf8) && !text.utf8.contains(UInt8(ascii: ":"))
    }

    private static func canStand(_ bytes: some Collection<UInt8>) -> Bool {
        (1...MixpanelLimits.credentialBytesMax).contains(bytes.count)
            && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

extension ServiceCredential: CustomStringConvertible, CustomReflectable {
    package var description: String { "service account ***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// RFC 4648 section 4, writing only.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes[...]
        while !rest.isEmpty {
            let group = rest.prefix(3)
            let bits =
                group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * place) & 0x3F)
                text.append(place <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
            rest = rest.dropFirst(3)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}

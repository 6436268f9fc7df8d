package import HTTPWire

/// What an `Authorization` field says (RFC 9110 section 11.6.2).
///
/// Credentials are bytes: comparing them as `String` would take canonically equivalent ones for
/// equal.
package enum Authorization: Sendable, Hashable {
    /// RFC 7617: user and password, split at the first colon.
    case basic(user: [UInt8], password: [UInt8])
    /// RFC 6750.
    case bearer(token: [UInt8])

    /// `nil` if there is no field, more than one, another scheme, or broken credentials.
    package init?(_ headers: Headers) {
        guard let (scheme, credentials) = Self.parts(headers) else { return nil }
        if Self.isNamed(scheme, "basic") {
            guard let pair = Base64.decode(credentials),
                !pair.contains(where: Self.isControl),
                let colon = pair.firstIndex(of: UInt8(ascii: ":"))
            else { return nil }
            self = .basic(
                user: Array(pair[..<colon]), password: Array(pair[(colon + 1)...]))
        } else if let token = Self.bearerToken(headers) {
            self = .bearer(token: Array(token))
        } else {
            return nil
        }
    }

    /// The token where it stands, if this is what the field holds.
    package static func bearerToken(_ headers: Headers) -> ArraySlice<UInt8>? {
        guard let (scheme, token) = parts(headers), isNamed(scheme, "bearer"), !token.isEmpty,
            !token.contains(UInt8(ascii: " "))
        else { return nil }
        return token
    }

    private static func parts(
        _ headers: Headers
    ) -> (scheme: ArraySlice<UInt8>, credentials: ArraySlice<UInt8>)? {
        guard let value = headers.only("authorization"),
            let space = value.firstIndex(of: UInt8(ascii: " "))
        else { return nil }
        return (value[..<space], value[space...].drop { $0 == UInt8(ascii: " ") })
    }

    /// Schemes are told apart without regard to ASCII case; `name` is in lower case.
    private static func isNamed(_ scheme: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in
            scheme.count == name.count
                && zip(scheme, name).allSatisfy { asciiLowercase($0) == $1 }
        }
    }

    /// RFC 7617 section 2: neither half may contain control characters.
    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F
    }
}

/// Lower case for ASCII letters only: the Kelvin sign is no `k`.
package func asciiLowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// Base64 of RFC 4648 section 4, in its one canonical form: padded, nothing between, no bits over.
enum Base64 {
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        let values = Self.values
        for digit in text.dropLast(padding) {
            let value = values[Int(digit)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                bits &= (1 << bitCount) - 1
            }
        }
        // What is left over must be zero, else two texts would name the same bytes.
        return bits == 0 ? bytes : nil
    }

    /// What each byte stands for; 64 if it is no digit.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, digit) in digits.utf8.enumerated() {
            values[Int(digit)] = UInt8(value)
        }
        return values
    }()
}

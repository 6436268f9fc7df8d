/// `name=value` pairs as HTML forms write them (application/x-www-form-urlencoded), for queries
/// and bodies.
enum FormEncoding {
    static func encode(_ fields: [(name: String, value: [UInt8])]) -> String {
        fields.map { escape(Array($0.name.utf8)) + "=" + escape($0.value) }.joined(separator: "&")
    }

    /// Escapes everything but unreserved characters (RFC 3986 section 2.3), spaces too.
    private static func escape(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default:
                text += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 0xF)]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") - 10 + nibble
    }
}

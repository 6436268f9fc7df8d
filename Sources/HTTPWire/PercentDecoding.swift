/// Percent-escapes back to text (RFC 3986 section 2.1).
enum PercentDecoding {
    /// Decodes `bytes` to text.
    ///
    /// - Parameters:
    ///   - bytes: the escaped text.
    ///   - plusIsSpace: how HTML forms write a space, in queries only.
    /// - Returns: `nil` for a bad escape, a NUL, or what is not UTF-8.
    static func decode(
        _ bytes: some Collection<UInt8>, plusIsSpace: Bool = false
    ) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case Grammar.percent:
                guard let high = iterator.next().flatMap(Grammar.hexValue),
                    let low = iterator.next().flatMap(Grammar.hexValue),
                    high | low != 0
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                decoded.append(Grammar.space)
            default:
                decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }
}

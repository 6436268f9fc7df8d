/// A word of a CEQL text, and where it begins: the number of its first byte, from 1.
struct CEQLWord: Hashable {
    enum Kind: Hashable {
        /// In single quotes.
        case text(String)
        case number(String)
        /// Without quotes: a keyword, or a name.
        case bare(String)
        /// In double quotes or backticks.
        case name(String)
        case sign(String)
    }

    let kind: Kind
    let place: Int

    private static let signs = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","]

    static func all(in text: String) throws(CEQLRefusal) -> [CEQLWord] {
        let bytes = Array(text.utf8)
        var words: [CEQLWord] = []
        var rest = bytes[...]
        while let first = rest.first {
            guard first != 0x20, !(0x09...0x0D).contains(first) else {
                rest = rest.dropFirst()
                continue
            }
            let place = rest.startIndex + 1
            words.append(CEQLWord(kind: try kind(&rest, first, at: place), place: place))
        }
        return words
    }

    private static func kind(
        _ rest: inout ArraySlice<UInt8>, _ first: UInt8, at place: Int
    ) throws(CEQLRefusal) -> Kind {
        switch first {
        case UInt8(ascii: "'"): return .text(try quoted(&rest, by: first, at: place))
        case UInt8(ascii: "\""), UInt8(ascii: "`"):
            let name = try quoted(&rest, by: first, at: place)
            guard !name.isEmpty else { throw CEQLRefusal("An empty name stands at \(place).") }
            return .name(name)
        default: break
        }
        if let sign = signs.first(where: { rest.starts(with: $0.utf8) }) {
            rest = rest.dropFirst(sign.utf8.count)
            return .sign(sign == "<>" ? "!=" : sign)
        }
        let word = rest.prefix(while: isPlain)
        guard !word.isEmpty else {
            throw CEQLRefusal("The character at \(place) must be in quotes.")
        }
        rest = rest[word.endIndex...]
        let text = String(decoding: word, as: UTF8.self)
        guard first == UInt8(ascii: "-") || isDigit(first) else { return .bare(text) }
        guard isNumber(word) else { throw CEQLRefusal("\"\(text)\" at \(place) is no number.") }
        return .number(text)
    }

    /// A quote in it is written twice.
    private static func quoted(
        _ rest: inout ArraySlice<UInt8>, by quote: UInt8, at place: Int
    ) throws(CEQLRefusal) -> String {
        var text: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            if byte == quote {
                guard rest.first == quote else { return String(decoding: text, as: UTF8.self) }
                rest = rest.dropFirst()
            }
            guard byte >= 0x20, byte != 0x7F else {
                throw CEQLRefusal("The quotes from \(place) on hold a control character.")
            }
            text.append(byte)
        }
        throw CEQLRefusal("The quotes that begin at \(place) do not end.")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// What needs no quotes: names such as `$city`, `a.b`, `é`; and numbers.
    private static func isPlain(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte >= 0x80 || "$_.-".utf8.contains(byte)
    }

    /// `-12`, `0.5`: JSON's numbers without an exponent, which Mixpanel does not document.
    private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        let digits = word.first == UInt8(ascii: "-") ? word.dropFirst() : word
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy(isDigit)
            }
    }
}

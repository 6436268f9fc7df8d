/// The header section of a request: one block of bytes and where each field stands in it.
///
/// Fields keep their order and their repetitions. Names compare without regard to ASCII case,
/// and to ASCII case only; values are bytes, with the optional whitespace around them removed.
package struct Headers: Sendable {
    /// Offsets into the block; 32 bits, because a block is some KiB and there are many fields.
    package struct Field: Sendable {
        var nameStart: UInt32
        var nameEnd: UInt32
        var valueStart: UInt32
        var valueEnd: UInt32

        var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    private let block: [UInt8]
    private let fields: [Field]
    /// Bit n says that some name has n bytes, the last bit stands for all longer ones: most
    /// questions are about fields that are not there.
    private let nameLengths: UInt32

    package init(block: [UInt8] = [], fields: [Field] = []) {
        self.block = block
        self.fields = fields
        nameLengths = fields.reduce(0) { $0 | Self.bit(Int($1.nameEnd &- $1.nameStart)) }
    }

    private static func bit(_ length: Int) -> UInt32 { 1 << UInt32(min(length, 31)) }

    /// Fields from literals, in order; for tests and tools, as nothing is checked.
    package init(_ pairs: [(String, String)]) {
        var block: [UInt8] = []
        var fields: [Field] = []
        for (name, value) in pairs {
            let start = UInt32(block.count)
            block += name.utf8
            let middle = UInt32(block.count)
            block += value.utf8
            fields.append(
                Field(
                    nameStart: start, nameEnd: middle, valueStart: middle,
                    valueEnd: UInt32(block.count)))
        }
        self.init(block: block, fields: fields)
    }

    /// How many fields there are, repetitions counted.
    package var count: Int { fields.count }

    /// The values of every field of this name, given in lower case, in order.
    package func values(_ name: StaticString) -> [ArraySlice<UInt8>] {
        fields.filter { matches($0, name) }.map { block[$0.value] }
    }

    /// The value of the only field of this name, given in lower case; `nil` if there is none or
    /// more than one.
    package func only(_ name: StaticString) -> ArraySlice<UInt8>? {
        switch occurrence(of: name) {
        case .none, .several: nil
        case .once(let value): value
        }
    }

    /// The members of a comma-separated list, over every field of this name, given in lower case.
    ///
    /// RFC 9110 section 5.6.1. Members come in lower case and without whitespace, empty ones are
    /// left out.
    package func tokens(of name: StaticString) -> [[UInt8]] {
        members(of: name).filter { !$0.isEmpty }.map { $0.map(Grammar.lowercase) }
    }

    /// Whether a list field has this member, both given in lower case; does not allocate.
    package func contains(_ name: StaticString, token: StaticString) -> Bool {
        guard mayHave(name) else { return false }
        for field in fields where matches(field, name) {
            var start = field.value.lowerBound
            while start <= field.value.upperBound {
                let rest = block[start..<field.value.upperBound]
                let end = rest.firstIndex(of: Grammar.comma) ?? rest.endIndex
                if Grammar.equals(trimmed(block[start..<end]), token) { return true }
                start = end + 1
            }
        }
        return false
    }

    /// How often a field stands in the section, and its value if that is once.
    enum Occurrence {
        case none, several
        case once(ArraySlice<UInt8>)
    }

    func occurrence(of name: StaticString) -> Occurrence {
        guard mayHave(name) else { return .none }
        var found: Field?
        for field in fields where matches(field, name) {
            guard found == nil else { return .several }
            found = field
        }
        return found.map { .once(block[$0.value]) } ?? .none
    }

    /// The members of a list as they were sent, empty ones too.
    func members(of name: StaticString) -> [ArraySlice<UInt8>] {
        values(name).flatMap {
            $0.split(separator: Grammar.comma, omittingEmptySubsequences: false).map(trimmed)
        }
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, Grammar.isWhitespace(first) { bytes.removeFirst() }
        while let last = bytes.last, Grammar.isWhitespace(last) { bytes.removeLast() }
        return bytes
    }

    private func mayHave(_ name: StaticString) -> Bool {
        nameLengths & Self.bit(name.utf8CodeUnitCount) != 0
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        field.name.count == name.utf8CodeUnitCount && Grammar.equals(block[field.name], name)
    }
}

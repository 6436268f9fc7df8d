internal import Audiences
internal import JSON

/// Where an identifier stands: a text, or a number, which keeps its spelling so that ids above
/// 2^53 survive.
enum IdentifierPlace {
    /// A range of the body, as it is.
    case written(Range<Int>)
    /// A range of the scratch memory, where escapes were undone.
    case unescaped(Range<Int>)
    case missing
    case unusable(UnusableReason)

    /// Finds the identifier that `value` is; `scratch` is where escapes are undone, behind what is
    /// there.
    init(_ value: JSONScanner.Value?, in source: JSONSource, _ scratch: inout [UInt8]) {
        switch value {
        case nil, .null: self = .missing
        case .string(let text) where text.hasEscapes:
            self = Self.unescape(text, in: source, &scratch)
        case .string(let text): self = Self.problem(text.range.count) ?? .written(text.range)
        case .number(let range): self = Self.problem(range.count) ?? .written(range)
        case .bool, .object, .array: self = .unusable(.idNotText)
        }
    }

    /// The bytes of an identifier that can be used; none of another.
    func bytes(
        in source: JSONSource, _ scratch: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        switch self {
        case .written(let range): source.slice(range)
        case .unescaped(let range): UnsafeRawBufferPointer(rebasing: scratch[range])
        case .missing, .unusable: UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    private static func unescape(
        _ text: JSONText, in source: JSONSource, _ scratch: inout [UInt8]
    ) -> IdentifierPlace {
        let start = scratch.count
        guard source.unescape(text, into: &scratch).isEmpty else {
            return .unusable(.idNotUnicode)
        }
        return problem(scratch.count - start) ?? .unescaped(start..<scratch.count)
    }

    private static func problem(_ byteCount: Int) -> IdentifierPlace? {
        if byteCount == 0 { return .unusable(.idEmpty) }
        return byteCount > Limits.externalIDBytesMax ? .unusable(.idTooLong) : nil
    }
}

/// An identifier that stands alone.
enum IdentifierText {
    case usable(ExternalID)
    case missing
    case unusable(UnusableReason)

    init(_ value: JSONScanner.Value?, in source: JSONSource) {
        var scratch: [UInt8] = []
        let text: String
        switch IdentifierPlace(value, in: source, &scratch) {
        case .missing:
            self = .missing
            return
        case .unusable(let reason):
            self = .unusable(reason)
            return
        case .written(let range): text = String(decoding: source.slice(range), as: UTF8.self)
        case .unescaped: text = String(decoding: scratch, as: UTF8.self)
        }
        self = ExternalID(text).map { .usable($0) } ?? .unusable(.idNotUnicode)
    }

    var id: ExternalID? {
        if case .usable(let id) = self { id } else { nil }
    }
}

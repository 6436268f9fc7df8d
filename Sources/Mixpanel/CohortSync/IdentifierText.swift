internal import Audiences
internal import JSON

/// An identifier as it stands in the body: a text, or a number, which keeps its spelling so
/// that ids above 2^53 survive.
enum IdentifierText {
    case usable(ExternalID)
    case missing
    case unusable(UnusableReason)

    /// Reads `value`; `scratch` is memory to undo escapes in.
    init(_ value: JSONScanner.Value?, in source: JSONSource, _ scratch: inout [UInt8]) {
        switch value {
        case nil, .null: self = .missing
        case .string(let text): self.init(text, in: source, &scratch)
        case .number(let range): self.init(plain: source.slice(range))
        case .bool, .object, .array: self = .unusable(.idNotText)
        }
    }

    var id: ExternalID? {
        if case .usable(let id) = self { id } else { nil }
    }

    init(_ value: JSONScanner.Value?, in source: JSONSource) {
        var scratch: [UInt8] = []
        self.init(value, in: source, &scratch)
    }

    private init(_ text: JSONText, in source: JSONSource, _ scratch: inout [UInt8]) {
        guard text.hasEscapes else {
            self.init(plain: source.slice(text.range))
            return
        }
        scratch.removeAll(keepingCapacity: true)
        guard source.unescape(text, into: &scratch).isEmpty else {
            self = .unusable(.idNotUnicode)
            return
        }
        self = scratch.withUnsafeBytes { IdentifierText(plain: $0) }
    }

    /// - Parameter plain: valid UTF-8 without NUL.
    private init(plain: UnsafeRawBufferPointer) {
        guard !plain.isEmpty else {
            self = .unusable(.idEmpty)
            return
        }
        guard plain.count <= Limits.externalIDBytesMax,
            let id = ExternalID(String(decoding: plain, as: UTF8.self))
        else {
            self = .unusable(.idTooLong)
            return
        }
        self = .usable(id)
    }
}

internal import Audiences
internal import JSON

/// The interesting properties of one member, where they stand in the body.
///
/// One draft serves all members of a page, so that a member costs no memory but its record.
struct MemberDraft {
    var distinctID: JSONScanner.Value?
    var reference: JSONScanner.Value?
    private let traitNames: [String]
    private var traitValues: [JSONScanner.Value?]
    private var traitCount = 0
    private var plain: [UInt8] = []

    init(traitNames: [String]) {
        self.traitNames = traitNames
        traitValues = Array(repeating: nil, count: traitNames.count)
    }

    /// Takes `value` for a trait, instead of an earlier one.
    mutating func setTrait(_ index: Int, _ value: JSONScanner.Value) {
        if traitValues[index] == nil { traitCount += 1 }
        traitValues[index] = value
    }

    mutating func reset() {
        distinctID = nil
        reference = nil
        guard traitCount > 0 else { return }
        traitCount = 0
        for index in traitValues.indices { traitValues[index] = nil }
    }

    /// Adds the member to `members`; what can't be kept of it is counted in `notes`.
    mutating func finish(
        in source: JSONSource, _ members: inout MemberList, _ notes: inout PageNotes
    ) {
        plain.removeAll(keepingCapacity: true)
        let place = IdentifierPlace(distinctID, in: source, &plain)
        switch place {
        case .written, .unescaped: break
        case .missing: return notes.unusable[.idMissing, default: 0] += 1
        case .unusable(let reason): return notes.unusable[reason, default: 0] += 1
        }
        let update = reference.map { IdentifierPlace($0, in: source, &plain) }
        plain.withUnsafeBytes { plain in
            let bytes = { (place: IdentifierPlace) in place.bytes(in: source, plain) }
            members.append(
                distinctID: bytes(place),
                reference: update.map { Self.reference($0, bytes($0), &notes) } ?? .absent)
        }
        if traitCount > 0 { members.setTraits(traitChanges(in: source, &notes)) }
    }

    private static func reference(
        _ place: IdentifierPlace, _ bytes: UnsafeRawBufferPointer, _ notes: inout PageNotes
    ) -> MemberList.ReferenceBytes {
        switch place {
        case .missing, .unusable(.idEmpty):
            return .cleared
        case .written where !JunkIdentifiers.contain(bytes),
            .unescaped where !JunkIdentifiers.contain(bytes):
            return .set(bytes)
        case .written, .unescaped, .unusable:
            notes.referencesIgnored += 1
            return .absent
        }
    }

    private mutating func traitChanges(
        in source: JSONSource, _ notes: inout PageNotes
    ) -> [TraitChange] {
        var changes: [TraitChange] = []
        changes.reserveCapacity(traitCount)
        for index in traitValues.indices {
            guard let value = traitValues[index] else { continue }
            if case .null = value {
                changes.append(TraitChange(name: traitNames[index], value: nil))
            } else if let kept = keptValue(value, in: source) {
                changes.append(TraitChange(name: traitNames[index], value: kept))
            } else {
                notes.traitsIgnored += 1
            }
        }
        return changes
    }

    /// `nil` for lists, objects, over-long texts and texts that no database can hold exactly.
    private mutating func keptValue(
        _ value: JSONScanner.Value, in source: JSONSource
    ) -> TraitValue? {
        switch value {
        case .bool(let flag):
            return .bool(flag)
        case .number(let range):
            return Self.text(source.slice(range)).map { .number($0) }
        case .string(let text) where !text.hasEscapes:
            return Self.text(source.slice(text.range)).map { .text($0) }
        case .string(let text):
            plain.removeAll(keepingCapacity: true)
            guard source.unescape(text, into: &plain).isEmpty else { return nil }
            return plain.withUnsafeBytes { Self.text($0) }.map { .text($0) }
        case .object, .array, .null:
            return nil
        }
    }

    private static func text(_ plain: UnsafeRawBufferPointer) -> String? {
        guard plain.count <= Limits.traitBytesMax else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }
}

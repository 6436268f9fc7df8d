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

    /// Who this is, or why that can't be said.
    mutating func identify(in source: JSONSource) -> IdentifierText {
        IdentifierText(distinctID, in: source, &plain)
    }

    /// The member under its id; what can't be kept of the rest is counted in `notes`.
    mutating func record(
        of id: ExternalID, in source: JSONSource, _ notes: inout PageNotes
    ) -> MemberRecord {
        let update = referenceUpdate(in: source, &notes)
        guard traitCount > 0 else { return MemberRecord(distinctID: id, reference: update) }
        return MemberRecord(
            distinctID: id, reference: update, traits: traitChanges(in: source, &notes))
    }

    private mutating func referenceUpdate(
        in source: JSONSource, _ notes: inout PageNotes
    ) -> ReferenceUpdate {
        guard let reference else { return .absent }
        switch IdentifierText(reference, in: source, &plain) {
        case .missing, .unusable(.idEmpty):
            return .cleared
        case .usable(let id) where !JunkIdentifiers.contain(id.text):
            return .set(id)
        case .usable, .unusable:
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

import Audiences

/// The small byte formats of the columns that are BLOBs.
///
/// Numbers are LEB128: seven bits a byte, lowest first. Readers answer `nil` for bytes that no
/// writer here made; callers take that for damage.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ number: UInt64) {
        var rest = number
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(_ text: String) {
        write(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number() -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            let bits = UInt64(byte & 0x7f)
            // The tenth byte has room for the 64th bit only.
            guard shift < 63 || (shift == 63 && bits <= 1) else { return nil }
            number |= bits << shift
            if byte & 0x80 == 0 { return number }
            shift += 7
        }
        return nil
    }

    mutating func text() -> String? {
        guard let count = number(), count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return String(decoding: rest.prefix(Int(count)), as: UTF8.self)
    }
}

/// Row ids of people: the first one, then the distance of each to the one before.
enum PersonList {
    /// People have to ascend, each once.
    static func encode(_ people: [Int64]) -> [UInt8] {
        var writer = ByteWriter()
        var last: Int64 = 0
        for person in people {
            writer.write(UInt64(bitPattern: person &- last))
            last = person
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> [Int64]? {
        var reader = ByteReader(bytes)
        var people: [Int64] = []
        var last: Int64 = 0
        while !reader.isAtEnd {
            guard let distance = reader.number() else { return nil }
            last &+= Int64(bitPattern: distance)
            people.append(last)
        }
        return people
    }
}

/// Distinct ids, each with its length before it.
enum IDList {
    static func encode(_ ids: [ExternalID]) -> [UInt8] {
        var writer = ByteWriter()
        for id in ids { writer.write(id.text) }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> [ExternalID]? {
        var reader = ByteReader(bytes)
        var ids: [ExternalID] = []
        while !reader.isAtEnd {
            guard let id = reader.text().flatMap({ ExternalID($0) }) else { return nil }
            ids.append(id)
        }
        return ids
    }
}

/// Texts, each with its length before it.
enum TextList {
    static func encode(_ texts: [String]) -> [UInt8] {
        var writer = ByteWriter()
        for text in texts { writer.write(text) }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> [String]? {
        var reader = ByteReader(bytes)
        var texts: [String] = []
        while !reader.isAtEnd {
            guard let text = reader.text() else { return nil }
            texts.append(text)
        }
        return texts
    }
}

/// Projects of a service account: for each its id, its region and its name, of which those that
/// are missing are empty.
enum ProjectList {
    static func encode(_ projects: [MixpanelProject]) -> [UInt8] {
        TextList.encode(
            projects.flatMap { [$0.id.text, $0.region?.rawValue ?? "", $0.name ?? ""] })
    }

    static func decode(_ bytes: [UInt8]) -> [MixpanelProject]? {
        guard let texts = TextList.decode(bytes), texts.count.isMultiple(of: 3) else { return nil }
        var projects: [MixpanelProject] = []
        for start in stride(from: 0, to: texts.count, by: 3) {
            let (region, name) = (texts[start + 1], texts[start + 2])
            guard let id = ExternalID(texts[start]),
                region.isEmpty || MixpanelRegion(rawValue: region) != nil
            else { return nil }
            projects.append(
                MixpanelProject(
                    id: id, name: name.isEmpty ? nil : name,
                    region: MixpanelRegion(rawValue: region)))
        }
        return projects
    }
}

/// Traits: for each a kind, its name, its value.
enum TraitList {
    private static let textKind: UInt64 = 1
    private static let numberKind: UInt64 = 2
    private static let falseKind: UInt64 = 3
    private static let trueKind: UInt64 = 4

    static func encode(_ traits: [Trait]) -> [UInt8]? {
        guard !traits.isEmpty else { return nil }
        var writer = ByteWriter()
        for trait in traits {
            switch trait.value {
            case .text: writer.write(textKind)
            case .number: writer.write(numberKind)
            case .bool(let flag): writer.write(flag ? trueKind : falseKind)
            }
            writer.write(trait.name)
            if case .text(let text) = trait.value { writer.write(text) }
            if case .number(let text) = trait.value { writer.write(text) }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> [Trait]? {
        var reader = ByteReader(bytes)
        var traits: [Trait] = []
        while !reader.isAtEnd {
            guard let kind = reader.number(), let name = reader.text(),
                let value = value(of: kind, from: &reader)
            else { return nil }
            traits.append(Trait(name: name, value: value))
        }
        return traits
    }

    private static func value(of kind: UInt64, from reader: inout ByteReader) -> TraitValue? {
        switch kind {
        case textKind: reader.text().map { .text($0) }
        case numberKind: reader.text().map { .number($0) }
        case falseKind: .bool(false)
        case trueKind: .bool(true)
        default: nil
        }
    }
}

/// Counts of a page or a session: for each a reason and how often.
enum NoteList {
    private static let references = "reference_ignored"
    private static let traits = "trait_ignored"

    static func encode(_ notes: PageNotes) -> [UInt8]? {
        guard notes != PageNotes() else { return nil }
        var writer = ByteWriter()
        for reason in UnusableReason.allCases {
            write(notes.unusable[reason] ?? 0, of: reason.rawValue, to: &writer)
        }
        write(notes.referencesIgnored, of: references, to: &writer)
        write(notes.traitsIgnored, of: traits, to: &writer)
        return writer.bytes
    }

    private static func write(_ count: Int, of reason: String, to writer: inout ByteWriter) {
        guard count > 0 else { return }
        writer.write(reason)
        writer.write(UInt64(count))
    }

    static func decode(_ bytes: [UInt8]) -> PageNotes? {
        var reader = ByteReader(bytes)
        var notes = PageNotes()
        while !reader.isAtEnd {
            guard let reason = reader.text(), let number = reader.number(),
                let count = Int(exactly: number)
            else { return nil }
            switch (reason, UnusableReason(rawValue: reason)) {
            case (_, let reason?): notes.unusable[reason] = count
            case (references, nil): notes.referencesIgnored = count
            case (traits, nil): notes.traitsIgnored = count
            default: return nil
            }
        }
        return notes
    }
}

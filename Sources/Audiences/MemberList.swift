/// The usable members of a page, in order; one person may occur more than once.
///
/// Their ids lie one after another in one piece of memory: a page has a thousand members, and
/// making two texts for each took longer than reading the page. Who needs the bytes alone is lent
/// them (``withIDs(_:)``); a ``MemberRecord`` is made when somebody asks for one.
package struct MemberList: Sendable {
    /// The distinct id is `start..<middle` of ``bytes``, the reference id `middle..<end`.
    fileprivate struct Entry: Sendable {
        let start: Int
        let middle: Int
        let end: Int
        let reference: Reference
    }

    fileprivate enum Reference: UInt8, Sendable {
        case absent, cleared, set
    }

    /// What a page says about a member's reference id, where it stands; see ``ReferenceUpdate``.
    package enum ReferenceBytes {
        case absent, cleared
        case set(UnsafeRawBufferPointer)
    }

    /// The ids, and room for more: to append to an array costs more than to copy an id.
    private var bytes: [UInt8] = []
    /// How many of ``bytes`` are ids.
    private var bytesUsed = 0
    private var entries: [Entry] = []
    /// As many as there are members up to the last one with any.
    private var traits: [[TraitChange]] = []

    package init() {}

    package init(_ records: some Sequence<MemberRecord>) {
        for record in records { append(record) }
    }

    // MARK: Making

    /// What a page of so many members mostly needs.
    package mutating func reserveCapacity(_ members: Int) {
        entries.reserveCapacity(members)
        makeRoom(for: members * Self.idBytesExpected)
    }

    /// What the two ids of a member mostly have, together.
    private static let idBytesExpected = 56

    /// Adds a member without traits.
    ///
    /// - Parameters:
    ///   - distinctID: what an ``ExternalID`` may be: 1...``Limits/externalIDBytesMax`` bytes of
    ///     valid UTF-8 without NUL.
    ///   - reference: the same, if it is set.
    package mutating func append(distinctID: UnsafeRawBufferPointer, reference: ReferenceBytes) {
        let start = bytesUsed
        add(distinctID)
        let middle = bytesUsed
        let kind: Reference
        switch reference {
        case .absent: kind = .absent
        case .cleared: kind = .cleared
        case .set(let id):
            kind = .set
            add(id)
        }
        entries.append(Entry(start: start, middle: middle, end: bytesUsed, reference: kind))
    }

    /// Gives the last member the properties that the page carries.
    package mutating func setTraits(_ changes: [TraitChange]) {
        guard let last = entries.indices.last, !changes.isEmpty else { return }
        while traits.count < last { traits.append([]) }
        traits.append(changes)
    }

    package mutating func append(_ record: MemberRecord) {
        record.distinctID.withBytes { distinctID in
            switch record.reference {
            case .absent: append(distinctID: distinctID, reference: .absent)
            case .cleared: append(distinctID: distinctID, reference: .cleared)
            case .set(let id): id.withBytes { append(distinctID: distinctID, reference: .set($0)) }
            }
        }
        setTraits(record.traits)
    }

    private mutating func add(_ id: UnsafeRawBufferPointer) {
        let end = bytesUsed + id.count
        if end > bytes.count { makeRoom(for: id.count) }
        bytes.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[bytesUsed..<end]).copyMemory(from: id)
        }
        bytesUsed = end
    }

    private mutating func makeRoom(for count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: Swift.max(count, bytes.count)))
    }

    // MARK: Reading

    /// The ids of all members, where they lie.
    package struct IDs {
        fileprivate let bytes: UnsafeRawBufferPointer
        fileprivate let entries: UnsafeBufferPointer<Entry>

        package func distinctID(_ member: Int) -> UnsafeRawBufferPointer {
            let entry = entries[member]
            return UnsafeRawBufferPointer(rebasing: bytes[entry.start..<entry.middle])
        }

        package func reference(_ member: Int) -> ReferenceBytes {
            let entry = entries[member]
            return switch entry.reference {
            case .absent: .absent
            case .cleared: .cleared
            case .set:
                .set(UnsafeRawBufferPointer(rebasing: bytes[entry.middle..<entry.end]))
            }
        }
    }

    /// Lends the ids, without making texts of them.
    package func withIDs<Result>(_ body: (IDs) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { bytes in
            try entries.withUnsafeBufferPointer { entries in
                try body(IDs(bytes: bytes, entries: entries))
            }
        }
    }

    /// What a page says about the traits of a member.
    package func traits(of member: Int) -> [TraitChange] {
        member < traits.count ? traits[member] : []
    }

    private func id(_ range: Range<Int>) -> ExternalID {
        ExternalID(unchecked: String(decoding: bytes[range], as: UTF8.self))
    }
}

extension MemberList: RandomAccessCollection, Equatable, ExpressibleByArrayLiteral {
    package init(arrayLiteral records: MemberRecord...) {
        self.init(records)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { entries.count }

    package subscript(member: Int) -> MemberRecord {
        let entry = entries[member]
        let reference: ReferenceUpdate =
            switch entry.reference {
            case .absent: .absent
            case .cleared: .cleared
            case .set: .set(id(entry.middle..<entry.end))
            }
        return MemberRecord(
            distinctID: id(entry.start..<entry.middle), reference: reference,
            traits: traits(of: member))
    }

    package static func == (left: MemberList, right: MemberList) -> Bool {
        left.elementsEqual(right)
    }
}

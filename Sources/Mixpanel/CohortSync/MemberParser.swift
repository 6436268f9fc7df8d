internal import Audiences
internal import JSON

/// Reads the `members` of a page as the connection wants them: who, under which reference id,
/// with which traits.
///
/// A member that can't be used is counted by its reason, and never fails its page. All other
/// properties are checked as JSON and passed over. When a member has a key twice, the last
/// one counts.
struct MemberParser {
    private(set) var members = MemberList()
    private(set) var notes = PageNotes()

    /// Reads the distinct id, the reference property and the traits, in this order.
    private var shape: JSONObjectShape
    /// Where the reference property and each trait are first among those names: one property can
    /// be more than one thing.
    private let reference: Int
    private let traits: [Int]
    private var draft: MemberDraft

    /// Mixpanel sends at most so many in a call; more are taken, at the cost of a larger array.
    private static let membersExpected = 1000

    init(for connection: Connection) {
        let names =
            ["mixpanel_distinct_id", connection.referenceProperty] + connection.traitsAllowed
        let places = names.map { name in
            names.firstIndex { $0.utf8.elementsEqual(name.utf8) } ?? 0
        }
        shape = JSONObjectShape(names)
        reference = places[1]
        traits = Array(places.dropFirst(2))
        draft = MemberDraft(traitNames: connection.traitsAllowed)
    }

    /// Reads the next value of `scanner`, a list of members, and returns its kind.
    ///
    /// What is no list is passed over.
    mutating func readList(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> JSONScanner.Value {
        let kind = try scanner.value()
        guard case .array = kind else {
            try scanner.skipRest(of: kind)
            return kind
        }
        members.reserveCapacity(Self.membersExpected)
        while true {
            if try !scanner.beginNextObject() {
                guard try scanner.nextElement() else { return kind }
                let value = try scanner.value()
                guard case .object = value else {
                    try scanner.skipRest(of: value)
                    notes.unusable[.notAnObject, default: 0] += 1
                    continue
                }
            }
            try readMember(from: &scanner)
        }
    }

    /// Reads the rest of an object.
    private mutating func readMember(from scanner: inout JSONScanner) throws(JSONError) {
        try scanner.readObject(&shape)
        draft.reset()
        draft.distinctID = shape[0]
        draft.reference = shape[reference]
        for (trait, place) in traits.enumerated() {
            if let value = shape[place] { draft.setTrait(trait, value) }
        }
        draft.finish(in: scanner.source, &members, &notes)
    }
}

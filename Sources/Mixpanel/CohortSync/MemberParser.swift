internal import Audiences
internal import JSON

/// Reads the `members` of a page as the connection wants them: who, under which reference id,
/// with which traits.
///
/// A member that can't be used is counted by its reason, and never fails its page. All other
/// properties are checked as JSON and passed over. When a member has a key twice, the last
/// one counts.
struct MemberParser {
    private(set) var members: [MemberRecord] = []
    private(set) var notes = PageNotes()

    private let names: JSONNames
    /// What the property of the same index in `names` is good for.
    private let roles: [Role]
    private var draft: MemberDraft

    /// One property can be more than one thing.
    private struct Role {
        let isDistinctID: Bool
        let isReference: Bool
        /// Its place among the allow-listed traits, if it is one.
        let trait: Int?
    }

    /// Mixpanel sends at most so many in a call; more are taken, at the cost of a larger array.
    private static let membersExpected = 1000

    init(for connection: Connection) {
        let distinctID = "mixpanel_distinct_id"
        let reference = connection.referenceProperty
        let traits = connection.traitsAllowed
        let all = [distinctID, reference] + traits
        names = JSONNames(all)
        roles = all.map { name in
            Role(
                isDistinctID: name.utf8.elementsEqual(distinctID.utf8),
                isReference: name.utf8.elementsEqual(reference.utf8),
                trait: traits.firstIndex { $0.utf8.elementsEqual(name.utf8) })
        }
        draft = MemberDraft(traitNames: traits)
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
        while try scanner.nextElement() {
            try readMember(from: &scanner)
        }
        return kind
    }

    private mutating func readMember(from scanner: inout JSONScanner) throws(JSONError) {
        let value = try scanner.value()
        guard case .object = value else {
            try scanner.skipRest(of: value)
            notes.unusable[.notAnObject, default: 0] += 1
            return
        }
        draft.reset()
        while let key = try scanner.nextKey() {
            let index = names.index(of: key, in: scanner.source)
            let value = try scanner.wholeValue()
            guard let index else { continue }
            let role = roles[index]
            if role.isDistinctID { draft.distinctID = value }
            if role.isReference { draft.reference = value }
            if let trait = role.trait { draft.setTrait(trait, value) }
        }
        switch draft.identify(in: scanner.source) {
        case .usable(let id): members.append(draft.record(of: id, in: scanner.source, &notes))
        case .missing: notes.unusable[.idMissing, default: 0] += 1
        case .unusable(let reason): notes.unusable[reason, default: 0] += 1
        }
    }
}

package import Audiences

// Test data with defaults: a test names only what it is about. Texts given here are literals of
// tests, so a bad one is a mistake in the test and may trap.

extension Timestamp {
    /// The moment the story of a test begins: 2025-01-31T08:00:00Z.
    package static let start = Timestamp(milliseconds: 1_738_310_400_000)

    package func after(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }

    package func after(minutes: Int64) -> Timestamp { after(minutes * 60_000) }
    package func after(hours: Int64) -> Timestamp { after(minutes: hours * 60) }
}

extension ExternalID {
    package static func make(_ text: String) -> ExternalID {
        guard let id = ExternalID(text) else { preconditionFailure("not an id: \(text)") }
        return id
    }
}

extension ConnectionID {
    /// The `number`th connection of a test.
    package static func make(_ number: UInt8 = 1) -> ConnectionID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

extension Connection {
    package static func make(
        _ number: UInt8 = 1, name: String = "Lumen (production)", traitsAllowed: [String] = [],
        at time: Timestamp = .start
    ) -> Connection {
        Connection(
            id: .make(number), name: name, traitsAllowed: traitsAllowed, createdAt: time)
    }
}

extension Sealing {
    /// Hides nothing: the context, then the bytes as numbers.
    package static let plain = Sealing(
        seal: { plain, context throws(Failure) in
            SealedSecret("\(context):" + plain.map { "\($0)" }.joined(separator: " "))
        },
        open: { sealed, context throws(Failure) in
            guard sealed.text.hasPrefix("\(context):") else {
                throw Failure(.internal, "This was sealed for something else.")
            }
            return sealed.text.dropFirst(context.count + 1).split(separator: " ")
                .compactMap { UInt8($0) }
        },
        isCurrent: { _ in true })
}

extension MemberRecord {
    package static func make(
        _ distinctID: String, reference: ReferenceUpdate = .absent,
        traits: [TraitChange] = []
    ) -> MemberRecord {
        MemberRecord(distinctID: .make(distinctID), reference: reference, traits: traits)
    }

    package static func make(_ distinctID: String, reference: String) -> MemberRecord {
        .make(distinctID, reference: .set(.make(reference)))
    }
}

extension SyncPage {
    /// A page; `number` and `total` are sorted as the announced ones are.
    package static func make(
        _ action: SyncAction = .members, _ people: [String] = [], session: String? = "S1",
        page number: Int? = 1, of total: Int? = 1, cohort: String = "5540912",
        project: String? = "3012457", name: String? = nil, description: String? = nil,
        unusable: [UnusableReason: Int] = [:]
    ) -> SyncPage {
        .make(
            action, members: people.map { .make($0) }, session: session, page: number, of: total,
            cohort: cohort, project: project, name: name, description: description,
            unusable: unusable)
    }

    package static func make(
        _ action: SyncAction = .members, members: [MemberRecord], session: String? = "S1",
        page number: Int? = 1, of total: Int? = 1, cohort: String = "5540912",
        project: String? = "3012457", name: String? = nil, description: String? = nil,
        unusable: [UnusableReason: Int] = [:]
    ) -> SyncPage {
        SyncPage(
            action: action,
            cohort: Cohort(
                projectID: project.map { .make($0) }, cohortID: .make(cohort), name: name,
                description: description),
            sessionID: session.map { .make($0) },
            position: PagePosition(number: number, of: total), members: MemberList(members),
            notes: PageNotes(unusable: unusable))
    }
}

/// Names for the crowd: `crowd(3)` is p0, p1, p2.
package func crowd(_ count: Int, from first: Int = 0) -> [String] {
    (first..<first + count).map { "p\($0)" }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

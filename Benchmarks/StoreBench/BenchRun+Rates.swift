import Audiences
import SQLiteStore

extension BenchRun {
    /// How many pages a chapter has.
    private static let ratePages = 200

    /// Everybody, in one cohort.
    func fill() async throws {
        guard let everybody = ExternalID("1") else { return }
        try await measure("filling", fill(everybody), atOnce: 8)
        try await tidy("housekeeping")
    }

    /// What pages cost beside so many people, at one connection, four and eight; then look-ups.
    ///
    /// The pages are made before a chapter begins. None of it depends on how fast others are.
    func rates() async throws {
        guard let everybody = ExternalID("1") else { return }
        var first = people
        for atOnce in [1, 4, 8] {
            guard let cohort = ExternalID("new \(atOnce)") else { return }
            let members = Array(first..<first + Self.ratePages * Self.pageMembers)
            for session in ["first sync", "again", "again by another session"] {
                let name = session == "again" ? "first sync" : session
                let pages = self.pages(.members, name, of: cohort, members)
                try await measure(session, pages, atOnce: atOnce)
            }
            first += members.count
        }
        for atOnce in [1, 8] {
            for action in [SyncAction.removeMembers, .addMembers] {
                // Everybody is in the first cohort; these stand all over it.
                let strayers = (0..<min(people, Self.ratePages * Self.pageMembers)).map {
                    Int(mixed(UInt64($0)) % UInt64(people))
                }
                let pages = self.pages(action, "diff \(atOnce)", of: everybody, strayers)
                try await measure("a diff, \(action.rawValue)", pages, atOnce: atOnce)
            }
        }
        try await lookUps()
    }

    private func fill(_ cohort: ExternalID) -> LazyMapCollection<Range<Int>, SyncPage> {
        let total = people / Self.pageMembers
        return (0..<total).lazy.map { number in
            let members = number * Self.pageMembers..<(number + 1) * Self.pageMembers
            return page(.members, "fill", number + 1, of: total, cohort, members.lazy.map { $0 })
        }
    }

    private func pages(
        _ action: SyncAction, _ session: String, of cohort: ExternalID, _ members: [Int]
    ) -> [SyncPage] {
        let total = members.count / Self.pageMembers
        return (0..<total).map { number in
            let part = members[number * Self.pageMembers..<(number + 1) * Self.pageMembers]
            return page(action, session, number + 1, of: total, cohort, part)
        }
    }

    private func page(
        _ action: SyncAction, _ session: String, _ number: Int, of total: Int,
        _ cohort: ExternalID, _ members: some Collection<Int>
    ) -> SyncPage {
        SyncPage(
            action: action, cohort: Cohort(projectID: nil, cohortID: cohort),
            sessionID: ExternalID(session), position: .page(number: number, of: total),
            members: MemberList(members.compactMap { record($0) }))
    }

    private func measure(
        _ title: String, _ pages: some Sequence<SyncPage>, atOnce: Int
    ) async throws {
        let meter = Meter()
        var taken: [Duration] = []
        try await withThrowingTaskGroup(of: Duration.self) { group in
            for (index, page) in pages.enumerated() {
                if index >= atOnce, let one = try await group.next() { taken.append(one) }
                group.addTask { [store, connection, start] in
                    try await ContinuousClock().measure {
                        _ = try await store.record(page, from: connection, at: start)
                    }
                }
            }
            for try await one in group { taken.append(one) }
        }
        let members = taken.count * Self.pageMembers
        report("\(title), \(atOnce) at once", meter.figures(members: members, taken))
    }

    /// One after the other, of people all over the store.
    private func lookUps() async throws {
        let ids = (0..<20_000).compactMap { number in
            record(Int(mixed(UInt64(number)) % UInt64(people)))?.reference
        }.compactMap { if case .set(let id) = $0 { id } else { nil } }
        for round in ["look-ups", "look-ups again"] {
            let meter = Meter()
            var taken: [Duration] = []
            for id in ids {
                taken.append(
                    try await ContinuousClock().measure {
                        _ = try await store.memberships(matching: id, in: nil)
                    })
            }
            report(round, meter.figures(members: ids.count, taken))
        }
    }
}

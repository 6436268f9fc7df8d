import Audiences

/// Plays a history on a store and on the model, and compares the two after every step.
struct HistoryPlayer {
    let rig: StoreRig
    private(set) var model = StoreModel()
    private(set) var now = Timestamp.start
    var random: SeededGenerator
    /// What was read of the feed before; it must never change.
    var feedRead: [MembershipChange] = []

    init(store: any Store, seed: UInt64) {
        rig = StoreRig(store: store)
        random = SeededGenerator(seed: seed &+ 1)
    }

    mutating func play(_ steps: [HistoryStep]) async throws {
        for number in [1, 2] as [UInt8] {
            try await rig.store.create(Connection.make(number))
        }
        for (index, step) in steps.enumerated() {
            now = now.after(minutes: 1)
            do {
                try await play(step)
                try await compareAtOnce()
            } catch {
                throw Violation(description: "after step \(index + 1), \(step): \(error)")
            }
        }
    }

    private mutating func play(_ step: HistoryStep) async throws {
        switch step {
        case .send(let page):
            let expected = model.receive(page, at: now)
            let outcome = try await rig.send(
                page.page, from: page.audience.connection, at: now)
            try expect(outcome, expected)
            try await compare(page.audience)
            try await askAboutThePast()
        case .tidy(let toTheEnd):
            try await tidy(toTheEnd: toTheEnd)
        case .wait(let hours):
            now = now.after(hours: hours)
        case .restore(let key):
            let isDone = model.restore(key, at: now)
            try await act(on: key, isDone) { [now] rig, id in
                try await rig.store.restore(id, at: now)
            }
        case .decide(let decision, let key):
            let isDone = model.decide(decision, key, at: now)
            try await act(on: key, isDone) { [now] rig, id in
                try await rig.store.decide(decision, on: id, at: now)
            }
        case .hold(let share, let connection):
            model.guards[connection] = share
            let edit = ConnectionEdit(
                guardMaxRemoved: .some(share.flatMap { RemovedFraction($0) }))
            _ = try await rig.store.update(.make(connection), with: edit, at: now)
        case .erase(let id, let staysErased):
            let expected = model.erase(id, staysErased: staysErased)
            let erased = try await rig.erase(id, staysErased: staysErased, at: now)
            try expect(erased, expected)
            try await compareAll()
        case .delete(let connection):
            try await rig.store.delete(.make(connection), at: now)
            try await rig.store.create(Connection.make(connection))
            model.delete(connection)
            try await compareAll()
        case .restart:
            break
        case .verify:
            try await tidy(toTheEnd: true)
            try await verify()
        }
    }

    /// Something an operator does to an audience, which may be forbidden.
    private func act(
        on key: HistoryAudience, _ isAllowed: Bool,
        _ body: (StoreRig, AudienceID) async throws -> Void
    ) async throws {
        guard let id = try await audience(key)?.id else { return }
        if isAllowed {
            try await body(rig, id)
        } else {
            try await expect(.conflict) { try await body(rig, id) }
        }
        try await compare(key)
    }

    /// One step if it can't show in anything but the feed; which of several expired things goes
    /// first is the store's affair.
    private mutating func tidy(toTheEnd: Bool) async throws {
        if toTheEnd || model.isDue(at: now) {
            try await rig.tidy(at: now)
            model.expire(at: now)
            try await compareAll()
        } else {
            _ = try await rig.store.tidy(at: now)
            try await compareStories(areWhole: false)
        }
    }

    // MARK: Comparing

    func audience(_ key: HistoryAudience) async throws -> Audience? {
        try await rig.audience(cohort: key.cohort, connection: key.connection)
    }

    func compareAll() async throws {
        for key in model.audiences.keys.sorted(by: {
            ($0.connection, $0.cohort) < ($1.connection, $1.cohort)
        }) {
            try await compare(key)
        }
    }

    private func compare(_ key: HistoryAudience) async throws {
        guard let expected = model.audiences[key] else {
            return try expect(try await audience(key), nil)
        }
        guard let audience = try await audience(key) else {
            throw Violation(description: "there is no audience")
        }
        var members: [String: Timestamp] = [:]
        for member in try await rig.members(of: audience) {
            try expect(members[member.person.distinctID.text], nil)
            members[member.person.distinctID.text] = member.enteredAt
            let reference = model.people[key.connection]?[member.person.distinctID.text] ?? nil
            try expect(member.person.referenceID?.text, reference)
        }
        try compare(members, expected.members)
        try expect(audience.memberCount, members.count)
        try expect(audience.asOf, expected.asOf)
        try expect(audience.needsReconcile, expected.reconcile)
        try expect(audience.createdAt, expected.createdAt)
        try expect(audience.updatedAt, expected.lastSeenAt ?? expected.createdAt)
        let log = try await rig.store.syncs(of: audience.id, ListRange(limit: 1000)).items
        try expect(log.count, expected.sessions.count)
        for (session, expected) in zip(log, expected.sessions.reversed()) {
            try expect(session.summary, expected.summary)
        }
        try expect(audience.held, log.first { $0.status == .held })
        let last = expected.lastSession.map { expected.sessions[$0].summary }
        try expect(audience.lastSync?.summary, last)
    }

    /// Only what differs is worth reading.
    private func compare(
        _ members: [String: Timestamp], _ expected: [String: Timestamp]
    ) throws {
        guard members != expected else { return }
        let differing = Set(members.keys).union(expected.keys)
            .filter { members[$0] != expected[$0] }.sorted().prefix(5)
        let lines = differing.map { name in
            "\(name) since \(members[name]?.minute ?? -1) "
                + "instead of \(expected[name]?.minute ?? -1)"
        }
        throw Violation(description: "members: " + lines.joined(separator: ", "))
    }

    // MARK: The past

    private mutating func askAboutThePast() async throws {
        let name = Int.random(in: 0..<9, using: &random)
        let id = name < 6 ? "n\(name)" : "r\(name - 6)"
        let age = now.since(.start) / 60_000
        let minutes = Int64.random(in: -1...age, using: &random)
        try await comparePast(of: id, at: .start.after(minutes: minutes))
    }

    func comparePast(of id: String, at moment: Timestamp) async throws {
        let found = try await rig.store.memberships(matching: .make(id), in: nil, at: moment)
        var entrances: [HistoryAudience: Timestamp] = [:]
        for membership in found {
            guard let audience = try await rig.store.audience(membership.audience),
                let key = model.audiences.keys.first(where: { $0.names(audience) })
            else { throw Violation(description: "a membership of no audience") }
            entrances[key] = membership.enteredAt
        }
        let expected = model.entrances(id, at: moment)
        guard entrances != expected else { return }
        throw Violation(
            description: "\(id) at minute \(moment.minute) was in \(entrances.story) "
                + "instead of \(expected.story)")
    }
}

extension HistoryAudience {
    func names(_ audience: Audience) -> Bool {
        audience.connectionID == .make(connection) && audience.cohort.cohortID.text == cohort
    }
}

extension Timestamp {
    var minute: Int64 { since(.start) / 60_000 }
}

extension [HistoryAudience: Timestamp] {
    fileprivate var story: [String] {
        map { "\($0.key.connection)\($0.key.cohort) since \($0.value.minute)" }.sorted()
    }
}

import Audiences

/// What a whole feed, and every session, must say after a history.
extension HistoryPlayer {
    /// Compares everything, after housekeeping has come to its end.
    mutating func verify() async throws {
        try await compareAll()
        try await compareStories(areWhole: true)
        let feed = try await rig.changes(limit: 7)
        try expect(Int64(feed.count), model.eventsTold)
        try await compareNumbers(of: feed)
        try compareWithWhatWasRead(feed)
        feedRead = feed
        for id in (0...5).map({ "n\($0)" }) + (0...2).map({ "r\($0)" }) {
            for minutes in [0, now.minute / 3, now.minute / 2, now.minute] {
                try await comparePast(of: id, at: .start.after(minutes: minutes))
            }
            try await compareMemberships(of: id)
        }
        try await compareSharedReferences()
    }

    /// Only what was deleted leaves gaps; some of that was never told.
    private func compareNumbers(of feed: [MembershipChange]) async throws {
        let numbers = feed.map(\.sequence)
        try expect(zip(numbers, numbers.dropFirst()).allSatisfy(<), true)
        let gaps = try await rig.store.latestChange() - Int64(feed.count)
        try expect((0...model.eventsDeleted).contains(gaps), true)
    }

    /// A row never changes, but for who was erased; it goes with its audience only.
    private func compareWithWhatWasRead(_ feed: [MembershipChange]) throws {
        let audiences = Set(feed.map(\.audience))
        for (before, after) in zip(feedRead.filter { audiences.contains($0.audience) }, feed) {
            var expected = before
            if after.person == nil { expected.person = nil }
            if let person = after.person, person.distinctID == before.person?.distinctID {
                expected.person = person
            }
            try expect(after, expected)
        }
    }

    /// What the feed says of each person must be what happened to them: all of it, or the
    /// beginning of it as long as replacements are still to be compared.
    func compareStories(areWhole: Bool) async throws {
        var told: [AudienceID: [String: [StoreModel.Event]]] = [:]
        for change in try await rig.changes() {
            guard let name = change.person?.distinctID.text else { continue }
            let event = StoreModel.Event(
                isIn: change.kind == .entered, at: change.at, session: change.sessionID?.text)
            told[change.audience, default: [:]][name, default: []].append(event)
        }
        for (key, audience) in model.audiences {
            guard let id = try await self.audience(key)?.id else { continue }
            let told = told[id] ?? [:]
            for name in Set(told.keys).union(audience.events.keys).sorted() {
                let expected = audience.events[name] ?? []
                let events = told[name] ?? []
                let isRight =
                    areWhole ? events == expected : expected.starts(with: events)
                guard !isRight else { continue }
                throw Violation(
                    description: "the feed tells of \(name) in \(key.connection)\(key.cohort) "
                        + "\(events.map(\.story)) instead of \(expected.map(\.story))")
            }
        }
    }

    private func compareMemberships(of id: String) async throws {
        let found = try await rig.store.memberships(matching: .make(id), in: nil)
        var expected: [HistoryAudience: Timestamp] = [:]
        for (connection, name) in model.matching(id) {
            for (key, audience) in model.audiences where key.connection == connection {
                guard let entered = audience.members[name] else { continue }
                expected[key] = min(expected[key] ?? entered, entered)
            }
        }
        try expect(found.map(\.enteredAt).sorted(), expected.values.sorted())
        let table = try await rig.store.memberships(matchingAny: [.make(id)], in: [])
        try expect(table.rows.map(\.audiences), [found.map(\.audience)])
    }

    private func compareSharedReferences() async throws {
        for (key, audience) in model.audiences {
            guard let id = try await self.audience(key)?.id else { continue }
            var expected: [String: [String]] = [:]
            for name in audience.members.keys.sorted() {
                guard let reference = model.people[key.connection]?[name] ?? nil else { continue }
                expected[reference, default: []].append(name)
            }
            try expect(
                try await rig.sharedReferences(of: id, limit: 2),
                expected.filter { $0.value.count > 1 })
        }
    }
}

extension StoreModel.Event {
    fileprivate var story: String {
        "\(isIn ? "+" : "-") at \(at.minute) by \(session ?? "nobody")"
    }
}

/// What the log must say about a session, in a form that shows what differs.
extension SyncSession {
    var summary: String {
        let id = sessionID?.text ?? "none"
        let moved = movement.map { "+\($0.entering) -\($0.leaving)" } ?? "uncounted"
        let erased = notes.unusable[.erased] ?? 0
        return "\(action) \(id) \(status), pages \(pagesReceived) of \(pagesTotal ?? 0), "
            + "\(pagesRepeated) repeated, \(pagesIrregular) irregular, "
            + "\(membersReceived) entries, \(erased) erased, \(membersBefore) to \(membersAfter), "
            + "\(moved), \(references.changed) references, "
            + "\(startedAt.minute) to \(finishedAt?.minute ?? -1)"
    }
}

extension StoreModel.Session {
    var summary: String {
        let moved = movement.map { "+\($0.entering) -\($0.leaving)" } ?? "uncounted"
        return "\(action) \(id ?? "none") \(status), pages \(received) of \(total ?? 0), "
            + "\(repeated) repeated, \(irregular) irregular, "
            + "\(entries(0)) entries, \(entries(1)) erased, \(membersBefore) to \(membersAfter), "
            + "\(moved), \(referencesChanged) references, "
            + "\(startedAt.minute) to \(finishedAt?.minute ?? -1)"
    }
}

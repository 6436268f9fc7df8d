import Audiences

extension StoreConformance {
    static let changes: [StoreCase] = [
        StoreCase("a diff tells who really entered or left, each once and in order") { rig in
            let later = Timestamp.start.after(minutes: 30)
            try await rig.send(.make(.addMembers, ["ada", "bo", "ada"]))
            try await rig.send(.make(.addMembers, ["ada", "cy"], session: "S2"), at: later)
            try await rig.send(.make(.removeMembers, ["bo", "ghost"], session: "S2"), at: later)
            let rows = try await rig.changes()
            try expect(rows.map(\.story), ["+ada", "+bo", "+cy", "-bo"])
            try expect(rows.map(\.sequence), [1, 2, 3, 4])
            try expect(rows.map(\.at), [.start, .start, later, later])
            try expect(rows.map(\.sessionID?.text), ["S1", "S1", "S2", "S2"])
            let id = try await rig.theAudience().id
            try expect(Set(rows.map(\.audience)), [id])
        },
        StoreCase("a replacement tells its difference, with the time of the switch") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            try await rig.tidy(at: .start)
            let first = try await rig.store.latestChange()
            try expect(first, 2)
            let switched = Timestamp.start.after(minutes: 30)
            try await rig.send(.make(.members, ["cy"], session: "S2", page: 2, of: 2))
            try await rig.send(
                .make(.members, ["bo"], session: "S2", page: 1, of: 2), at: switched)
            try await rig.tidy(at: switched.after(hours: 1))
            let rows = try await rig.changes(after: first)
            try expect(rows.map(\.story).sorted(), ["+cy", "-ada"])
            try expect(rows.map(\.at), [switched, switched])
            try expect(rows.map(\.sessionID?.text), ["S2", "S2"])
        },
        StoreCase("what changes nobody tells nothing") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            try await rig.send(.make(.members, ["ada", "bo"]))
            try await rig.send(.make(.members, ["bo", "ada"], session: "S2"))
            try await rig.send(.make(.addMembers, ["ada"], session: "S3"))
            try await rig.send(.make(.removeMembers, ["cy"], session: "S3"))
            try await rig.send(.make(.members, ["cy"], session: "S4", page: 1, of: 2))
            try await rig.tidy(at: .start.after(hours: 30))
            try expect(try await rig.changes().map(\.story).sorted(), ["+ada", "+bo"])
        },
        StoreCase("people with today's reference id and no traits") { rig in
            let traits = [TraitChange(name: "plan", value: .bool(true))]
            try await rig.send(.make(.addMembers, members: [.make("d1", traits: traits)]))
            try await rig.send(
                .make(.addMembers, members: [.make("d1", reference: "user-1")], session: "S2"))
            let people = try await rig.changes().map(\.person)
            try expect(
                people, [Person(distinctID: .make("d1"), referenceID: .make("user-1"))])
        },
        StoreCase("a change before the first session id has none") { rig in
            try await rig.send(.make(.addMembers, ["ada"], session: nil))
            try expect(try await rig.changes().map(\.sessionID), [nil])
        },
        StoreCase("a diff after a switch is told after it, though it came before any comparison") {
            rig in
            try await rig.send(.make(.members, crowd(40)))
            try await rig.tidy(at: .start)
            try await rig.send(.make(.members, crowd(40, from: 20), session: "S2"))
            try await rig.send(.make(.removeMembers, ["p30", "p50"], session: "S3"))
            try await rig.send(.make(.addMembers, ["p10", "p50", "p99"], session: "S4"))
            try await rig.send(.make(.removeMembers, ["p10"], session: "S5"))
            try await rig.tidy(at: .start)
            for (person, story) in [
                ("p10", "+-+-"), ("p30", "+-"), ("p50", "+-+"), ("p99", "+"), ("p5", "+-"),
                ("p25", "+"), ("p59", "+"),
            ] {
                try expect(try await rig.story(of: person), story)
            }
            try await rig.compareFeed()
        },
        StoreCase("several switches before any comparison are told one after the other") { rig in
            for (run, people) in [["ada"], ["bo"], ["ada", "bo"], [], ["ada"]].enumerated() {
                let time = Timestamp.start.after(minutes: Int64(run))
                try await rig.send(.make(.members, people, session: "S\(run)"), at: time)
            }
            try await rig.tidy(at: .start.after(hours: 1))
            try expect(try await rig.story(of: "ada"), "+-+-+")
            try expect(try await rig.story(of: "bo"), "+-")
            try await rig.compareFeed()
        },
        StoreCase("the feed goes on from any place") { rig in
            for run in 0..<6 {
                let people = crowd(9, from: run * 3)
                try await rig.send(.make(.members, people, session: "S\(run)"))
                try await rig.send(.make(.addMembers, ["x\(run)"], session: "D\(run)"))
                try await rig.tidy(at: .start)
            }
            let all = try await rig.changes()
            try expect(all.map(\.sequence), Array(1...Int64(all.count)))
            for place in [0, 1, 7, all.count - 1, all.count] {
                try expect(
                    try await rig.changes(after: Int64(place)), Array(all.dropFirst(place)))
            }
            try await rig.compareFeed()
        },
        StoreCase("the feed comes in pages, of one audience or of all") { rig in
            for run in 0..<5 {
                try await rig.send(
                    .make(.addMembers, ["a\(run)"], session: "S\(run)", cohort: "1"))
                try await rig.send(
                    .make(.addMembers, ["b\(run)"], session: "S\(run)", cohort: "2"))
            }
            let all = try await rig.changes()
            guard let second = try await rig.audience(cohort: "2")?.id else {
                throw Violation(description: "no audience")
            }
            for limit in [1, 3, 4, 9, 10, 11] {
                try expect(try await rig.changes(limit: limit), all)
                try expect(
                    try await rig.changes(in: second, limit: limit),
                    all.filter { $0.audience == second })
            }
            let page = try await rig.store.changes(after: 0, in: nil, limit: 4)
            try expect([page.next, Int64(page.changes.count)], [4, 4])
            try expect(page.hasMore, true)
            let last = try await rig.store.changes(after: page.next, in: nil, limit: 6)
            try expect(last.next, 10)
            try expect(last.hasMore, false)
            let none = try await rig.store.changes(after: 10, in: second, limit: 6)
            try expect(none, ChangePage(changes: [], next: 10, hasMore: false))
        },
        StoreCase("a place outside of the feed is refused") { rig in
            try expect(try await rig.store.latestChange(), 0)
            let empty = try await rig.store.changes(after: 0, in: nil, limit: 1)
            try expect(empty, ChangePage(changes: [], next: 0, hasMore: false))
            try await expect(.invalid) {
                _ = try await rig.store.changes(after: 1, in: nil, limit: 1)
            }
            try await rig.send(.make(.addMembers, ["ada"]))
            try expect(try await rig.store.latestChange(), 1)
            let refused: [(Int64, Int)] = [
                (-1, 1), (2, 1), (.max, 1), (0, 0), (0, Limits.listItemsMax + 1), (0, -1),
            ]
            for (place, limit) in refused {
                try await expect(.invalid) {
                    _ = try await rig.store.changes(after: place, in: nil, limit: limit)
                }
            }
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) {
                _ = try await rig.store.changes(after: 0, in: unknown, limit: 1)
            }
        },
        StoreCase("changes that were removed are gone, but never the last one") { rig in
            let second = Timestamp.start.after(hours: 1)
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"), at: second)
            let limit = Timestamp.start.after(Retention().changesMilliseconds)
            try await rig.tidy(at: limit)
            try expect(try await rig.changes().map(\.story), ["+ada", "+bo"])
            for time in [limit.after(1), limit.after(hours: 9)] {
                try await rig.tidy(at: time)
                try await expect(.gone) {
                    _ = try await rig.store.changes(after: 0, in: nil, limit: 1)
                }
                try expect(try await rig.changes(after: 1).map(\.story), ["+bo"])
            }
            try await rig.send(.make(.addMembers, ["cy"], session: "S3"), at: limit)
            try expect(try await rig.changes(after: 2).map(\.sequence), [3])
        },
        StoreCase("a reader who waits is woken by a change") { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await rig.store.awaitChange(after: 0, for: .seconds(600))
                    try expect(try await rig.store.latestChange(), 1)
                }
                try await rig.send(.make(.addMembers, ["ada"]))
                try await group.waitForAll()
            }
            try await rig.store.awaitChange(after: 0, for: .seconds(600))
        },
        StoreCase("a reader waits no longer than asked, and not when cancelled") { rig in
            let begun = ContinuousClock.now
            try await rig.store.awaitChange(after: 0, for: .milliseconds(30))
            try expect(ContinuousClock.now - begun >= .milliseconds(30), true)
            let waiting = Task { try await rig.store.awaitChange(after: 0, for: .seconds(600)) }
            waiting.cancel()
            try await waiting.value
        },
    ]
}

extension MembershipChange {
    /// `+ada` or `-ada`.
    var story: String { sign + (person?.distinctID.text ?? "nobody") }

    var sign: String { kind == .entered ? "+" : "-" }
}

extension StoreRig {
    /// Every change after a place, read by pages of `limit`.
    func changes(
        after sequence: Int64 = 0, in audience: AudienceID? = nil, limit: Int = 1000
    ) async throws -> [MembershipChange] {
        var changes: [MembershipChange] = []
        var next = sequence
        var hasMore = true
        while hasMore {
            let page = try await store.changes(after: next, in: audience, limit: limit)
            try expect(page.changes.count <= limit, true)
            changes += page.changes
            hasMore = page.hasMore
            next = page.next
        }
        return changes
    }

    /// How somebody came and went: `+-+`.
    func story(of distinctID: String) async throws -> String {
        try await changes().filter { $0.person?.distinctID == .make(distinctID) }.map(\.sign)
            .joined()
    }

    /// The feed from its beginning must lead to the members of the default cohort.
    func compareFeed(file: String = #fileID, line: Int = #line) async throws {
        let id = try await theAudience().id
        var members: Set<String> = []
        for change in try await changes(in: id) {
            guard let name = change.person?.distinctID.text else { continue }
            let isNews =
                change.kind == .entered
                ? members.insert(name).inserted : members.remove(name) != nil
            try expect(isNews, true, file: file, line: line)
        }
        try expect(members.sorted(), try await people(), file: file, line: line)
    }
}

import Audiences

extension StoreConformance {
    static let history: [StoreCase] = [
        StoreCase("the past is told from both sides of every change") { rig in
            for (hours, isIn) in [(0, true), (1, false), (2, true)] as [(Int64, Bool)] {
                let page = SyncPage.make(
                    isIn ? .addMembers : .removeMembers, ["ada"], session: "S\(hours)")
                try await rig.send(page, at: .start.after(hours: hours))
            }
            let expected: [(Int64, Int64?)] = [
                (-1, nil), (0, 0), (1, 0), (3_599_999, 0), (3_600_000, nil), (7_199_999, nil),
                (7_200_000, 7_200_000), (9_000_000, 7_200_000),
            ]
            for (moment, entered) in expected {
                try expect(
                    try await rig.entrance("ada", .start.after(moment)),
                    entered.map { Timestamp.start.after($0) })
            }
        },
        StoreCase("the past of replacements is the same before and after their comparison") {
            rig in
            for (run, people) in [["ada"], ["bo"], ["ada", "bo"], []].enumerated() {
                let time = Timestamp.start.after(hours: Int64(run))
                try await rig.send(.make(.members, people, session: "S\(run)"), at: time)
            }
            try await rig.send(
                .make(.addMembers, ["bo"], session: "S4"), at: .start.after(hours: 4))
            for isTidied in [false, true] {
                if isTidied { try await rig.tidy(at: .start.after(hours: 9)) }
                var story: [[Int64?]] = []
                for hours in -1...5 as ClosedRange<Int64> {
                    let moment = Timestamp.start.after(hours: hours)
                    story.append([
                        try await rig.entrance("ada", moment)?.hours,
                        try await rig.entrance("bo", moment)?.hours,
                    ])
                }
                try expect(
                    story,
                    [[nil, nil], [0, nil], [nil, 1], [2, 1], [nil, nil], [nil, 4], [nil, 4]])
            }
        },
        StoreCase("the past knows snapshots that were put back") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(
                .make(.members, ["bo"], session: "S2"), at: .start.after(hours: 1))
            try await rig.restore(at: .start.after(hours: 2))
            for isTidied in [false, true] {
                if isTidied { try await rig.tidy(at: .start.after(hours: 9)) }
                var story: [Int64?] = []
                for hours in 0...2 as ClosedRange<Int64> {
                    let moment = Timestamp.start.after(hours: hours)
                    story.append(try await rig.entrance("ada", moment)?.hours)
                }
                try expect(story, [0, nil, 2])
            }
        },
        StoreCase("the past is asked by today's ids, and tells the first of several people") {
            rig in
            let both = [
                MemberRecord.make("d1", reference: "user-1"), .make("d2", reference: "user-1"),
            ]
            try await rig.send(.make(.addMembers, ["d1"], cohort: "1"))
            let later = Timestamp.start.after(hours: 1)
            try await rig.send(
                .make(.addMembers, members: both, session: "S2", cohort: "1", name: "One"),
                at: later)
            try await rig.send(
                .make(.addMembers, members: [both[1]], cohort: "2"), at: later)
            let found = try await rig.store.memberships(
                matching: .make("user-1"), in: nil, at: later)
            try expect(found.map(\.name), ["One", nil])
            try expect(found.map(\.enteredAt), [.start, later])
            try expect(found.map(\.source), [nil, nil])
            try expect(found.map(\.freshness.asOf), [later, later])
            let only = try await rig.store.memberships(
                matching: .make("user-1"), in: found[1].audience, at: later)
            try expect(only, [found[1]])
            let before = try await rig.store.memberships(
                matching: .make("user-1"), in: nil, at: .start)
            try expect(before.map(\.audience), [found[0].audience])
            try expect(try await rig.entrance("d1", later), nil)
            _ = try await rig.erase("user-1")
            try expect(try await rig.entrance("user-1", later), nil)
        },
        StoreCase("the past ends where the feed ends") { rig in
            let later = Timestamp.start.after(hours: 1)
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"), at: later)
            let limit = Timestamp.start.after(Retention().changesMilliseconds)
            try await rig.tidy(at: limit)
            try expect(try await rig.entrance("ada", .start.after(-1)), nil)
            try await rig.tidy(at: limit.after(1))
            for id in ["ada", "nobody"] {
                try await expect(.gone) { _ = try await rig.entrance(id, .start.after(-1)) }
            }
            for moment in [Timestamp.start, .start.after(5), later.after(5)] {
                try expect(try await rig.entrance("ada", moment), moment)
            }
            try expect(try await rig.entrance("bo", .start.after(5)), nil)
            try expect(try await rig.entrance("bo", later.after(5)), later)
        },
    ]

    static let sources: [StoreCase] = [
        StoreCase("a membership tells the page it came from") { rig in
            try await rig.send(.make(.addMembers, ["ada"], page: 2, of: 3))
            try expect(try await rig.source("ada"), .make(.addMembers, "S1", 2))
            try await rig.send(.make(.members, ["bo"], session: "S2", page: 1, of: 2))
            try await rig.send(.make(.members, ["ada"], session: "S2", page: 2, of: 2))
            try expect(try await rig.source("ada"), .make(.members, "S2", 2))
            try expect(try await rig.source("bo"), .make(.members, "S2", 1))
            try await rig.send(.make(.addMembers, ["bo"], session: "S3"))
            try expect(try await rig.source("bo"), .make(.members, "S2", 1))
            try await rig.send(.make(.addMembers, ["cy"], session: nil, page: nil, of: nil))
            try expect(try await rig.source("cy"), .make(.addMembers, nil, nil))
            try await rig.send(.make(.members, ["odd"], session: "S5", page: 9, of: 2))
            try expect(try await rig.source("odd"), .make(.members, "S5", nil))
        },
        StoreCase("a diff while staging is the source of whom no page has") { rig in
            try await rig.send(.make(.members, ["bo"], page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["ada"], session: "S2", page: 4, of: 5))
            try await rig.send(.make(.members, [], page: 2, of: 2))
            try expect(try await rig.source("ada"), .make(.addMembers, "S2", 4))
            try expect(try await rig.source("bo"), .make(.members, "S1", 1))
        },
        StoreCase("a source is put back with its snapshot") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 1))
            try await rig.send(.make(.members, ["ada"], session: "S2"), at: .start.after(1))
            try await rig.restore(at: .start.after(2))
            try expect(try await rig.source("ada"), .make(.members, "S1", 1))
        },
        StoreCase("the sync log forgets, but never what was last or waits") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"), at: .start.after(1))
            let limit = Timestamp.start.after(Retention().syncLogMilliseconds)
            try await rig.send(
                .make(.addMembers, ["cy"], session: "S3"), at: limit.after(hours: -1))
            try await rig.tidy(at: limit)
            try expect(try await rig.sessions(), ["S3", "S2", "S1"])
            try await rig.tidy(at: limit.after(1))
            try expect(try await rig.sessions(), ["S3", "S2"])
            try expect(try await rig.source("ada"), nil)
            try expect(try await rig.source("bo"), .make(.addMembers, "S2", 1))
            try await rig.tidy(at: limit.after(Retention().syncLogMilliseconds))
            try expect(try await rig.sessions(), ["S3"])
            try expect(try await rig.people(), ["ada", "bo", "cy"])
        },
        StoreCase("a change older than the sync log has no session") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.send(.make(.addMembers, [], session: "S2"))
            let limit = Timestamp.start.after(Retention().syncLogMilliseconds)
            try await rig.tidy(at: limit)
            try expect(try await rig.changes().map(\.sessionID?.text), ["S1"])
            try await rig.tidy(at: limit.after(1))
            try expect(try await rig.changes().map(\.sessionID?.text), [nil])
        },
    ]

    static let references: [StoreCase] = [
        StoreCase("the log counts what pages did to reference ids") { rig in
            let first = [
                MemberRecord.make("d1", reference: "user-1"), .make("d2", reference: "user-2"),
            ]
            try await rig.send(.make(.addMembers, members: first))
            try expect(try await rig.theSync().references, ReferenceCounts())
            let second = [
                MemberRecord.make("d1", reference: "user-9"), .make("d2", reference: "user-2"),
                .make("d3", reference: "user-2"), .make("d4", reference: .cleared),
            ]
            let page = SyncPage.make(.addMembers, members: second, session: "S2")
            for _ in 1...2 {
                try await rig.send(page)
                try expect(
                    try await rig.theSync().references, ReferenceCounts(changed: 1, shared: 1))
            }
            let third = [
                MemberRecord.make("d1", reference: "user-2"), .make("d3", reference: .cleared),
            ]
            try await rig.send(.make(.removeMembers, members: third, session: "S3"))
            try expect(
                try await rig.theSync().references, ReferenceCounts(changed: 1, shared: 1))
            try await rig.send(
                .make(.addMembers, members: [.make("e1", reference: "user-2")]), from: 2)
            let other = try await rig.audience(connection: 2)?.lastSync?.references
            try expect(other, ReferenceCounts())
        },
        StoreCase("shared reference ids are listed with those who share them") { rig in
            let members = (0..<40).map { number in
                MemberRecord.make("d\(number)", reference: "user-\(min(number / 3, 12))")
            }
            try await rig.send(.make(.members, members: members + [.make("alone")]))
            try await rig.send(
                .make(.addMembers, members: [.make("d99", reference: "user-1")], cohort: "2"))
            for limit in [1, 4, 100] {
                let shared = try await rig.sharedReferences(limit: limit)
                try expect(shared.count, 13)
                try expect(shared["user-1"], ["d3", "d4", "d5"])
                try expect(shared["user-12"], ["d36", "d37", "d38", "d39"])
            }
            try await rig.send(.make(.removeMembers, ["d3", "d4"], session: "S2"))
            try expect(try await rig.sharedReferences(limit: 5)["user-1"], nil)
        },
        StoreCase("a reference id that very many share names the first of them") { rig in
            let most = Limits.sharedReferencePeopleMax
            for extra in [0, 1] {
                let members = crowd(most + extra).map { MemberRecord.make($0, reference: "all") }
                try await rig.send(.make(.addMembers, members: members, session: "S\(extra)"))
                try expect(try await rig.sharedReferences(limit: 9)["all"]?.count, most)
            }
        },
        StoreCase("shared reference ids of no audience, or after a wrong cursor") { rig in
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) {
                _ = try await rig.store.sharedReferences(of: unknown, ListRange())
            }
            try await rig.send(.make(.members, ["ada", "bo"]))
            let id = try await rig.theAudience().id
            let members = try await rig.store.members(of: id, ListRange(limit: 1))
            for cursor in [members.next, Cursor(""), Cursor("x1-1-1")] {
                try await expect(.invalid) {
                    _ = try await rig.store.sharedReferences(of: id, ListRange(after: cursor))
                }
            }
        },
    ]
}

extension Timestamp {
    /// Whole hours since the story began.
    fileprivate var hours: Int64 { since(.start) / 3_600_000 }
}

extension MembershipSource {
    fileprivate static func make(
        _ action: SyncAction, _ session: String?, _ page: Int?
    ) -> MembershipSource {
        MembershipSource(action: action, sessionID: session.map { .make($0) }, page: page)
    }
}

extension StoreRig {
    /// Since when somebody was in any audience at a past moment; `nil` if they were not.
    func entrance(_ matchID: String, _ moment: Timestamp) async throws -> Timestamp? {
        try await store.memberships(matching: .make(matchID), in: nil, at: moment).first?.enteredAt
    }

    func source(_ matchID: String) async throws -> MembershipSource? {
        try await store.memberships(matching: .make(matchID), in: nil).first?.source
    }

    /// The session ids of the default cohort's log, newest first.
    func sessions() async throws -> [String?] {
        try await store.syncs(of: theAudience().id, ListRange()).items.map(\.sessionID?.text)
    }

    /// Who shares which reference id in the default cohort, read by pages of `limit`.
    func sharedReferences(limit: Int) async throws -> [String: [String]] {
        try await sharedReferences(of: theAudience().id, limit: limit)
    }

    func sharedReferences(of id: AudienceID, limit: Int) async throws -> [String: [String]] {
        var shared: [String: [String]] = [:]
        var range = ListRange(limit: limit)
        repeat {
            let page = try await store.sharedReferences(of: id, range)
            try expect(page.items.count <= limit, true)
            for item in page.items {
                try expect(shared[item.referenceID.text], nil)
                shared[item.referenceID.text] = item.distinctIDs.sorted().map(\.text)
            }
            range.after = page.next
        } while range.after != nil
        return shared
    }
}

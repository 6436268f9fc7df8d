import Audiences

extension StoreConformance {
    static let lists: [StoreCase] = [
        StoreCase("members come in pages, each once, in a stable order") { rig in
            try await rig.send(.make(.members, crowd(10)))
            let audience = try await rig.theAudience()
            let whole = try await rig.members(of: audience)
            for limit in [1, 3, 5, 9, 10, 11] {
                try expect(try await rig.members(of: audience, limit: limit), whole)
            }
            let last = try await rig.store.members(of: audience.id, ListRange(limit: 10))
            try expect(last.next, nil)
        },
        StoreCase("a walk that a replacement overtakes never mixes the two") { rig in
            try await rig.send(.make(.members, ["a1", "a2", "a3"]))
            let id = try await rig.theAudience().id
            let first = try await rig.store.members(of: id, ListRange(limit: 2))
            try await rig.send(.make(.members, ["b1", "b2", "b3"], session: "S2"))
            let second = try await rig.store.members(
                of: id, ListRange(after: first.next, limit: 2))
            try expect(second.items.map(\.person.distinctID.text), ["a3"])
            try expect(try await rig.people(), ["b1", "b2", "b3"])
        },
        StoreCase("a walk through a snapshot that is gone has to begin again") { rig in
            try await rig.send(.make(.members, ["a1", "a2"]))
            let id = try await rig.theAudience().id
            let first = try await rig.store.members(of: id, ListRange(limit: 1))
            try await rig.send(.make(.members, ["b1"], session: "S2"))
            try await rig.tidy(at: .start.after(Retention().snapshotsMilliseconds))
            _ = try await rig.store.members(of: id, ListRange(after: first.next))
            try await rig.tidy(at: .start.after(Retention().snapshotsMilliseconds + 1))
            try await expect(.invalid) {
                _ = try await rig.store.members(of: id, ListRange(after: first.next))
            }
            try expect(try await rig.people(), ["b1"])
        },
        StoreCase("a cursor of something else is refused") { rig in
            try await rig.send(.make(.members, ["a1", "a2"], cohort: "1"))
            try await rig.send(.make(.members, ["b1", "b2"], cohort: "2"))
            let all = try await rig.store.audiences(
                matching: AudienceFilter(), ListRange(limit: 1))
            guard let first = all.items.first?.id else { throw Violation(description: "none") }
            let second = try await rig.store.audiences(
                matching: AudienceFilter(), ListRange(after: all.next)
            ).items.map(\.id)
            let members = try await rig.store.members(of: first, ListRange(limit: 1))
            let cursors = [all.next, Cursor(""), Cursor("x"), Cursor("m1-1-99999999999999999999")]
            for cursor in cursors {
                try await expect(.invalid) {
                    _ = try await rig.store.members(of: first, ListRange(after: cursor))
                }
                guard cursor != all.next else { continue }
                try await expect(.invalid) {
                    _ = try await rig.store.audiences(
                        matching: AudienceFilter(), ListRange(after: cursor))
                }
                try await expect(.invalid) {
                    _ = try await rig.store.syncs(of: first, ListRange(after: cursor))
                }
            }
            for other in second {
                try await expect(.invalid) {
                    _ = try await rig.store.members(of: other, ListRange(after: members.next))
                }
            }
        },
        StoreCase("a list has a smallest and a largest page") { rig in
            let filter = AudienceFilter()
            for limit in [1, Limits.listItemsMax] {
                _ = try await rig.store.audiences(matching: filter, ListRange(limit: limit))
            }
            for limit in [0, -1, Limits.listItemsMax + 1] {
                try await expect(.invalid) {
                    _ = try await rig.store.audiences(matching: filter, ListRange(limit: limit))
                }
            }
        },
        StoreCase("audiences come in the order they were made, filtered") { rig in
            for cohort in ["3", "1", "2"] {
                try await rig.send(.make(.addMembers, ["A"], cohort: cohort))
            }
            try await rig.send(.make(.addMembers, ["A"], cohort: "1"), from: 2)
            try await rig.send(.make(.addMembers, ["A"], cohort: "4", project: "7"))
            var cohorts: [String] = []
            var range = ListRange(limit: 2)
            repeat {
                let page = try await rig.store.audiences(matching: AudienceFilter(), range)
                cohorts += page.items.map(\.cohort.cohortID.text)
                range.after = page.next
            } while range.after != nil
            try expect(cohorts, ["3", "1", "2", "1", "4"])
            let filters = [
                AudienceFilter(connection: .make(2)), AudienceFilter(project: .make("7")),
                AudienceFilter(cohort: .make("1")), AudienceFilter(connection: .make(3)),
            ]
            var counts: [Int] = []
            for filter in filters {
                counts.append(
                    try await rig.store.audiences(matching: filter, ListRange()).items.count)
            }
            try expect(counts, [1, 1, 2, 0])
        },
        StoreCase("an audience nobody knows is nil, and its lists are not found") { rig in
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try expect(try await rig.store.audience(unknown), nil)
            try await expect(.notFound) {
                _ = try await rig.store.members(of: unknown, ListRange())
            }
            try await expect(.notFound) {
                _ = try await rig.store.syncs(of: unknown, ListRange())
            }
        },
    ]

    static let syncLog: [StoreCase] = [
        StoreCase("the log has every session, newest first, in pages") { rig in
            for run in 1...5 {
                try await rig.send(.make(.addMembers, ["A"], session: "S\(run)"))
            }
            let id = try await rig.theAudience().id
            var sessions: [String?] = []
            var range = ListRange(limit: 2)
            repeat {
                let page = try await rig.store.syncs(of: id, range)
                sessions += page.items.map(\.sessionID?.text)
                range.after = page.next
            } while range.after != nil
            try expect(sessions, ["S5", "S4", "S3", "S2", "S1"])
        },
        StoreCase("the log counts what was received, the last copy of each page") { rig in
            try await rig.send(.make(.members, ["gone"]))
            let started = Timestamp.start.after(minutes: 1)
            let page = SyncPage.make(
                .members, ["A", "B", "A"], session: "S2", page: 1, of: 2,
                unusable: [.idEmpty: 2, .notAnObject: 1])
            try await rig.send(page, at: started)
            let copy = SyncPage.make(
                .members, ["A"], session: "S2", page: 1, of: 2, unusable: [.idMissing: 1])
            try await rig.send(copy, at: started)
            try await rig.send(copy, at: started)
            let finished = Timestamp.start.after(minutes: 2)
            try await rig.send(
                .make(.members, ["C", "D"], session: "S2", page: 2, of: 2), at: finished)
            let sync = try await rig.theSync()
            try expect(sync.status, .committed)
            try expect(sync.pagesTotal, 2)
            try expect([sync.pagesReceived, sync.pagesRepeated, sync.pagesIrregular], [2, 2, 0])
            try expect(sync.membersReceived, 4)
            try expect(sync.notes, PageNotes(unusable: [.idMissing: 1]))
            try expect([sync.membersBefore, sync.membersAfter], [1, 3])
            try expect([sync.startedAt, sync.finishedAt], [started, finished])
        },
        StoreCase("adds and removes of one session id are two entries") { rig in
            try await rig.send(.make(.addMembers, ["A", "B"]))
            try await rig.send(.make(.removeMembers, ["A"]))
            let log = try await rig.store.syncs(of: rig.theAudience().id, ListRange()).items
            try expect(log.map(\.action), [.removeMembers, .addMembers])
            try expect(log.map(\.membersBefore), [2, 0])
            try expect(log.map(\.membersAfter), [1, 2])
        },
        StoreCase("a page of nothing but unusable entries is accepted and counted") { rig in
            let page = SyncPage.make(
                .members, [], unusable: [.idMissing: 3, .idTooLong: 1])
            try expect(try await rig.send(page), .switched)
            try expect(try await rig.theSync().membersReceived, 4)
            try expect(try await rig.people(), [])
        },
        StoreCase("the last sync is the one that acted last") { rig in
            try await rig.send(.make(.members, ["A"]))
            try await rig.send(.make(.addMembers, ["B"], session: "S2"))
            let late = Timestamp.start.after(minutes: 9)
            try await rig.send(.make(.members, ["A"]), at: late)
            try expect(try await rig.theSync().sessionID, .make("S2"))
            try expect(try await rig.theAudience().updatedAt, late)
        },
    ]
}

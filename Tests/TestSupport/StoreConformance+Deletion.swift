import Audiences

extension StoreConformance {
    static let deletion: [StoreCase] = [
        StoreCase("a deleted connection is nowhere to be seen, at once and for ever") { rig in
            let d1 = MemberRecord.make("d1", reference: "user-1")
            try await rig.send(.make(.members, members: [d1, .make("bo")]))
            try await rig.send(.make(.addMembers, members: [d1], cohort: "2"), at: .start.after(1))
            try await rig.send(.make(.addMembers, members: [d1]), from: 2, at: .start.after(2))
            let audience = try await rig.theAudience().id
            let kept = try await rig.audience(connection: 2)?.id
            try await rig.store.delete(.make(1), at: .start.after(3))
            for time in [Timestamp.start.after(3), .start.after(hours: 1)] {
                try expect(try await rig.store.connection(.make(1)), nil)
                try expect(
                    try await rig.store.connections(ListRange()).items.map(\.id), [.make(2)])
                let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange())
                try expect(all.items.map(\.id), [kept].compactMap(\.self))
                try expect(try await rig.store.audience(audience), nil)
                try expect(try await rig.cohorts(matching: "user-1"), ["5540912"])
                try expect(try await rig.cohorts(matching: "bo"), [])
                let table = try await rig.store.memberships(
                    matchingAny: [.make("user-1"), .make("bo")], in: [])
                try expect(
                    table.rows.map(\.audiences), [[kept].compactMap(\.self), []])
                try expect(table.audiences.map(\.id), [kept].compactMap(\.self))
                let past = try await rig.store.memberships(
                    matching: .make("user-1"), in: nil, at: .start.after(3))
                try expect(past.map(\.audience), [kept].compactMap(\.self))
                try expect(try await rig.changes().map(\.audience), [kept].compactMap(\.self))
                try await rig.expectNothing(of: audience)
                try await rig.tidy(at: time)
            }
        },
        StoreCase("nothing can be done to a deleted connection") { rig in
            try await rig.store.setUp(.make(), of: .make(1))
            try await rig.store.delete(.make(1), at: .start)
            let one = ConnectionID.make(1)
            let attempts: [@Sendable () async throws -> Void] = [
                { try await rig.store.delete(one, at: .start) },
                { _ = try await rig.store.update(one, with: ConnectionEdit(), at: .start) },
                { _ = try await rig.set(.make(), at: .start) },
                { _ = try await rig.switchSync(on: false, at: .start) },
                { _ = try await rig.store.revoke(nil, of: one, at: .start) },
                { try await rig.store.noteUse(of: .make(1), of: one, at: .start) },
                { try await rig.store.setUp(.make(), of: one) },
            ]
            for attempt in attempts { try await expect(.notFound, from: attempt) }
            try await expect(.notFound) { try await rig.store.delete(.make(9), at: .start) }
        },
        StoreCase("a page that was admitted before is refused, and makes nothing") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try await rig.store.delete(.make(1), at: .start)
            for _ in 0..<2 {
                for action in [SyncAction.members, .addMembers, .removeMembers] {
                    try await expect(.notFound) {
                        try await rig.send(.make(action, ["ada"], page: 2, of: 2))
                    }
                }
                try await rig.tidy(at: .start)
            }
            let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange())
            try expect(all.items, [])
            try expect(try await rig.changes(), [])
        },
        StoreCase("the id may be used again at once, and nothing comes back with it") { rig in
            try await rig.send(.make(.members, members: [.make("d1", reference: "user-1")]))
            try await rig.tidy(at: .start)
            try await rig.store.delete(.make(1), at: .start)
            try await rig.store.create(Connection.make(1, name: "again"))
            try expect(try await rig.people(), [])
            for _ in 0..<2 {
                try await rig.send(.make(.addMembers, ["d1"], session: "S2"), at: .start.after(1))
                try expect(try await rig.people(), ["d1"])
                try expect(try await rig.entered("d1"), .start.after(1))
                try expect(try await rig.cohorts(matching: "user-1"), [])
                try expect(try await rig.cohorts(matching: "d1"), ["5540912"])
                try expect(try await rig.changes().map(\.story), ["+d1"])
                try await rig.tidy(at: .start.after(1))
            }
            try await rig.compareFeed()
        },
        StoreCase("the numbers of its changes are not given again, and nobody has to start anew") {
            rig in
            try await rig.send(.make(.addMembers, ["ada"]), from: 2)
            try await rig.send(.make(.addMembers, ["bo", "cy"]))
            let latest = try await rig.store.latestChange()
            try await rig.store.delete(.make(1), at: .start)
            try await rig.tidy(at: .start)
            try expect(try await rig.store.latestChange(), latest)
            for sequence in 0...latest {
                let page = try await rig.store.changes(after: sequence, in: nil, limit: 10)
                try expect(page.changes.map(\.story), sequence == 0 ? ["+ada"] : [])
                try expect(page.next, latest)
                try expect(page.hasMore, false)
            }
            try await rig.send(.make(.removeMembers, ["ada"], session: "S2"), from: 2)
            try expect(try await rig.changes().map(\.sequence), [1, latest + 1])
        },
        StoreCase("a feed that begins with deleted changes still begins") { rig in
            try await rig.send(.make(.addMembers, ["bo", "cy"]))
            try await rig.send(.make(.addMembers, ["ada"]), from: 2)
            try await rig.store.delete(.make(1), at: .start)
            try await rig.tidy(at: .start)
            try expect(try await rig.changes().map(\.story), ["+ada"])
            try expect(try await rig.changes(limit: 1).map(\.sequence), [3])
        },
        StoreCase("what is filling, held or not compared yet is deleted too") { rig in
            try await rig.hold(keeping: 1)
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2, cohort: "2"))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2", cohort: "2"))
            try await rig.send(.make(.members, ["ada"], cohort: "3"))
            try await rig.send(.make(.members, ["bo"], cohort: "3"), from: 2)
            try await rig.store.delete(.make(1), at: .start)
            try await rig.tidy(at: .start.after(hours: 100))
            try expect(try await rig.changes().map(\.story), ["+bo"])
            try expect(try await rig.people(cohort: "3", connection: 2), ["bo"])
        },
        StoreCase("what was not told before the deletion takes no numbers afterwards") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            try await rig.store.delete(.make(1), at: .start)
            let latest = try await rig.store.latestChange()
            try await rig.tidy(at: .start)
            try expect(try await rig.store.latestChange(), latest)
        },
        StoreCase("who is erased is counted in the other connections only") { rig in
            for connection in [1, 2] as [UInt8] {
                try await rig.send(.make(.addMembers, ["ada"]), from: connection)
            }
            try await rig.store.delete(.make(1), at: .start)
            try expect(try await rig.erase("ada"), 1)
            try await rig.tidy(at: .start)
            try expect(try await rig.erase("ada"), 0)
        },
    ]
}

extension StoreRig {
    /// An audience that is not there is so for every read and every decision.
    fileprivate func expectNothing(of id: AudienceID) async throws {
        let reads: [@Sendable () async throws -> Void] = [
            { _ = try await store.members(of: id, ListRange()) },
            { _ = try await store.syncs(of: id, ListRange()) },
            { _ = try await store.sharedReferences(of: id, ListRange()) },
            { _ = try await store.changes(after: 0, in: id, limit: 10) },
            { try await store.restore(id, at: .start) },
            { try await store.decide(.accept, on: id, at: .start) },
        ]
        for read in reads { try await expect(.notFound, from: read) }
        let found = try await store.memberships(matching: .make("user-1"), in: id)
        try expect(found, [])
        let past = try await store.memberships(
            matching: .make("user-1"), in: id, at: .start.after(3))
        try expect(past, [])
        let table = try await store.memberships(matchingAny: [.make("user-1")], in: [id])
        try expect(table.audiences.map(\.id), [])
    }
}

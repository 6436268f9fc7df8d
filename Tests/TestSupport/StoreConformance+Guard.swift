import Audiences

/// An audience of a thousand, of which a replacement may remove a quarter.
extension StoreConformance {
    static let guarded: [StoreCase] = [
        StoreCase("a replacement that removes too many is held, and readers see none of it") {
            rig in
            try await rig.hold(keeping: 700, entering: ["new"])
            try expect(try await rig.people().count, 1000)
            let audience = try await rig.theAudience()
            try expect(audience.asOf, .start)
            try expect(audience.needsReconcile, nil)
            try expect(audience.freshness.isHeld, true)
            try expect(audience.held, audience.lastSync)
            let held = try await rig.theSync()
            try expect(held.status, .held)
            try expect(held.sessionID, .make("held"))
            try expect(held.movement, Movement(entering: 1, leaving: 300))
            try expect([held.membersBefore, held.membersAfter], [1000, 1000])
            try expect(held.finishedAt, nil)
            let found = try await rig.store.memberships(matching: .make("p999"), in: nil)
            try expect(found.map(\.freshness.isHeld), [true])
            let table = try await rig.store.memberships(matchingAny: [.make("p999")], in: [])
            try expect(table.audiences.map(\.freshness.isHeld), [true])
            try expect(try await rig.cohorts(matching: "new"), [])
            try await rig.tidy(at: .start.after(hours: 1))
            try expect(try await rig.store.latestChange(), 1000)
        },
        StoreCase("a replacement that removes just its share is switched in") { rig in
            try await rig.guardAQuarter()
            try await rig.send(.make(.members, crowd(1000)))
            let outcome = try await rig.send(.make(.members, crowd(750), session: "S2"))
            try expect(outcome, .switched)
            try expect(try await rig.theSync().movement, Movement(entering: 0, leaving: 250))
        },
        StoreCase("another connection, and a guard that was taken away, hold nothing") { rig in
            try await rig.guardAQuarter()
            for connection in [1, 2] as [UInt8] {
                try await rig.send(.make(.members, crowd(1000)), from: connection)
            }
            let empty = SyncPage.make(.members, [], session: "S2")
            try expect(try await rig.send(empty, from: 2), .switched)
            let edit = ConnectionEdit(guardMaxRemoved: .some(nil))
            _ = try await rig.store.update(.make(1), with: edit, at: .start)
            try expect(try await rig.send(empty), .switched)
        },
        StoreCase("the guard counts what is left after the diffs") { rig in
            try await rig.guardAQuarter()
            try await rig.send(.make(.members, crowd(1000)))
            try await rig.send(.make(.members, crowd(600), session: "S2", page: 1, of: 2))
            try await rig.send(.make(.addMembers, crowd(150, from: 600), session: "S3"))
            let last = SyncPage.make(.members, [], session: "S2", page: 2, of: 2)
            try expect(try await rig.send(last), .switched)
            try expect(try await rig.people().count, 750)
        },
        StoreCase("the guard counts diffs that remove, too") { rig in
            try await rig.guardAQuarter()
            try await rig.send(.make(.members, crowd(1100)))
            try await rig.send(.make(.members, crowd(1100), session: "S2", page: 1, of: 2))
            // They leave both: of the thousand who are left, nobody is removed.
            try await rig.send(.make(.removeMembers, crowd(100), session: "S3"))
            let last = SyncPage.make(.members, [], session: "S2", page: 2, of: 2)
            try expect(try await rig.send(last), .switched)
            try expect(try await rig.theSync().movement, Movement(entering: 0, leaving: 0))
        },
        StoreCase("an accepted replacement is switched in, with the diffs that came meanwhile") {
            rig in
            try await rig.hold(keeping: 700, entering: ["new", "brief"])
            let later = Timestamp.start.after(hours: 2)
            try await rig.send(.make(.addMembers, ["late", "p999"], session: "D1"), at: later)
            try await rig.send(.make(.removeMembers, ["p0", "brief"], session: "D2"), at: later)
            try expect(try await rig.people().count, 1000)
            try await rig.tidy(at: later)
            let accepted = Timestamp.start.after(hours: 30)
            try await rig.decide(.accept, at: accepted)
            let people = try await rig.people()
            try expect(people, (crowd(699, from: 1) + ["new", "late", "p999"]).sorted())
            try expect(try await rig.entered("p1"), .start)
            try expect(try await rig.entered("late"), later)
            try expect(try await rig.entered("new"), accepted)
            let audience = try await rig.theAudience()
            try expect(audience.held, nil)
            try expect(audience.asOf, accepted)
            try expect(audience.needsReconcile, nil)
            let log = try await rig.sync("held")
            try expect(log.status, .committed)
            try expect(log.finishedAt, accepted)
            try expect(log.membersAfter, 702)
            try await rig.tidy(at: accepted)
            try await rig.compareFeed()
            try expect(try await rig.story(of: "brief"), "")
            let entered = try await rig.changes().last { $0.story == "+new" }
            try expect(entered?.at, accepted)
            try expect(entered?.sessionID, .make("held"))
        },
        StoreCase("a rejected replacement leaves everything as it is, and a doubt") { rig in
            try await rig.hold(keeping: 700)
            try await rig.send(.make(.addMembers, ["late"], session: "D1"))
            try await rig.decide(.reject, at: .start.after(hours: 1))
            try expect(try await rig.people().count, 1001)
            let audience = try await rig.theAudience()
            try expect(audience.held, nil)
            try expect(audience.needsReconcile, .replacementRejected)
            try expect(audience.asOf, .start)
            try expect(try await rig.sync("held").status, .rejected)
            let late = SyncPage.make(.members, [], session: "held")
            try expect(try await rig.send(late), .ignored)
            try expect(try await rig.people().count, 1001)
        },
        StoreCase("nothing held can't be decided, nor an audience nobody knows") { rig in
            try await rig.send(.make(.members, ["ada"]))
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            for decision in [HeldDecision.accept, .reject] {
                try await expect(.conflict) { try await rig.decide(decision, at: .start) }
                try await expect(.notFound) {
                    try await rig.store.decide(decision, on: unknown, at: .start)
                }
            }
            try await rig.hold(keeping: 100)
            try await rig.decide(.accept, at: .start)
            try await expect(.conflict) { try await rig.decide(.reject, at: .start) }
        },
        StoreCase("a page of a held replacement changes nothing") { rig in
            try await rig.hold(keeping: 700)
            let again = SyncPage.make(.members, crowd(1000), session: "held")
            try expect(try await rig.send(again, at: .start.after(minutes: 1)), .ignored)
            try await rig.decide(.accept, at: .start)
            try expect(try await rig.people().count, 700)
        },
        StoreCase("a newer replacement takes the place of a held one") { rig in
            try await rig.hold(keeping: 700)
            try await rig.send(.make(.members, crowd(900), session: "S3", page: 1, of: 2))
            try expect(try await rig.theAudience().held, nil)
            try expect(try await rig.sync("held").status, .superseded)
            try await expect(.conflict) { try await rig.decide(.accept, at: .start) }
            try await rig.send(.make(.members, [], session: "S3", page: 2, of: 2))
            try expect(try await rig.people().count, 900)
        },
        StoreCase("a held replacement is given up when nobody decides in time") { rig in
            try await rig.hold(keeping: 700, at: .start.after(hours: 5))
            let limit = Timestamp.start.after(hours: 5).after(Retention().snapshotsMilliseconds)
            try await rig.tidy(at: limit)
            try expect(try await rig.theAudience().held?.status, .held)
            try await rig.tidy(at: limit.after(1))
            try expect(try await rig.theAudience().held, nil)
            try expect(try await rig.theAudience().needsReconcile, .replacementExpired)
            try expect(try await rig.sync("held").status, .expired)
            try expect(try await rig.people().count, 1000)
            try await expect(.conflict) { try await rig.decide(.accept, at: limit) }
        },
        StoreCase("an accepted replacement with an irregular page stays in doubt") { rig in
            try await rig.guardAQuarter()
            try await rig.send(.make(.members, crowd(1000)))
            try await rig.send(.make(.members, ["odd"], session: "S2", page: 9, of: 1))
            try expect(try await rig.send(.make(.members, ["ada"], session: "S2")), .held)
            try await rig.decide(.accept, at: .start)
            try expect(try await rig.people(), ["ada", "odd"])
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
        },
    ]
}

extension StoreRig {
    func guardAQuarter() async throws {
        let edit = ConnectionEdit(guardMaxRemoved: .some(RemovedFraction(0.25)))
        _ = try await store.update(.make(1), with: edit, at: .start)
    }

    /// An audience p0…p999, and a held session `held` that keeps the first of them.
    func hold(
        keeping staying: Int, entering: [String] = [], at time: Timestamp = .start,
        file: String = #fileID, line: Int = #line
    ) async throws {
        try await guardAQuarter()
        try await send(.make(.members, crowd(1000), session: "before"))
        let outcome = try await send(
            .make(.members, crowd(staying) + entering, session: "held"), at: time)
        try expect(outcome, .held, file: file, line: line)
    }

    /// Decides what becomes of the default cohort's held replacement.
    func decide(_ decision: HeldDecision, at time: Timestamp) async throws {
        try await store.decide(decision, on: theAudience().id, at: time)
    }

    /// The default cohort's latest session of this id.
    func sync(
        _ session: String, file: String = #fileID, line: Int = #line
    ) async throws -> SyncSession {
        let log = try await store.syncs(of: theAudience().id, ListRange(limit: 1000)).items
        guard let found = log.first(where: { $0.sessionID == .make(session) }) else {
            throw Violation(description: "\(file):\(line): no session \(session)")
        }
        return found
    }
}

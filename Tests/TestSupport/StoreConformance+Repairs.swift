import Audiences

/// Mending what a reconciliation found, and what happens to the audience meanwhile.
extension StoreConformance {
    static let repairs: [StoreCase] = [
        StoreCase("a repair adds who is missing and removes who is extra, as pages would") { rig in
            try await rig.send(.make(.members, ["ada", "bob", "cem"]))
            try await rig.reconcile(repairs: true)
            let later = Timestamp.start.after(hours: 2)
            try await rig.read(
                members: [.make("bob"), .make("dana", reference: "7"), .make("cem")])
            _ = try await rig.compare()
            while try await rig.repair(at: later) {}
            try expect(try await rig.people(), ["bob", "cem", "dana"])
            try expect(try await rig.cohorts(matching: "7"), ["5540912"])
            try expect(try await rig.entered("dana"), later)
            try expect(try await rig.entered("bob"), .start)
            try await rig.tidy(at: later)
            try await rig.compareFeed()
            let session = try await rig.theSync()
            try expect(session.sessionID, .make("reconcile-\(ReconciliationID.make(1).text)"))
            try expect(session.action, .removeMembers)
            try expect(session.status, .applied)
            try expect(session.finishedAt, later)
            try expect([session.membersBefore, session.membersAfter], [4, 3])
            let source = try await rig.store.memberships(matching: .make("7"), in: nil)
                .first?.source
            try expect(source?.action, .addMembers)
            try expect(source?.sessionID, session.sessionID)
        },
        StoreCase("a repair is no sign of Mixpanel: the times of the audience stay") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile(repairs: true)
            let late = Timestamp.start.after(hours: 24 * 4)
            try await rig.mend(to: ["bob"], at: late)
            let audience = try await rig.theAudience()
            try expect(audience.asOf, .start)
            try expect(audience.updatedAt, .start)
            try expect(audience.needsReconcile, nil)
            try await rig.send(.make(.addMembers, ["cem"], session: "S2"), at: late)
            try expect(try await rig.theAudience().needsReconcile, .addAfterSilence)
        },
        StoreCase("a repair goes on where it was, after a step of any size") { rig in
            try await rig.fill(crowd(2000))
            try await rig.reconcile(repairs: true)
            for page in 0..<2 {
                try await rig.read(crowd(1000, from: 1000 + page * 1000), page: page + 1)
            }
            _ = try await rig.compare()
            var steps = 1
            while try await rig.repair(limit: 300) { steps += 1 }
            try expect(steps >= 7, true)
            try expect(try await rig.people(), crowd(2000, from: 1000).sorted())
            try expect(try await rig.repair(), false)
        },
        StoreCase("a finished repair clears the doubt, and is in the audit log") { rig in
            try await rig.doubt()
            try await rig.reconcile(repairs: true)
            try await rig.mend(to: ["ada", "bob"])
            try expect(try await rig.theAudience().needsReconcile, nil)
            let log = try await rig.store.auditLog(
                matching: AuditFilter(action: .reconciliationRepaired), ListRange()
            ).items
            try expect(log.map(\.details), [["missing 1", "extra 1"]])
            try expect(log.map(\.actor), [.server])
        },
        StoreCase("a comparison clears the doubt only if it finds nothing") { rig in
            try await rig.doubt()
            try await rig.reconcile()
            try await rig.read(["ada", "bob"])
            _ = try await rig.compare()
            try await rig.conclude(.finished)
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
            try await rig.start(2)
            try await rig.claim()
            _ = try await rig.store.keep(
                [.make("ada"), .make("odd")], progress: .init(pagesRead: 1), of: .make(2),
                by: "w1", until: StoreRig.leaseEnd)
            while try await rig.store.compare(
                .make(2), notExported: nil, by: "w1", until: StoreRig.leaseEnd) == nil
            {}
            try await rig.conclude(.finished, number: 2)
            try expect(try await rig.theAudience().needsReconcile, nil)
        },
        StoreCase("a doubt that came up since the reading began stays") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile(repairs: true)
            try await rig.read(["ada", "odd"])
            try await rig.send(.make(.members, ["odd"], session: "S2", page: 9, of: 1))
            _ = try await rig.compare()
            while try await rig.repair() {}
            try await rig.conclude(.finished)
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
        },
        StoreCase("whom a page names since the reading began is left out, if they differ") { rig in
            try await rig.send(.make(.members, ["ada", "bob", "cem", "hal"]))
            try await rig.reconcile(repairs: true)
            // Listed: bob and hal, who are members; dana, eve and gil, who are not.
            try await rig.read(["bob", "dana", "eve", "hal", "gil"])
            try await rig.send(.make(.addMembers, ["cem", "eve", "fay"], session: "D1"))
            try await rig.send(.make(.removeMembers, ["dana", "bob", "zoe"], session: "D2"))
            // cem was and is a member, dana was none and is none; yet a page said so just now.
            try expect(try await rig.compare(), .found(1, 1, nil, 5, 1))
            try expect(try await rig.differences(), ["+gil", "-ada"])
            while try await rig.repair() {}
            try expect(try await rig.people(), ["cem", "eve", "fay", "gil", "hal"])
        },
        StoreCase("whom a page names after the comparison is passed over by the repair") { rig in
            try await rig.send(.make(.members, ["ada", "bob"]))
            try await rig.reconcile(repairs: true)
            try await rig.read(["dana", "eve"])
            try expect(try await rig.compare(), .found(2, 2, nil, 0, 0))
            try await rig.send(.make(.removeMembers, ["dana"], session: "D1"))
            try await rig.send(.make(.addMembers, ["ada"], session: "D2"))
            while try await rig.repair() {}
            try expect(try await rig.people(), ["ada", "eve"])
        },
        StoreCase("what pages said before the reading began does not count") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.start(1)
            try await rig.send(.make(.addMembers, ["bob"], session: "D1"))
            try await rig.claim()
            try await rig.conclude(.waiting, until: .start)
            try await rig.send(.make(.addMembers, ["cem"], session: "D2"))
            try await rig.claim()
            try await rig.read(["ada"])
            try expect(try await rig.compare(), .found(0, 2, nil, 0, 1))
        },
        StoreCase("a replacement that was begun or switched in meanwhile ends it") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile(repairs: true)
            try await rig.read(["bob"])
            try await rig.send(.make(.members, ["cem"], session: "S2", page: 1, of: 2))
            try await expect(.gone) { try await rig.read(["cem"], page: 2) }
            try await expect(.gone) { _ = try await rig.compare() }
            try await rig.conclude(.failed)
            // Begun before the reading, switched in after the comparison.
            try await rig.start(2, repairs: true)
            try await rig.claim()
            _ = try await rig.store.keep(
                [.make("ada")], progress: .init(pagesRead: 1), of: .make(2), by: "w1",
                until: StoreRig.leaseEnd)
            while try await rig.store.compare(
                .make(2), notExported: nil, by: "w1", until: StoreRig.leaseEnd) == nil
            {}
            try await rig.send(.make(.members, [], session: "S2", page: 2, of: 2))
            try await expect(.gone) {
                _ = try await rig.store.repair(
                    .make(2), limit: 9, by: "w1", until: StoreRig.leaseEnd, at: .start)
            }
            try expect(try await rig.people(), ["cem"])
        },
        StoreCase("a snapshot put back meanwhile ends it, too") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(.make(.members, ["bob"], session: "S2"))
            try await rig.reconcile(repairs: true)
            try await rig.read(["cem"])
            try await rig.store.restore(rig.theAudience().id, at: .start)
            try await expect(.gone) { _ = try await rig.compare() }
            try expect(try await rig.theAudience().needsReconcile, .restored)
        },
        StoreCase("erased people are on no list of differences, whoever they were") { rig in
            try await rig.send(
                .make(.members, members: [.make("ada", reference: "1"), .make("bob")]))
            try await rig.reconcile(repairs: true)
            try await rig.read(
                members: [
                    .make("dana"), .make("eve", reference: "9"), .make("fay"), .make("gil"),
                ])
            try expect(try await rig.compare(), .found(4, 2, nil, 0, 0))
            for id in ["1", "dana", "9"] {
                _ = try await rig.store.erase(
                    matching: .make(id), staysErased: false, at: .start)
            }
            try expect(try await rig.differences(), ["+fay", "+gil", "-bob"])
            _ = try await rig.store.erase(matching: .make("fay"), staysErased: true, at: .start)
            while try await rig.repair() {}
            try expect(try await rig.people(), ["gil"])
        },
        StoreCase("those who are to stay erased are not added by a repair") { rig in
            try await rig.send(.make(.members, ["ada"]))
            _ = try await rig.store.erase(matching: .make("zoe"), staysErased: true, at: .start)
            try await rig.reconcile(repairs: true)
            try await rig.mend(to: ["ada", "zoe", "bob"])
            try expect(try await rig.people(), ["ada", "bob"])
            try expect(try await rig.theSync().notes.unusable, [.erased: 1])
        },
        StoreCase("an erased member changes nothing of what is known of the others") { rig in
            try await rig.send(.make(.members, ["ada", "bob"]))
            try await rig.reconcile()
            try await rig.read(["ada", "bob"])
            _ = try await rig.store.erase(matching: .make("bob"), staysErased: false, at: .start)
            try expect(try await rig.compare(), .found(0, 0, nil, 0, 1))
        },
    ]
}

extension StoreRig {
    /// ada and odd, of whom one came on a page with an irregular number.
    fileprivate func doubt() async throws {
        try await send(.make(.members, ["ada"]))
        try await send(.make(.members, ["odd"], session: "S2", page: 9, of: 1))
        try expect(try await theAudience().needsReconcile, .pageIrregular)
    }
}

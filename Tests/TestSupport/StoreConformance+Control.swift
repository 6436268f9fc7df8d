import Audiences

extension StoreConformance {
    static let restoring: [StoreCase] = [
        StoreCase("restoring puts back what was replaced last, and again undoes it") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            let replaced = Timestamp.start.after(hours: 1)
            try await rig.send(.make(.members, ["bo", "cy"], session: "S2"), at: replaced)
            try await rig.tidy(at: replaced)
            let restored = Timestamp.start.after(hours: 2)
            try await rig.restore(at: restored)
            try expect(try await rig.people(), ["ada", "bo"])
            try expect(try await rig.entered("ada"), .start)
            try expect(try await rig.theAudience().needsReconcile, .restored)
            try expect(try await rig.theAudience().asOf, replaced)
            try await rig.tidy(at: restored)
            let told = try await rig.changes().suffix(2)
            try expect(told.map(\.story).sorted(), ["+ada", "-cy"])
            try expect(told.map(\.at), [restored, restored])
            try expect(told.map(\.sessionID), [nil, nil])
            try await rig.restore(at: restored.after(1))
            try expect(try await rig.people(), ["bo", "cy"])
            try expect(try await rig.entered("cy"), replaced)
            try await rig.tidy(at: restored)
            try await rig.compareFeed()
        },
        StoreCase("only the latest of several replaced ones is put back") { rig in
            for (run, person) in ["ada", "bo", "cy"].enumerated() {
                let time = Timestamp.start.after(hours: Int64(run))
                try await rig.send(.make(.members, [person], session: "S\(run)"), at: time)
            }
            for (hours, person) in [(3, "bo"), (4, "cy"), (5, "bo")] as [(Int64, String)] {
                try await rig.restore(at: .start.after(hours: hours))
                try expect(try await rig.people(), [person])
            }
            try await rig.tidy(at: .start.after(hours: 6))
            try await rig.compareFeed()
        },
        StoreCase("diffs belong to the snapshot they came to") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(.make(.members, ["bo"], session: "S2"), at: .start.after(1))
            try await rig.send(.make(.addMembers, ["dee"], session: "S3"), at: .start.after(2))
            try await rig.restore(at: .start.after(3))
            try expect(try await rig.people(), ["ada"])
            try await rig.send(.make(.addMembers, ["eve"], session: "S4"), at: .start.after(4))
            try expect(try await rig.people(), ["ada", "eve"])
            try await rig.restore(at: .start.after(5))
            try expect(try await rig.people(), ["bo", "dee"])
            try await rig.tidy(at: .start.after(6))
            try await rig.compareFeed()
        },
        StoreCase("restoring gives up a replacement that is filling or held") { rig in
            try await rig.send(.make(.members, ["ada"], session: "S0"))
            try await rig.send(.make(.members, ["bo"], session: "S1", page: 1, of: 2))
            try await rig.restore(at: .start.after(1))
            try expect(try await rig.sync("S1").status, .superseded)
            let late = SyncPage.make(.members, ["cy"], session: "S1", page: 2, of: 2)
            try expect(try await rig.send(late), .ignored)
            try expect(try await rig.people(), [])
            try await rig.hold(keeping: 1, at: .start.after(2))
            try await rig.restore(at: .start.after(3))
            try expect(try await rig.sync("held").status, .superseded)
            try expect(try await rig.theAudience().held, nil)
        },
        StoreCase("the next replacement settles the doubt that restoring left") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.restore(at: .start.after(1))
            try await rig.send(.make(.members, ["bo"], session: "S2"), at: .start.after(2))
            try expect(try await rig.theAudience().needsReconcile, nil)
            try expect(try await rig.people(), ["bo"])
        },
        StoreCase("what was never replaced, or too long ago, can't be put back") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            try await expect(.conflict) { try await rig.restore(at: .start) }
            try await rig.send(.make(.members, ["bo"], session: "S2"))
            let limit = Timestamp.start.after(Retention().snapshotsMilliseconds)
            try await rig.tidy(at: limit)
            try await rig.restore(at: limit)
            try await rig.restore(at: limit)
            try await rig.tidy(at: limit.after(Retention().snapshotsMilliseconds + 1))
            try await expect(.conflict) { try await rig.restore(at: limit) }
            try expect(try await rig.people(), ["bo"])
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) { try await rig.store.restore(unknown, at: .start) }
        },
    ]

    static let erasing: [StoreCase] = [
        StoreCase("whoever matches is erased, of every connection, from every audience") { rig in
            let d1 = MemberRecord.make("d1", reference: "user-1")
            try await rig.send(.make(.members, members: [d1, .make("bo")], cohort: "1"))
            try await rig.send(.make(.addMembers, members: [d1], cohort: "2"))
            try await rig.send(.make(.addMembers, ["user-1"], cohort: "3"), from: 2)
            let erased = Timestamp.start.after(hours: 1)
            try expect(try await rig.erase("d1", at: erased), 0)
            try await rig.tidy(at: .start)
            let before = try await rig.store.latestChange()
            try expect(try await rig.erase("user-1", at: erased), 2)
            try expect(try await rig.cohorts(matching: "user-1"), [])
            try expect(try await rig.people(cohort: "1"), ["bo"])
            try expect(try await rig.people(cohort: "2"), [])
            try expect(try await rig.people(cohort: "3", connection: 2), [])
            try await rig.tidy(at: erased)
            let told = try await rig.changes(after: before)
            try expect(told.map(\.story), ["-nobody", "-nobody", "-nobody"])
            try expect(Set(told.map(\.audience)).count, 3)
            try expect(told.map(\.at), [erased, erased, erased])
            try expect(told.map(\.sessionID), [nil, nil, nil])
            let names = Set(try await rig.changes().map(\.person?.distinctID.text))
            try expect(names, [nil, "bo"])
            try expect(try await rig.erase("user-1", at: erased), 0)
        },
        StoreCase("everybody who shares the id is erased, and nobody else") { rig in
            let members = [
                MemberRecord.make("d1", reference: "user-1"), .make("d2", reference: "user-1"),
                .make("d3", reference: "user-3"), .make("d4"),
            ]
            try await rig.send(.make(.members, members: members))
            try expect(try await rig.erase("user-1"), 2)
            try expect(try await rig.people(), ["d3", "d4"])
        },
        StoreCase("the erased come back with no replacement that was on its way") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            try await rig.send(.make(.members, ["ada", "cy"], session: "S2", page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["ada"], session: "S3"))
            try expect(try await rig.erase("ada"), 1)
            try await rig.send(.make(.members, ["dee"], session: "S2", page: 2, of: 2))
            try expect(try await rig.people(), ["cy", "dee"])
            try await rig.restore(at: .start.after(1))
            try expect(try await rig.people(), ["bo"])
        },
        StoreCase("nor with a diff that was noted for one") { rig in
            try await rig.send(.make(.members, ["bo"], page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["ada", "cy"], session: "S2"))
            try expect(try await rig.erase("ada"), 1)
            try await rig.send(.make(.members, [], page: 2, of: 2))
            try expect(try await rig.people(), ["bo", "cy"])
        },
        StoreCase("nor with one that was held") { rig in
            try await rig.hold(keeping: 700, entering: ["ada"])
            try expect(try await rig.erase("p0"), 1)
            try expect(try await rig.erase("ada"), 1)
            try await rig.decide(.accept, at: .start)
            try expect(try await rig.people(), crowd(699, from: 1).sorted())
            try await rig.tidy(at: .start)
            try await rig.compareFeed()
        },
        StoreCase("erasing before a comparison leaves the others' changes right") { rig in
            try await rig.send(.make(.members, ["ada", "bo", "cy"]))
            try await rig.send(.make(.members, ["bo", "cy", "dee"], session: "S2"))
            for person in ["ada", "bo", "dee"] {
                try expect(try await rig.erase(person), 1)
            }
            try await rig.tidy(at: .start)
            let rows = try await rig.changes()
            try expect(rows.filter { $0.story == "+nobody" }.count, 3)
            try expect(rows.filter { $0.story == "-nobody" }.count, 3)
            try expect(try await rig.story(of: "cy"), "+")
            try expect(try await rig.people(), ["cy"])
        },
        StoreCase("who was erased may come back as somebody new") { rig in
            try await rig.send(.make(.addMembers, members: [.make("d1", reference: "user-1")]))
            try expect(try await rig.erase("user-1"), 1)
            let later = Timestamp.start.after(hours: 1)
            try await rig.send(.make(.addMembers, ["d1"], session: "S2"), at: later)
            try expect(try await rig.entered("d1"), later)
            try expect(try await rig.cohorts(matching: "user-1"), [])
            try expect(
                try await rig.changes().map(\.story), ["+nobody", "-nobody", "+d1"])
        },
        StoreCase("who is to stay erased is left out of later pages, and counted") { rig in
            let d1 = MemberRecord.make("d1", reference: "user-1")
            try await rig.send(.make(.addMembers, members: [d1, .make("bo")]))
            try expect(try await rig.erase("user-1", staysErased: true), 1)
            let again = [
                MemberRecord.make("d1"), .make("d9", reference: "user-1"), .make("cy"),
                .make("user-1"), .make("d1", reference: "user-2"),
            ]
            try await rig.send(
                .make(.addMembers, members: again, session: "S2", unusable: [.idEmpty: 1]))
            try expect(try await rig.people(), ["bo", "cy"])
            let sync = try await rig.theSync()
            try expect(sync.notes.unusable, [.erased: 4, .idEmpty: 1])
            try expect(sync.membersReceived, 6)
            try await rig.send(.make(.addMembers, members: [d1], session: "S3"), from: 2)
            try expect(try await rig.people(connection: 2), [])
            let page = SyncPage.make(.members, members: [d1], session: "S4")
            try expect(try await rig.send(page), .switched)
            try expect(try await rig.people(), [])
        },
        StoreCase("nobody may be kept out beforehand") { rig in
            try expect(try await rig.erase("ada", staysErased: true), 0)
            try await rig.send(.make(.addMembers, ["ada", "bo"]))
            try expect(try await rig.people(), ["bo"])
        },
    ]
}

extension StoreRig {
    /// Restores the default cohort.
    func restore(at time: Timestamp) async throws {
        try await store.restore(theAudience().id, at: time)
    }

    func erase(
        _ matchID: String, staysErased: Bool = false, at time: Timestamp = .start
    ) async throws -> Int {
        try await store.erase(matching: .make(matchID), staysErased: staysErased, at: time)
    }
}

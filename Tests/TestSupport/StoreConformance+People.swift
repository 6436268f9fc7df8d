import Audiences

extension StoreConformance {
    static let people: [StoreCase] = [
        StoreCase("ids that look alike but differ in bytes are two people") { rig in
            // é composed, and as e with a combining accent: equal to Swift's String.
            let ids = ["ren\u{e9}e", "rene\u{301}e", "Renee", "renee", " renee"]
            try await rig.send(.make(.members, ids))
            try expect(try await rig.theAudience().memberCount, 5)
            try await rig.send(.make(.removeMembers, [ids[0]], session: "S2"))
            try expect(try await rig.cohorts(matching: ids[0]), [])
            try expect(try await rig.cohorts(matching: ids[1]), ["5540912"])
        },
        StoreCase("ids of every length and alphabet come back byte for byte") { rig in
            let ids = [
                "4", "90071992547409931", "$device:18f0c0de-7d1c", "__proto__", "a.b", "👩🏽‍🚀", "שלום",
                String(repeating: "x", count: Limits.externalIDBytesMax), "'; --", "%_", "a\u{1}b",
            ]
            try await rig.send(.make(.members, ids))
            let back = try await rig.members(of: rig.theAudience()).map(\.person.distinctID)
            try expect(Set(back), Set(ids.map { .make($0) }))
            for id in ids {
                try expect(try await rig.cohorts(matching: id), ["5540912"])
            }
        },
        StoreCase("a reference id takes the place of the distinct id") { rig in
            try await rig.send(.make(.members, members: [.make("d1", reference: "user-1")]))
            try expect(try await rig.cohorts(matching: "user-1"), ["5540912"])
            try expect(try await rig.cohorts(matching: "d1"), [])
        },
        StoreCase("a reference id changes, is kept when absent, and is cleared") { rig in
            try await rig.send(.make(.members, members: [.make("d1", reference: "user-1")]))
            try await rig.send(
                .make(.addMembers, members: [.make("d1", reference: "user-2")], session: "S2"))
            try expect(try await rig.cohorts(matching: "user-1"), [])
            try expect(try await rig.cohorts(matching: "user-2"), ["5540912"])
            try await rig.send(.make(.addMembers, ["d1"], session: "S3"))
            try expect(try await rig.cohorts(matching: "user-2"), ["5540912"])
            let cleared = MemberRecord.make("d1", reference: .cleared)
            try await rig.send(.make(.addMembers, members: [cleared], session: "S4"))
            try expect(try await rig.cohorts(matching: "user-2"), [])
            try expect(try await rig.cohorts(matching: "d1"), ["5540912"])
        },
        StoreCase("the last word of a page counts") { rig in
            let members = [
                MemberRecord.make("d1", reference: "first"), .make("d1", reference: "second"),
                .make("d1"),
            ]
            try await rig.send(.make(.members, members: members))
            try expect(try await rig.cohorts(matching: "first"), [])
            try expect(try await rig.cohorts(matching: "second"), ["5540912"])
        },
        StoreCase("the last word counts for somebody known, too") { rig in
            try await rig.send(.make(.members, ["d1"]))
            let members = [MemberRecord.make("d1", reference: "user-1"), .make("d1")]
            try await rig.send(.make(.addMembers, members: members, session: "S2"))
            try expect(try await rig.cohorts(matching: "user-1"), ["5540912"])
        },
        StoreCase("a reference id may come back") { rig in
            for (run, reference) in ["user-1", "user-2", "user-1", "user-2"].enumerated() {
                let member = MemberRecord.make("d1", reference: reference)
                try await rig.send(.make(.addMembers, members: [member], session: "S\(run)"))
                try expect(try await rig.cohorts(matching: reference), ["5540912"])
            }
            try expect(try await rig.cohorts(matching: "user-1"), [])
        },
        StoreCase("a remove carries a reference id too, but makes nobody") { rig in
            try await rig.send(.make(.addMembers, ["d1"]))
            try await rig.send(.make(.addMembers, ["d1"], cohort: "other"))
            let members = [
                MemberRecord.make("d1", reference: "user-1"),
                .make("ghost", reference: "user-2"),
            ]
            try await rig.send(.make(.removeMembers, members: members, session: "S2"))
            try expect(try await rig.cohorts(matching: "user-1"), ["other"])
            try await rig.send(.make(.addMembers, ["ghost"], session: "S3"))
            try expect(try await rig.cohorts(matching: "user-2"), [])
            try expect(try await rig.cohorts(matching: "ghost"), ["5540912"])
        },
        StoreCase("an ignored page changes nobody") { rig in
            try await rig.send(.make(.members, members: [.make("d1", reference: "user-1")]))
            try await rig.send(.make(.members, members: [.make("d1", reference: "user-2")]))
            try expect(try await rig.cohorts(matching: "user-1"), ["5540912"])
        },
        StoreCase("two people with one reference id: one leaves, they stay") { rig in
            let both = [
                MemberRecord.make("d1", reference: "user-1"), .make("d2", reference: "user-1"),
            ]
            try await rig.send(.make(.addMembers, members: both))
            try await rig.send(.make(.removeMembers, ["d1"], session: "S2"))
            try expect(try await rig.cohorts(matching: "user-1"), ["5540912"])
            try await rig.send(.make(.removeMembers, ["d2"], session: "S3"))
            try expect(try await rig.cohorts(matching: "user-1"), [])
        },
        StoreCase("a changed canonical id leaves the user a member in both orders") { rig in
            for (run, addFirst) in [true, false].enumerated() {
                let cohort = "cohort\(run)"
                let old = MemberRecord.make("old-\(run)", reference: "user-\(run)")
                let new = MemberRecord.make("new-\(run)", reference: "user-\(run)")
                try await rig.send(.make(.addMembers, members: [old], cohort: cohort))
                let add = SyncPage.make(
                    .addMembers, members: [new], session: "S2", cohort: cohort)
                let remove = SyncPage.make(
                    .removeMembers, members: [old], session: "S2", cohort: cohort)
                for page in addFirst ? [add, remove] : [remove, add] {
                    try await rig.send(page)
                }
                try expect(try await rig.cohorts(matching: "user-\(run)"), [cohort])
            }
        },
        StoreCase("the latest traits are kept, and an absent one stays") { rig in
            let first = [
                TraitChange(name: "plan", value: .text("pro\u{0}ject")),
                TraitChange(name: "seats", value: .number("12.50")),
                TraitChange(name: "beta", value: .bool(true)),
                TraitChange(name: "¿Cuál?", value: .bool(false)),
            ]
            let second = [
                TraitChange(name: "plan", value: .text("")),
                TraitChange(name: "beta", value: nil),
            ]
            try await rig.send(.make(.members, members: [.make("d1", traits: first)]))
            try await rig.send(
                .make(.addMembers, members: [.make("d1", traits: second)], session: "S2"))
            let traits = try await rig.members(of: rig.theAudience()).first?.person.traits
            try expect(
                traits,
                [
                    Trait(name: "plan", value: .text("")),
                    Trait(name: "seats", value: .number("12.50")),
                    Trait(name: "¿Cuál?", value: .bool(false)),
                ])
        },
        StoreCase("an audience takes the latest name, and keeps it when there is none") { rig in
            try await rig.send(.make(.members, ["A"], name: "Día uno \u{0}👋", description: "new"))
            try await rig.send(.make(.addMembers, [], session: "S2"))
            let cohort = try await rig.theAudience().cohort
            try expect(cohort.name, "Día uno \u{0}👋")
            try expect(cohort.description, "new")
            try await rig.send(.make(.addMembers, [], session: "S3", name: "", description: ""))
            try expect(try await rig.theAudience().cohort.name, "")
        },
    ]

    static let lookups: [StoreCase] = [
        StoreCase("a look-up tells every audience, with its name, time and freshness") { rig in
            try await rig.send(.make(.members, ["ada"], cohort: "1", name: "One"))
            let later = Timestamp.start.after(minutes: 5)
            try await rig.send(.make(.members, ["ada", "bo"], cohort: "2", name: "Two"), at: later)
            try await rig.send(.make(.members, ["bo"], cohort: "3"))
            let found = try await rig.store.memberships(matching: .make("ada"), in: nil)
            try expect(found.map(\.name), ["One", "Two"])
            try expect(found.map(\.enteredAt), [.start, later])
            try expect(found.map(\.freshness.asOf), [.start, later])
        },
        StoreCase("a look-up may be about one audience, or one nobody knows") { rig in
            try await rig.send(.make(.members, ["ada"], cohort: "1"))
            try await rig.send(.make(.members, ["ada"], cohort: "2"))
            let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange()).items
            for audience in all {
                let found = try await rig.store.memberships(matching: .make("ada"), in: audience.id)
                try expect(found.map(\.audience), [audience.id])
            }
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            let found = try await rig.store.memberships(matching: .make("ada"), in: unknown)
            try expect(found, [])
        },
        StoreCase("one id may match people of several connections") { rig in
            try await rig.send(.make(.members, ["user-1"], cohort: "1"), from: 1)
            try await rig.send(
                .make(.members, members: [.make("d2", reference: "user-1")], cohort: "2"), from: 2)
            try expect(try await rig.cohorts(matching: "user-1"), ["1", "2"])
        },
        StoreCase("several people of one id entered when the first did") { rig in
            let later = Timestamp.start.after(minutes: 5)
            try await rig.send(
                .make(.addMembers, members: [.make("d1", reference: "user-1")]), at: later)
            try await rig.send(
                .make(.addMembers, members: [.make("d2", reference: "user-1")], session: "S2"))
            let found = try await rig.store.memberships(matching: .make("user-1"), in: nil)
            try expect(found.map(\.enteredAt), [.start])
        },
        StoreCase("a staged member is in nothing yet") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try expect(try await rig.cohorts(matching: "ada"), [])
        },
        StoreCase("many ids against many audiences, in the order asked") { rig in
            try await rig.send(.make(.members, ["ada", "bo"], cohort: "1"))
            try await rig.send(
                .make(
                    .members,
                    members: [
                        .make("d1", reference: "cy"), .make("d2", reference: "cy"), .make("bo"),
                    ], cohort: "2"))
            let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange()).items
            let ids = all.map(\.id)
            let asked = ["bo", "nobody", "cy", "ada", "bo"]
            let table = try await rig.store.memberships(
                matchingAny: asked.map { .make($0) }, in: [])
            try expect(table.rows.map(\.matchID.text), asked)
            try expect(table.rows.map(\.audiences), [ids, [], [ids[1]], [ids[0]], ids])
            try expect(table.audiences.map(\.id), ids)
            try expect(table.audiences.map(\.freshness.asOf), [.start, .start])
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            let some = try await rig.store.memberships(
                matchingAny: [.make("bo")], in: [unknown, ids[1], ids[1]])
            try expect(some.audiences.map(\.id), [ids[1]])
            try expect(some.rows.map(\.audiences), [[ids[1]]])
        },
        StoreCase("a query has a largest size") { rig in
            let most = crowd(Limits.queryMatchIDsMax).map { ExternalID.make($0) }
            let table = try await rig.store.memberships(matchingAny: most, in: [])
            try expect(table.rows.count, most.count)
            try await expect(.invalid) {
                _ = try await rig.store.memberships(matchingAny: most + [.make("x")], in: [])
            }
            let audience = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            let audiences = [AudienceID](repeating: audience, count: Limits.queryAudienceIDsMax)
            _ = try await rig.store.memberships(matchingAny: [], in: audiences)
            try await expect(.invalid) {
                _ = try await rig.store.memberships(matchingAny: [], in: audiences + [audience])
            }
        },
    ]
}

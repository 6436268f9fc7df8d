import Audiences

extension StoreConformance {
    static let replacements: [StoreCase] = [
        StoreCase("a single page is the whole cohort") { rig in
            let outcome = try await rig.send(.make(.members, ["ada", "bo"]))
            try expect(outcome, .switched)
            try expect(try await rig.people(), ["ada", "bo"])
            try expect(try await rig.theAudience().asOf, .start)
        },
        StoreCase("three pages count when the last has come, in whatever order") { rig in
            for (run, order) in [[1, 2, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1]].enumerated() {
                let session = "S\(run)"
                var outcomes: [SyncOutcome] = []
                for number in order {
                    let people = (0..<4).map { "r\(run)p\(number)n\($0)" }
                    outcomes.append(
                        try await rig.send(
                            .make(.members, people, session: session, page: number, of: 3)))
                    if number != order.last {
                        let before = try await rig.people()
                        try expect(before.count, run == 0 ? 0 : 12)
                        try expect(before.contains { $0.hasPrefix("r\(run)") }, false)
                    }
                }
                try expect(outcomes, [.staged, .staged, .switched])
                try expect(try await rig.people().count, 12)
            }
        },
        StoreCase("thousands of members arrive whole") { rig in
            let pages = [crowd(1000), crowd(1000, from: 1000), crowd(17, from: 2000)]
            for (index, people) in pages.enumerated() {
                try await rig.send(.make(.members, people, page: index + 1, of: 3))
            }
            try expect(try await rig.people(), crowd(2017).sorted())
        },
        StoreCase("an empty replacement empties the audience") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(.make(.members, [], session: "S2", page: 0, of: 0))
            try expect(try await rig.people(), [])
        },
        StoreCase("who is not in the replacement is removed, who stays keeps their time") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            let later = Timestamp.start.after(hours: 1)
            try await rig.send(.make(.members, ["bo", "cy"], session: "S2"), at: later)
            try expect(try await rig.people(), ["bo", "cy"])
            try expect(try await rig.entered("bo"), .start)
            try expect(try await rig.entered("cy"), later)
        },
        StoreCase("a page repeated with the same list changes nothing") { rig in
            try await rig.send(.make(.members, ["ada", "bo"], page: 1, of: 2))
            try await rig.send(.make(.members, ["ada", "bo"], page: 1, of: 2))
            try await rig.send(.make(.members, ["cy"], page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "bo", "cy"])
            try expect(try await rig.theSync().pagesRepeated, 1)
        },
        StoreCase("the last copy of a page counts") { rig in
            try await rig.send(.make(.members, ["ada", "bo", "cy"], page: 1, of: 2))
            try await rig.send(.make(.members, ["bo", "dee"], page: 1, of: 2))
            try await rig.send(.make(.members, ["eve"], page: 2, of: 2))
            try expect(try await rig.people(), ["bo", "dee", "eve"])
        },
        StoreCase("a person on two pages stays when one page drops them") { rig in
            try await rig.send(.make(.members, ["ada", "bo"], page: 1, of: 3))
            try await rig.send(.make(.members, ["bo", "cy"], page: 2, of: 3))
            try await rig.send(.make(.members, ["ada"], page: 1, of: 3))
            try await rig.send(.make(.members, [], page: 3, of: 3))
            try expect(try await rig.people(), ["ada", "bo", "cy"])
        },
        StoreCase("a person on two pages goes when both pages drop them") { rig in
            try await rig.send(.make(.members, ["ada", "bo"], page: 1, of: 3))
            try await rig.send(.make(.members, ["bo", "cy"], page: 2, of: 3))
            try await rig.send(.make(.members, ["ada"], page: 1, of: 3))
            try await rig.send(.make(.members, ["cy"], page: 2, of: 3))
            try await rig.send(.make(.members, [], page: 3, of: 3))
            try expect(try await rig.people(), ["ada", "cy"])
        },
        StoreCase("a page of a committed session changes nothing") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try await rig.send(.make(.members, ["bo"], page: 2, of: 2))
            let late = try await rig.send(.make(.members, ["cy"], page: 2, of: 2))
            try expect(late, .ignored)
            try expect(try await rig.people(), ["ada", "bo"])
        },
        StoreCase("eight pages at once are one replacement") { rig in
            let outcomes = try await withThrowingTaskGroup(of: SyncOutcome.self) { group in
                for number in 1...8 {
                    let people = crowd(50, from: number * 50)
                    group.addTask {
                        try await rig.send(.make(.members, people, page: number, of: 8))
                    }
                }
                return try await group.reduce(into: [SyncOutcome]()) { $0.append($1) }
            }
            try expect(outcomes.filter { $0 == .switched }.count, 1)
            try expect(try await rig.people().count, 400)
        },
        StoreCase("a clock that goes back does not matter") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            let earlier = Timestamp.start.after(hours: -1)
            try await rig.send(.make(.members, ["bo"], page: 2, of: 2), at: earlier)
            try expect(try await rig.people(), ["ada", "bo"])
        },
        StoreCase("the largest total decides when pages are complete") { rig in
            try await rig.send(.make(.members, ["p1"], page: 1, of: 3))
            try await rig.send(.make(.members, ["p2"], page: 2, of: 4))
            let third = try await rig.send(.make(.members, ["p3"], page: 3, of: 3))
            try expect(third, .staged)
            try expect(try await rig.people(), [])
            try await rig.send(.make(.members, ["p4"], page: 4, of: 4))
            try expect(try await rig.people(), ["p1", "p2", "p3", "p4"])
        },
        StoreCase("after days of silence a replacement still removes") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            let later = Timestamp.start.after(hours: 24 * 10)
            try await rig.send(.make(.members, ["bo"], session: "S2"), at: later)
            try expect(try await rig.people(), ["bo"])
            try expect(try await rig.theAudience().needsReconcile, nil)
        },
    ]

    static let incompleteReplacements: [StoreCase] = [
        StoreCase("nobody is removed while a page is missing, and then the session expires") {
            rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(.make(.members, ["bo"], session: "S2", page: 1, of: 3))
            try await rig.send(.make(.members, ["cy"], session: "S2", page: 3, of: 3))
            let limit = Timestamp.start.after(Limits.sessionAgeMillisecondsMax)
            try await rig.tidy(at: limit)
            try expect(try await rig.theSync().status, .filling)
            try await rig.tidy(at: limit.after(1))
            try expect(try await rig.theSync().status, .expired)
            let late = SyncPage.make(.members, ["dee"], session: "S2", page: 2, of: 3)
            try expect(try await rig.send(late, at: limit.after(2)), .ignored)
            try expect(try await rig.people(), ["ada"])
        },
        StoreCase("a newer session overtakes an unfinished one") { rig in
            try await rig.send(.make(.members, ["old1"], page: 1, of: 5))
            try await rig.send(.make(.members, ["old2"], page: 2, of: 5))
            for number in 1...5 {
                try await rig.send(
                    .make(.members, ["new\(number)"], session: "S2", page: number, of: 5))
            }
            let late = SyncPage.make(.members, ["old3"], page: 3, of: 5)
            try expect(try await rig.send(late), .ignored)
            let expected = (1...5).map { "new\($0)" }
            try expect(try await rig.people(), expected)
            let log = try await rig.store.syncs(of: rig.theAudience().id, ListRange()).items
            try expect(log.map(\.status), [.committed, .superseded])
        },
        StoreCase("an overtaken session leaves nothing in the next") { rig in
            try await rig.send(.make(.members, ["old"], page: 1, of: 2))
            try await rig.send(.make(.members, ["new"], session: "S2", page: 2, of: 2))
            try expect(try await rig.people(), [])
            try await rig.send(.make(.members, ["next"], session: "S2", page: 1, of: 2))
            try expect(try await rig.people(), ["new", "next"])
        },
        StoreCase("a small page without page_info is the whole cohort") { rig in
            try await rig.send(.make(.members, ["old"]))
            try await rig.send(.make(.members, crowd(999), session: "S2", page: nil, of: nil))
            try expect(try await rig.people(), crowd(999).sorted())
            try expect(try await rig.theAudience().needsReconcile, nil)
        },
        StoreCase("a page of a thousand without page_info removes nobody") { rig in
            try await rig.send(.make(.members, ["old"]))
            try await rig.send(.make(.members, crowd(1000), session: "S2", page: nil, of: nil))
            try expect(try await rig.people().count, 1001)
            try expect(try await rig.theAudience().needsReconcile, .pageInfoMissing)
        },
        StoreCase("nor does the small page after it") { rig in
            for session in ["S2", nil] {
                let cohort = session ?? "none"
                try await rig.send(
                    .make(
                        .members, crowd(1000), session: session, page: nil, of: nil, cohort: cohort)
                )
                try await rig.send(
                    .make(.members, ["last"], session: session, page: nil, of: nil, cohort: cohort))
                try expect(try await rig.people(cohort: cohort).count, 1001)
            }
        },
        StoreCase("a full page after a small one without page_info is added to it") { rig in
            try await rig.send(.make(.members, ["small"], page: nil, of: nil))
            let outcome = try await rig.send(.make(.members, crowd(1000), page: nil, of: nil))
            try expect(outcome, .applied)
            try expect(try await rig.people().count, 1001)
            try expect(try await rig.theAudience().needsReconcile, .pageInfoMissing)
        },
        StoreCase("an irregular page adds, removes nobody and completes nothing") { rig in
            try await rig.send(.make(.members, ["old"]))
            for (number, total) in [(4, 3), (0, 3), (-1, 3), (nil, 3)] {
                let name = "odd\(number ?? 99)"
                let outcome = try await rig.send(
                    .make(.members, [name], session: "S2", page: number, of: total))
                try expect(outcome, .applied)
                try expect(try await rig.people().contains(name), true)
            }
            try expect(try await rig.people().contains("old"), true)
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
            try expect(try await rig.theSync().pagesIrregular, 4)
        },
        StoreCase("an irregular page among good ones is in the replacement too") { rig in
            try await rig.send(.make(.members, ["old"]))
            try await rig.send(.make(.members, ["one"], session: "S2", page: 1, of: 2))
            try await rig.send(.make(.members, ["odd"], session: "S2", page: 7, of: 2))
            try await rig.send(.make(.members, ["two"], session: "S2", page: 2, of: 2))
            try expect(try await rig.people(), ["odd", "one", "two"])
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
        },
        StoreCase("so is one that came before the first good one") { rig in
            try await rig.send(.make(.members, ["old"]))
            try await rig.send(.make(.members, ["odd"], session: "S2", page: 7, of: 2))
            try await rig.send(.make(.members, ["one"], session: "S2", page: 1, of: 2))
            try await rig.send(.make(.members, ["two"], session: "S2", page: 2, of: 2))
            try expect(try await rig.people(), ["odd", "one", "two"])
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
        },
        StoreCase("an irregular page of another session is in no later replacement") { rig in
            try await rig.send(.make(.members, ["odd"], page: 7, of: 2))
            try await rig.send(.make(.members, ["one"], session: "S2"))
            try expect(try await rig.people(), ["one"])
        },
        StoreCase("whoever enters with a replacement enters when it is switched in") { rig in
            try await rig.send(.make(.members, ["ada", "bo"]))
            let staged = Timestamp.start.after(hours: 1)
            try await rig.send(
                .make(.members, ["ada", "bo", "cy"], session: "S2", page: 1, of: 2), at: staged)
            try await rig.send(.make(.removeMembers, ["bo"], session: "S3"), at: staged)
            try await rig.send(.make(.addMembers, ["bo"], session: "S4"), at: staged.after(1))
            try await rig.send(.make(.addMembers, ["dee"], session: "S4"), at: staged.after(2))
            let switched = Timestamp.start.after(hours: 2)
            try await rig.send(
                .make(.members, ["eve"], session: "S2", page: 2, of: 2), at: switched)
            for (person, entered) in [
                ("ada", .start), ("bo", staged.after(1)), ("cy", switched),
                ("dee", staged.after(2)), ("eve", switched),
            ] as [(String, Timestamp)] {
                try expect(try await rig.entered(person), entered)
            }
            let sync = try await rig.sync("S2")
            try expect(sync.movement, Movement(entering: 2, leaving: 0))
        },
        StoreCase("a regular replacement settles the doubt") { rig in
            try await rig.send(.make(.members, ["odd"], page: 7, of: 2))
            try expect(try await rig.theAudience().needsReconcile, .pageIrregular)
            try await rig.send(.make(.members, ["ada"], session: "S2"))
            try expect(try await rig.theAudience().needsReconcile, nil)
        },
        StoreCase("pages without a session id make one replacement together") { rig in
            try await rig.send(.make(.members, ["ada"], session: nil, page: 1, of: 2))
            try await rig.send(.make(.members, ["bo"], session: nil, page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "bo"])
            try await rig.send(.make(.members, ["cy"], session: nil, page: 1, of: 1))
            try expect(try await rig.people(), ["cy"])
        },
        StoreCase("pages without a session id don't join a day-old one") { rig in
            try await rig.send(.make(.members, ["ada"], session: nil, page: 1, of: 2))
            let later = Timestamp.start.after(Limits.sessionAgeMillisecondsMax + 1)
            try await rig.send(.make(.members, ["bo"], session: nil, page: 2, of: 2), at: later)
            try expect(try await rig.people(), [])
        },
    ]
}

extension StoreRig {
    /// Does all the housekeeping that is due.
    func tidy(at time: Timestamp) async throws {
        while try await store.tidy(at: time) {}
    }
}

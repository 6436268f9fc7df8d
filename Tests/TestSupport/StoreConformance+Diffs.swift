import Audiences

extension StoreConformance {
    static let diffs: [StoreCase] = [
        StoreCase("the first word about a cohort may be add_members") { rig in
            let outcome = try await rig.send(.make(.addMembers, ["A", "B", "C", "D"]))
            try expect(outcome, .applied)
            try await rig.send(.make(.removeMembers, [], session: "S1"))
            try expect(try await rig.people(), ["A", "B", "C", "D"])
            try expect(try await rig.theAudience().asOf, .start)
        },
        StoreCase("adds and removes act on arrival") { rig in
            try await rig.send(.make(.addMembers, ["A", "B", "C", "D"]))
            let later = Timestamp.start.after(minutes: 30)
            try await rig.send(.make(.addMembers, ["E", "F"], session: "S2"), at: later)
            try await rig.send(.make(.removeMembers, ["B", "D"], session: "S2"), at: later)
            try expect(try await rig.people(), ["A", "C", "E", "F"])
            try expect(try await rig.entered("A"), .start)
            try expect(try await rig.entered("E"), later)
        },
        StoreCase("empty diffs only show that the sync lives") { rig in
            try await rig.send(.make(.addMembers, ["A"]))
            let later = Timestamp.start.after(minutes: 30)
            for (number, total) in [(1, 1), (0, 0), (nil, nil)] {
                try await rig.send(
                    .make(.addMembers, [], session: "S2", page: number, of: total), at: later)
                try await rig.send(
                    .make(.removeMembers, [], session: "S2", page: number, of: total), at: later)
            }
            try expect(try await rig.people(), ["A"])
            try expect(try await rig.theAudience().updatedAt, later)
            try expect(try await rig.theAudience().asOf, later)
        },
        StoreCase("a member who is added again keeps the time they entered") { rig in
            try await rig.send(.make(.addMembers, ["A"]))
            let later = Timestamp.start.after(minutes: 30)
            try await rig.send(.make(.addMembers, ["A", "B"], session: "S2"), at: later)
            try expect(try await rig.entered("A"), .start)
        },
        StoreCase("who comes back enters anew") { rig in
            try await rig.send(.make(.addMembers, ["A"]))
            try await rig.send(.make(.removeMembers, ["A"], session: "S2"))
            let later = Timestamp.start.after(minutes: 30)
            try await rig.send(.make(.addMembers, ["A"], session: "S3"), at: later)
            try expect(try await rig.entered("A"), later)
        },
        StoreCase("a remove of an unknown cohort creates nothing") { rig in
            let outcome = try await rig.send(.make(.removeMembers, ["A"]))
            try expect(outcome, .ignored)
            let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange())
            try expect(all.items.count, 0)
        },
        StoreCase("a remove of people nobody knows creates nobody") { rig in
            try await rig.send(.make(.addMembers, ["A"]))
            try await rig.send(.make(.removeMembers, ["ghost"], session: "S2"))
            try expect(try await rig.people(), ["A"])
            try expect(try await rig.cohorts(matching: "ghost"), [])
        },
        StoreCase("the same person many times on a page is one member") { rig in
            try await rig.send(.make(.addMembers, ["A", "A", "B", "A"]))
            try expect(try await rig.people(), ["A", "B"])
            try await rig.send(.make(.removeMembers, ["A", "A"], session: "S2"))
            try expect(try await rig.people(), ["B"])
        },
        StoreCase("a diff that starts again from the top counts nobody twice") { rig in
            for number in 1...3 {
                try await rig.send(
                    .make(.addMembers, crowd(10, from: number * 10), page: number, of: 6))
            }
            for number in 1...6 {
                let people = crowd(10, from: number * 10) + (number == 6 ? ["one more"] : [])
                try await rig.send(
                    .make(.addMembers, people, session: "S2", page: number, of: 6))
            }
            try expect(try await rig.people().count, 61)
        },
        StoreCase("the same page five times at once has one effect") { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...5 {
                    group.addTask { try await rig.send(.make(.addMembers, ["A", "B"])) }
                }
                try await group.waitForAll()
            }
            try expect(try await rig.people(), ["A", "B"])
            try expect(try await rig.theSync().pagesReceived, 1)
            try expect(try await rig.theSync().membersReceived, 2)
        },
        StoreCase("a diff is complete when all its pages came") { rig in
            try await rig.send(.make(.addMembers, ["A"], page: 2, of: 2))
            try expect(try await rig.theAudience().asOf, nil)
            let later = Timestamp.start.after(minutes: 1)
            try await rig.send(.make(.addMembers, ["B"], page: 1, of: 2), at: later)
            try expect(try await rig.theAudience().asOf, later)
        },
        StoreCase("diffs without a session id are sessions of their own") { rig in
            try await rig.send(.make(.addMembers, ["A"], session: nil))
            try await rig.send(.make(.addMembers, ["B"], session: nil))
            let log = try await rig.store.syncs(of: rig.theAudience().id, ListRange()).items
            try expect(log.count, 2)
        },
        StoreCase("an add after three days of silence raises a doubt") { rig in
            try await rig.send(.make(.members, ["A", "B"]))
            let limit = Timestamp.start.after(Limits.snapshotSilenceMilliseconds)
            try await rig.send(.make(.addMembers, ["A"], session: "S2"), at: limit)
            try expect(try await rig.theAudience().needsReconcile, nil)
            let beyond = limit.after(Limits.snapshotSilenceMilliseconds + 1)
            try await rig.send(.make(.addMembers, ["A", "C"], session: "S3"), at: beyond)
            try expect(try await rig.theAudience().needsReconcile, .addAfterSilence)
            try expect(try await rig.people(), ["A", "B", "C"])
            try await rig.send(.make(.members, ["A", "C"], session: "S4"), at: beyond)
            try expect(try await rig.theAudience().needsReconcile, nil)
            try expect(try await rig.people(), ["A", "C"])
        },
        StoreCase("two connections keep the same cohort apart") { rig in
            try await rig.send(.make(.members, ["A"]), from: 1)
            try await rig.send(.make(.members, ["B"]), from: 2)
            try expect(try await rig.people(connection: 1), ["A"])
            try expect(try await rig.people(connection: 2), ["B"])
        },
        StoreCase("two projects keep the same cohort apart, and so does none") { rig in
            try await rig.send(.make(.members, ["A"], project: "1"))
            try await rig.send(.make(.members, ["B"], project: "2"))
            try await rig.send(.make(.members, ["C"], project: nil))
            try await rig.send(.make(.members, ["D"], project: nil))
            try expect(try await rig.people(project: "1"), ["A"])
            try expect(try await rig.people(project: "2"), ["B"])
            let all = try await rig.store.audiences(matching: AudienceFilter(), ListRange()).items
            try expect(all.map(\.cohort.projectID?.text), ["1", "2", nil])
        },
        StoreCase("a page of a connection nobody knows is refused") { rig in
            try await expect(.notFound) {
                try await rig.send(.make(.members, ["A"]), from: 9)
            }
        },
    ]

    static let diffsWhileStaging: [StoreCase] = [
        StoreCase("an add while staging is seen at once and survives the switch") { rig in
            try await rig.send(.make(.members, ["old"]))
            try await rig.send(.make(.members, ["one"], session: "S2", page: 1, of: 2))
            let middle = Timestamp.start.after(minutes: 1)
            try await rig.send(.make(.addMembers, ["new"], session: "S3"), at: middle)
            try expect(try await rig.people(), ["new", "old"])
            let later = Timestamp.start.after(minutes: 2)
            try await rig.send(.make(.members, ["two"], session: "S2", page: 2, of: 2), at: later)
            try expect(try await rig.people(), ["new", "one", "two"])
            try expect(try await rig.entered("new"), middle)
        },
        StoreCase("a remove while staging is seen at once and survives the switch") { rig in
            for (run, removeFirst) in [true, false].enumerated() {
                let cohort = "cohort\(run)"
                let first = SyncPage.make(
                    .members, ["ada"], session: "S2", page: 1, of: 3, cohort: cohort)
                let second = SyncPage.make(
                    .members, ["bo", "cy"], session: "S2", page: 2, of: 3, cohort: cohort)
                let remove = SyncPage.make(.removeMembers, ["bo"], session: "S3", cohort: cohort)
                try await rig.send(.make(.members, ["bo"], cohort: cohort))
                try await rig.send(first)
                for page in removeFirst ? [remove, second] : [second, remove] {
                    try await rig.send(page)
                }
                try expect(try await rig.people(cohort: cohort), [])
                try await rig.send(
                    .make(.members, ["dee"], session: "S2", page: 3, of: 3, cohort: cohort))
                try expect(try await rig.people(cohort: cohort), ["ada", "cy", "dee"])
            }
        },
        StoreCase("a remove of somebody only a later page makes known is not forgotten") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try await rig.send(.make(.removeMembers, ["ghost"], session: "S2"))
            try await rig.send(.make(.members, ["ghost", "bo"], page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "bo"])
        },
        StoreCase("diffs while staging are repeated in their order") { rig in
            try await rig.send(.make(.members, ["ada", "bo"], page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["ada", "cy"], session: "S2"))
            try await rig.send(.make(.removeMembers, ["ada", "cy"], session: "S2"))
            let again = Timestamp.start.after(minutes: 5)
            try await rig.send(.make(.addMembers, ["ada"], session: "S3"), at: again)
            try await rig.send(.make(.members, ["ada", "dee"], page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "bo", "dee"])
            try expect(try await rig.entered("ada"), again)
        },
        StoreCase("diffs before staging began are not repeated") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"))
            try await rig.send(.make(.members, ["ada"], session: "S3", page: 1, of: 2))
            try await rig.send(.make(.members, ["cy"], session: "S3", page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "cy"])
        },
        StoreCase("diffs before an overtaking session began are not repeated") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"))
            try await rig.send(.make(.members, ["ada"], session: "S3", page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["cy"], session: "S4"))
            try await rig.send(.make(.members, [], session: "S3", page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "cy"])
        },
        StoreCase("diffs of another cohort are not repeated") { rig in
            try await rig.send(.make(.members, ["ada"], page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["bo"], cohort: "another"))
            try await rig.send(.make(.members, ["cy"], page: 2, of: 2))
            try expect(try await rig.people(), ["ada", "cy"])
        },
        StoreCase("a session keeps its first size and tells its last") { rig in
            try await rig.send(.make(.members, ["ada", "bo", "cy"]))
            try await rig.send(.make(.members, ["ada"], session: "S2", page: 1, of: 2))
            try await rig.send(.make(.addMembers, ["dee"], session: "S3"))
            try await rig.send(.make(.members, ["eve"], session: "S2", page: 2, of: 2))
            let sync = try await rig.theSync()
            try expect([sync.membersBefore, sync.membersAfter], [3, 3])
            try expect(try await rig.people(), ["ada", "dee", "eve"])
        },
    ]
}

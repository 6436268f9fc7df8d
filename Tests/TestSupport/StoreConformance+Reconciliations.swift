import Audiences

/// Comparing an audience with Mixpanel's list of its cohort.
extension StoreConformance {
    static let reconciliations: [StoreCase] = [
        StoreCase("a reconciliation finds who is missing, who is extra and who is in both") { rig in
            try await rig.send(.make(.members, ["ada", "bob", "cem"]))
            try await rig.reconcile()
            let read = try await rig.read(["bob", "cem", "dana"], page: 1, next: "q1")
            try expect(read.progress, .init(queryID: "q1", pagesRead: 1, peopleRead: 3))
            try expect(try await rig.compare(notExported: 4), .found(1, 1, 4, 0, 2))
            try expect(try await rig.differences(), ["+dana", "-ada"])
            try expect(try await rig.reconciliation().result, .found(1, 1, 4, 0, 2))
            try expect(try await rig.people(), ["ada", "bob", "cem"])
        },
        StoreCase("a person who comes twice counts once, on one page or on two") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            let first = try await rig.read(["ada", "eve", "ada", "eve"])
            try expect(first.progress.peopleRead, 2)
            let second = try await rig.read(["eve", "ada", "fay"], page: 2)
            try expect(second.progress.peopleRead, 3)
            try expect(try await rig.compare(), .found(2, 0, nil, 0, 1))
        },
        StoreCase("nothing is compared before everything is read, and differences wait for that") {
            rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            try await rig.read(["bob"])
            try expect(try await rig.reconciliation().result, nil)
            try await expect(.conflict) { _ = try await rig.differences() }
            try await expect(.conflict) { _ = try await rig.repair() }
        },
        StoreCase("large lists are compared in steps, and told page by page") { rig in
            try await rig.fill(crowd(6000))
            try await rig.reconcile()
            let listed = crowd(5000, from: 2500)
            for start in stride(from: 0, to: listed.count, by: 1000) {
                try await rig.read(Array(listed[start..<start + 1000]), page: start / 1000 + 1)
            }
            try expect(try await rig.compare(), .found(1500, 2500, nil, 0, 3500))
            let expected = Set(
                crowd(1500, from: 6000).map { "+\($0)" } + crowd(2500).map { "-\($0)" })
            for limit in [1000, 750, 999] {
                let told = try await rig.differences(limit: limit)
                try expect(told.count, 4000)
                try expect(Set(told), expected)
                try expect(told.prefix(1500).allSatisfy { $0.hasPrefix("+") }, true)
            }
        },
        StoreCase("an empty list and an empty audience have no differences") { rig in
            try await rig.send(.make(.members, []))
            try await rig.reconcile()
            try await rig.read([])
            try expect(try await rig.compare(), .found(0, 0, nil, 0, 0))
            try expect(try await rig.differences(), [])
            while try await rig.repair() {}
            try expect(try await rig.people(), [])
        },
        StoreCase("one reconciliation of an audience at a time; then another") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.start(1)
            try await expect(.conflict) { try await rig.start(2) }
            _ = try await rig.store.cancel(.make(1), at: .start, for: .test)
            try await rig.start(2)
            try expect(try await rig.history(), [2, 1].map { ReconciliationID.make($0) })
            try expect(try await rig.history(limit: 1), [2, 1].map { ReconciliationID.make($0) })
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) { try await rig.start(3, of: unknown) }
            try await expect(.notFound) {
                _ = try await rig.store.reconciliations(of: unknown, ListRange())
            }
            try expect(try await rig.store.reconciliation(.make(3)), nil)
            try await expect(.notFound) {
                _ = try await rig.store.cancel(.make(3), at: .start, for: .test)
            }
            try await expect(.notFound) {
                _ = try await rig.store.differences(of: .make(3), ListRange())
            }
        },
        StoreCase("the audit log tells who began and who cancelled a reconciliation") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.start(1, repairs: true, force: true)
            _ = try await rig.store.cancel(.make(1), at: .start, for: .test)
            let audience = try await rig.theAudience().id.text
            let log = try await rig.store.auditLog(
                matching: AuditFilter(target: audience), ListRange()
            ).items
            try expect(
                log.map(\.action), [.reconciliationCancelled, .reconciliationStarted])
            try expect(log.map(\.details), [[], ["repair", "force"]])
        },
        StoreCase("the oldest reconciliation that is due is claimed, by one worker") { rig in
            for cohort in ["a", "b"] {
                try await rig.send(.make(.members, ["ada"], cohort: cohort))
            }
            for (number, cohort) in [(1, "a"), (2, "b")] as [(UInt8, String)] {
                guard let audience = try await rig.audience(cohort: cohort) else { continue }
                try await rig.start(number, of: audience.id)
            }
            try expect(try await rig.claim("w1")?.id, .make(1))
            try expect(try await rig.claim("w2")?.id, .make(2))
            try expect(try await rig.claim("w3")?.id, nil)
            let later = Timestamp.start.after(minutes: 10)
            try await rig.conclude(.waiting, "Later.", until: later, number: 2, by: "w2")
            let waiting = try await rig.reconciliation(2)
            try expect(waiting.status, .waiting)
            try expect(waiting.message, "Later.")
            try expect(waiting.resumesAt, later)
            try await rig.conclude(.finished)
            try expect(try await rig.claim("w3", at: later.after(-1))?.id, nil)
            let again = try await rig.claim("w3", at: later)
            try expect(again?.id, .make(2))
            try expect(again?.status, .reading)
            try expect([again?.message], [nil])
            try expect(again?.resumesAt, nil)
        },
        StoreCase("a worker that dies loses its reconciliation when the lease is over") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.start(1)
            try await rig.claim("dead")
            try await rig.read(["ada", "bob"], by: "dead")
            let end = StoreRig.leaseEnd
            try expect(try await rig.claim("w1", at: end.after(-1))?.id, nil)
            let taken = try await rig.claim("w1", at: end)
            try expect(taken?.progress.peopleRead, 2)
            try await expect(.conflict) { try await rig.read(["cem"], page: 2, by: "dead") }
            try await expect(.conflict) { try await rig.conclude(.finished, by: "dead") }
            try await rig.read(["cem"], page: 2)
            try expect(try await rig.compare(), .found(2, 0, nil, 0, 1))
        },
        StoreCase("every step renews the lease") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            let later = StoreRig.leaseEnd.after(hours: 1)
            try await rig.read(["ada"], until: later)
            try expect(try await rig.claim("w2", at: later.after(-1))?.id, nil)
            try expect(try await rig.claim("w2", at: later)?.id, .make(1))
        },
        StoreCase("a worker learns with its next step that it was cancelled") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            try await rig.read(["bob"])
            let now = Timestamp.start.after(hours: 1)
            let cancelled = try await rig.store.cancel(.make(1), at: now, for: .test)
            try expect(cancelled.status, .cancelled)
            try expect(cancelled.finishedAt, now)
            try await expect(.conflict) { try await rig.read(["cem"], page: 2) }
            try await expect(.conflict) { _ = try await rig.compare() }
            try await expect(.conflict) {
                _ = try await rig.store.cancel(.make(1), at: now, for: .test)
            }
            try expect(try await rig.claim("w2", at: now.after(hours: 1))?.id, nil)
            try await expect(.conflict) { _ = try await rig.differences() }
        },
        StoreCase("a restart forgets what was read, and counts itself") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            try await rig.read(["bob"], next: "q1")
            let again = try await rig.store.restart(
                .make(1), by: "w1", until: StoreRig.leaseEnd, at: .start)
            try expect(again.progress, .init(restarts: 1))
            try await rig.read(["ada"])
            try expect(try await rig.compare(), .found(0, 0, nil, 0, 1))
        },
        StoreCase("a reconciliation is forgotten as late as the sync log, with its differences") {
            rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.reconcile()
            try await rig.read(["bob"])
            _ = try await rig.compare()
            try await rig.conclude(.finished)
            try await rig.tidy(at: .start.after(hours: 24 * 89))
            try expect(try await rig.differences(), ["+bob", "-ada"])
            try await rig.tidy(at: .start.after(hours: 24 * 90).after(1))
            try expect(try await rig.store.reconciliation(.make(1)), nil)
            try expect(try await rig.history(), [])
        },
        StoreCase("a deleted connection takes its reconciliations along") { rig in
            try await rig.send(.make(.members, ["ada"]))
            try await rig.start(1)
            try await rig.store.delete(.make(1), at: .start)
            try expect(try await rig.store.reconciliation(.make(1)), nil)
            try expect(try await rig.claim("w1")?.id, nil)
            let all = try await rig.store.reconciliations(of: nil, ListRange())
            try expect(all.items, [])
            try await rig.tidy(at: .start)
        },
    ]
}

extension Reconciliation.Differences {
    static func found(
        _ missing: Int, _ extra: Int, _ notExported: Int?, _ changed: Int, _ matching: Int
    ) -> Self {
        Self(
            missing: missing, extra: extra, notExported: notExported, changedMeanwhile: changed,
            matching: matching)
    }
}

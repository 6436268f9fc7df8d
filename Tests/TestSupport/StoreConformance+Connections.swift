import Audiences

extension StoreConformance {
    static let connections: [StoreCase] = [
        StoreCase("a connection comes back as it was made") { rig in
            let made = Connection.make(
                7, name: "Čas & \u{0}čaj", traitsAllowed: ["plan", "a.b", "plan\u{0}2"],
                at: .start.after(5))
            try await rig.store.create(made)
            try expect(try await rig.store.connection(.make(7)), made)
            try expect(try await rig.store.connection(.make(8)), nil)
            try await expect(.conflict) { try await rig.store.create(made) }
        },
        StoreCase("a connection may be made with its cohort sync") { rig in
            var made = Connection.make(7)
            made.cohortSync = .make()
            made.updatedAt = .start.after(1)
            try await rig.store.create(made)
            let back = try await rig.store.connection(.make(7))
            try expect(back, made)
        },
        StoreCase("a cohort sync is set up once") { rig in
            let cohortSync = CohortSync.make(at: .start.after(minutes: 3))
            try await rig.store.setUp(cohortSync, of: .make(1))
            let back = try await rig.store.connection(.make(1))
            try expect(back?.cohortSync, cohortSync)
            try expect(back?.updatedAt, .start.after(minutes: 3))
            try await expect(.conflict) {
                try await rig.store.setUp(cohortSync, of: .make(1))
            }
            try await expect(.notFound) {
                try await rig.store.setUp(cohortSync, of: .make(9))
            }
            try expect(try await rig.store.connection(.make(2))?.cohortSync, nil)
        },
        StoreCase("an edit changes what it names, and is kept") { rig in
            let cohortSync = CohortSync.make()
            try await rig.store.setUp(cohortSync, of: .make(1))
            let later = Timestamp.start.after(minutes: 3)
            let edits = [
                ConnectionEdit(),
                ConnectionEdit(
                    name: "Fathom \u{0}", referenceProperty: "user id",
                    traitsAllowed: ["plan", "a.b"],
                    guardMaxRemoved: .some(RemovedFraction(0.1))),
                ConnectionEdit(traitsAllowed: []),
                ConnectionEdit(guardMaxRemoved: .some(RemovedFraction(0))),
                ConnectionEdit(guardMaxRemoved: .some(nil)),
            ]
            var expected = Connection.make(1)
            expected.cohortSync = cohortSync
            for (run, edit) in edits.enumerated() {
                let time = later.after(Int64(run))
                expected.apply(edit, at: time)
                try expect(
                    try await rig.store.update(.make(1), with: edit, at: time), expected)
                try expect(try await rig.store.connection(.make(1)), expected)
            }
            try expect(try await rig.store.connection(.make(2))?.name, "Lumen (staging)")
            try await expect(.notFound) {
                _ = try await rig.store.update(.make(9), with: ConnectionEdit(), at: later)
            }
        },
        StoreCase("a connection may be made with its guard") { rig in
            var made = Connection.make(7)
            made.guardMaxRemoved = RemovedFraction(0.35)
            try await rig.store.create(made)
            try expect(try await rig.store.connection(.make(7)), made)
        },
        StoreCase("connections come in the order they were made") { rig in
            for number in [9, 5, 7] as [UInt8] {
                try await rig.store.create(Connection.make(number))
            }
            var ids: [ConnectionID] = []
            var range = ListRange(limit: 2)
            repeat {
                let page = try await rig.store.connections(range)
                ids += page.items.map(\.id)
                range.after = page.next
            } while range.after != nil
            try expect(ids, [1, 2, 9, 5, 7].map { .make($0) })
            try await expect(.invalid) {
                _ = try await rig.store.connections(ListRange(after: Cursor("k1-0-1")))
            }
        },
        StoreCase("operator keys are made, listed and revoked") { rig in
            let keys = [3, 1, 2].map { OperatorKey.make($0) }
            for key in keys {
                try await rig.store.create(key)
            }
            try await expect(.conflict) { try await rig.store.create(keys[0]) }
            let first = try await rig.store.operatorKeys(ListRange(limit: 2))
            let rest = try await rig.store.operatorKeys(ListRange(after: first.next, limit: 2))
            try expect(first.items + rest.items, keys)
            try expect(rest.next, nil)
            let then = Timestamp.start.after(minutes: 1)
            try await rig.store.revoke(keys[1].id, at: then)
            try await rig.store.revoke(keys[1].id, at: then.after(1))
            var revoked = keys[1]
            revoked.revokedAt = then
            try expect(try await rig.store.operatorKey(keys[1].id), revoked)
            try expect(try await rig.store.operatorKey(keys[0].id), keys[0])
            let unknown = OperatorKey.make(30).id
            try expect(try await rig.store.operatorKey(unknown), nil)
            try await expect(.notFound) { try await rig.store.revoke(unknown, at: then) }
        },
        StoreCase("the store says that it can write, and that nothing is due") { rig in
            try await rig.store.checkWritable(at: .start)
            try await rig.store.checkWritable(at: .start)
            try expect(try await rig.store.tidy(at: .start), false)
        },
    ]
}

extension SecretHash {
    /// A well-formed hash of nothing in particular.
    static func make(_ digit: Character = "a") -> SecretHash {
        let phc =
            "$sha256$" + String(repeating: digit, count: 32) + "$"
            + String(repeating: digit, count: 64)
        guard let hash = SecretHash(phc: phc) else { preconditionFailure("not a hash") }
        return hash
    }
}

extension CohortSync {
    /// Two secrets, the older of which ends.
    static func make(at time: Timestamp = .start) -> CohortSync {
        CohortSync(
            username: "mixpanel_q2w4e6r8t0",
            secrets: [
                StoredSecret(id: .make(2), hash: .make("b"), createdAt: time),
                StoredSecret(
                    id: .make(1), hash: .make("a"), createdAt: .start, expiresAt: time.after(9)),
            ], createdAt: time)
    }
}

extension OperatorKey {
    static func make(_ number: UInt8) -> OperatorKey {
        OperatorKey(
            id: .make(from: [UInt8](repeating: number, count: 16)), name: "back end \(number)",
            hash: .make("c"), createdAt: .start.after(Int64(number)))
    }
}

extension SecretID {
    static func make(_ number: UInt8) -> SecretID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

import Audiences

extension StoreConformance {
    static let cohortSyncs: [StoreCase] = [
        StoreCase("a new secret comes first, and the others end after the overlap") { rig in
            let now = Timestamp.start.after(minutes: 3)
            try await rig.store.setUp(.make(), of: .make(1))
            let secret = StoredSecret(id: .make(3), hash: .make("c"), createdAt: now)
            let changed = try await rig.add(secret, overlap: 60_000, at: now)
            try expect(changed.cohortSync?.secrets.map(\.id), [3, 2, 1].map { .make($0) })
            try expect(
                changed.cohortSync?.secrets.map(\.expiresAt),
                [nil, now.after(60_000), .start.after(9)])
            try expect(changed.updatedAt, now)
            try expect(changed.cohortSync?.username, CohortSync.make().username)
            try expect(try await rig.store.connection(.make(1)), changed)
        },
        StoreCase("an overlap never lets a secret be valid for longer") { rig in
            try await rig.store.setUp(.make(), of: .make(1))
            for (number, overlap) in [(3, 1000), (4, 5000), (5, 0)] as [(UInt8, Int64)] {
                let secret = StoredSecret(id: .make(number), hash: .make("c"), createdAt: .start)
                _ = try await rig.add(secret, overlap: overlap, at: .start.after(1))
            }
            try expect(
                try await rig.secrets().map(\.expiresAt),
                [nil, .start.after(1), .start.after(1), .start.after(1), .start.after(1)])
        },
        StoreCase("beyond the maximum the secret that ended first is forgotten") { rig in
            try await rig.setUpEmpty()
            let numbers = (0..<Limits.secretsMax).map { SecretID.make(UInt8($0)) }
            for (index, id) in numbers.enumerated() {
                let secret = StoredSecret(id: id, hash: .make("c"), createdAt: .start)
                _ = try await rig.add(secret, overlap: 60_000, at: .start.after(Int64(index)))
            }
            let last = StoredSecret(
                id: .make(from: [1]), hash: .make("d"), createdAt: .start.after(99))
            // All others are valid.
            try await expect(.conflict) {
                _ = try await rig.add(last, overlap: 60_000, at: .start.after(99))
            }
            for (minutes, number) in [(1, 5), (0, 3)] as [(Int64, UInt8)] {
                let time = Timestamp.start.after(98 + minutes)
                _ = try await rig.store.revoke(.make(number), of: .make(1), at: time)
            }
            _ = try await rig.add(last, overlap: 60_000, at: .start.after(99))
            let kept = try await rig.secrets().map(\.id)
            try expect(kept, [last.id] + numbers.reversed().filter { $0 != .make(3) })
        },
        StoreCase("one secret is revoked at once, or all of them, and once only") { rig in
            let now = Timestamp.start.after(2)
            try await rig.store.setUp(.make(), of: .make(1))
            let one = try await rig.store.revoke(.make(2), of: .make(1), at: now)
            try expect(one.cohortSync?.secrets.map(\.expiresAt), [now, .start.after(9)])
            try expect(one.updatedAt, now)
            let all = try await rig.store.revoke(nil, of: .make(1), at: now.after(1))
            try expect(all.cohortSync?.secrets.map(\.expiresAt), [now, now.after(1)])
            let again = try await rig.store.revoke(nil, of: .make(1), at: now.after(2))
            try expect(again, all)
            try expect(try await rig.store.connection(.make(1)), all)
            try await expect(.notFound) {
                _ = try await rig.store.revoke(.make(7), of: .make(1), at: now)
            }
        },
        StoreCase("a cohort sync is switched off and on again") { rig in
            try await rig.store.setUp(.make(), of: .make(1))
            let now = Timestamp.start.after(minutes: 1)
            for time in [now, now.after(1)] {
                let off = try await rig.switchSync(on: false, at: time)
                try expect(off.cohortSync?.switchedOffAt, now)
                try expect(off.updatedAt, now)
            }
            let on = try await rig.switchSync(on: true, at: now.after(2))
            try expect(on.cohortSync?.switchedOffAt, nil)
            try expect(on.cohortSync?.secrets, CohortSync.make().secrets)
            try expect(try await rig.store.connection(.make(1)), on)
        },
        StoreCase("the use of a secret is noted, and the first page's time") { rig in
            try await rig.store.setUp(.make(), of: .make(1))
            let times = [5, 9, 7].map { Timestamp.start.after($0) }
            for time in times {
                try await rig.store.noteUse(of: .make(1), of: .make(1), at: time)
            }
            let sync = try await rig.store.connection(.make(1))?.cohortSync
            try expect(sync?.firstPageAt, times[0])
            try expect(sync?.secrets.map(\.lastUsedAt), [nil, times[1]])
            // That is no change of the connection.
            try expect(try await rig.store.connection(.make(1))?.updatedAt, .start)
            try await expect(.notFound) {
                try await rig.store.noteUse(of: .make(7), of: .make(1), at: .start)
            }
        },
        StoreCase("nothing can be done to a cohort sync that is not there") { rig in
            let secret = StoredSecret(id: .make(3), hash: .make("c"), createdAt: .start)
            for connection in [1, 9] as [UInt8] {
                let id = ConnectionID.make(connection)
                try await expect(.notFound) {
                    _ = try await rig.store.add(
                        secret, to: id, overlapMilliseconds: 0, at: .start, for: .test)
                }
                try await expect(.notFound) {
                    _ = try await rig.store.revoke(nil, of: id, at: .start)
                }
                try await expect(.notFound) {
                    _ = try await rig.store.set(
                        isOn: true, cohortSyncOf: id, at: .start, for: .test)
                }
                try await expect(.notFound) {
                    try await rig.store.noteUse(of: .make(1), of: id, at: .start)
                }
            }
            try expect(try await rig.store.connection(.make(1)), Connection.make(1))
        },
    ]

    static let serviceAccounts: [StoreCase] = [
        StoreCase("a service account is set, changed and taken away") { rig in
            let now = Timestamp.start.after(minutes: 1)
            var account = ServiceAccount.make(at: now)
            for status in ServiceAccount.Status.allCases {
                account.status = status
                account.message = status == .connected ? nil : "Choose a project \u{0}."
                let changed = try await rig.set(account, at: now)
                try expect(changed.serviceAccount, account)
                try expect(changed.updatedAt, now)
                try expect(try await rig.store.connection(.make(1)), changed)
            }
            account.project = nil
            account.projects = []
            _ = try await rig.set(account, at: now)
            try expect(try await rig.store.connection(.make(1))?.serviceAccount, account)
            let gone = try await rig.set(nil, at: now.after(1))
            try expect(gone.serviceAccount, nil)
            try expect(gone.updatedAt, now.after(1))
            try expect(try await rig.store.connection(.make(2))?.serviceAccount, nil)
        },
        StoreCase("a connection may be made with its service account") { rig in
            var made = Connection.make(7)
            made.serviceAccount = .make()
            try await rig.store.create(made)
            try expect(try await rig.store.connection(.make(7)), made)
        },
        StoreCase("that an account was checked again is kept, and no change") { rig in
            var account = ServiceAccount.make()
            _ = try await rig.set(account, at: .start)
            account.checkedAt = .start.after(hours: 1)
            let checked = try await rig.set(account, at: account.checkedAt)
            try expect(checked.serviceAccount, account)
            try expect(checked.updatedAt, .start)
            try expect(try await rig.actions().count, 1)
        },
        StoreCase("a sealed secret is exchanged, unless it is another one by now") { rig in
            let account = ServiceAccount.make()
            _ = try await rig.set(account, at: .start)
            for (old, new) in [("v1.x", "v2.x"), ("v1.a", "v2.a"), ("v1.a", "v3.a")] {
                try await rig.store.reseal(
                    SealedSecret(old), as: SealedSecret(new), of: .make(1), at: .start.after(1),
                    for: .test)
            }
            let back = try await rig.store.connection(.make(1))
            try expect(back?.serviceAccount?.secret, SealedSecret("v2.a"))
            try expect(back?.updatedAt, .start)
            try expect(
                try await rig.actions(), ["service_account.rekeyed", "service_account.changed"])
            try await expect(.notFound) {
                try await rig.store.reseal(
                    SealedSecret("v1.a"), as: SealedSecret("v2.a"), of: .make(9), at: .start,
                    for: .test)
            }
        },
    ]

    static let declared: [StoreCase] = [
        StoreCase("a declared connection is made, and changed as the file is") { rig in
            var file = Connection.declared(7)
            try await rig.declare([file], at: .start.after(1))
            var expected = file
            expected.isDeclared = true
            try expect(try await rig.store.connection(.make(7)), expected)
            try await rig.declare([file], at: .start.after(2))
            try expect(try await rig.store.connection(.make(7)), expected)
            file.name = "Fathom"
            file.traitsAllowed = ["plan"]
            file.cohortSync?.secrets = [.make(8, "d", at: .start.after(3))]
            try await rig.declare([file], at: .start.after(3))
            let changed = try await rig.store.connection(.make(7))
            try expect(changed?.name, "Fathom")
            try expect(changed?.traitsAllowed, ["plan"])
            try expect(changed?.cohortSync?.secrets.map(\.id), [.make(8)])
            try expect(changed?.createdAt, file.createdAt)
            try expect(changed?.updatedAt, .start.after(3))
            let log = try await rig.log().filter { $0.target == ConnectionID.make(7).text }
            try expect(
                log.map(\.details), [["name", "traits", "secret_hash"], []])
            try expect(Set(log.map(\.action)), [.connectionDeclared])
        },
        StoreCase("a secret of the same hash stays what it was, revoked or not") { rig in
            let file = Connection.declared(7)
            try await rig.declare([file], at: .start)
            try await rig.store.noteUse(of: .make(7), of: .make(7), at: .start.after(1))
            _ = try await rig.store.revoke(.make(7), of: .make(7), at: .start.after(2))
            _ = try await rig.store.set(
                isOn: false, cohortSyncOf: .make(7), at: .start.after(2), for: .test)
            var again = file
            again.cohortSync?.secrets = [.make(9, "c", at: .start.after(3))]
            again.cohortSync?.createdAt = .start.after(3)
            try await rig.declare([again], at: .start.after(3))
            let sync = try await rig.store.connection(.make(7))?.cohortSync
            try expect(sync?.secrets.map(\.id), [.make(7)])
            try expect(sync?.secrets.map(\.expiresAt), [.start.after(2)])
            try expect(sync?.secrets.map(\.lastUsedAt), [.start.after(1)])
            try expect(sync?.firstPageAt, .start.after(1))
            try expect(sync?.switchedOffAt, .start.after(2))
            try expect(sync?.createdAt, file.cohortSync?.createdAt)
        },
        StoreCase("what is declared can be changed in the file only") { rig in
            try await rig.declare([.declared(7)], at: .start)
            let id = ConnectionID.make(7)
            try await expect(.conflict) {
                _ = try await rig.store.update(id, with: ConnectionEdit(name: "x"), at: .start)
            }
            try await expect(.conflict) { try await rig.store.delete(id, at: .start) }
            try await expect(.conflict) {
                _ = try await rig.store.add(
                    .make(8, "d", at: .start), to: id, overlapMilliseconds: 0, at: .start,
                    for: .test)
            }
            try expect(try await rig.store.connection(id)?.name, Connection.declared(7).name)
            let account = ServiceAccount.make()
            let changed = try await rig.store.set(account, of: id, at: .start, for: .test)
            try expect(changed.serviceAccount, account)
            try await rig.declare([.declared(7)], at: .start.after(1))
            try expect(try await rig.store.connection(id)?.serviceAccount, account)
        },
        StoreCase("what is declared no longer loses its secrets and can be changed") { rig in
            let others = [Connection.declared(7), .declared(8)]
            try await rig.declare(others, at: .start)
            try await rig.send(.make(.addMembers, ["ada"]), from: 7)
            try await rig.declare([others[1]], at: .start.after(1))
            let left = try await rig.store.connection(.make(7))
            try expect(left?.isDeclared, false)
            try expect(left?.cohortSync?.secrets, [])
            try expect(left?.cohortSync?.username, others[0].cohortSync?.username)
            try expect(try await rig.people(connection: 7), ["ada"])
            try expect(try await rig.store.connection(.make(8))?.isDeclared, true)
            try expect(try await rig.store.connection(.make(1)), Connection.make(1))
            _ = try await rig.store.update(
                .make(7), with: ConnectionEdit(name: "x"), at: .start.after(2))
            try await rig.declare([others[1]], at: .start.after(3))
            try expect(
                try await rig.actions(),
                ["connection.changed"] + [String](repeating: "connection.declared", count: 3))
        },
        StoreCase("a connection that was made by hand may become a declared one") { rig in
            try await rig.store.setUp(.make(), of: .make(1))
            var file = Connection.declared(1)
            file.name = "Lumen (production)"
            try await rig.declare([file], at: .start.after(1))
            let declared = try await rig.store.connection(.make(1))
            try expect(declared?.isDeclared, true)
            try expect(declared?.cohortSync?.secrets.map(\.id), [.make(1)])
            try expect(declared?.cohortSync?.username, file.cohortSync?.username)
        },
    ]
}

extension StoredSecret {
    static func make(_ number: UInt8, _ digit: Character, at time: Timestamp) -> StoredSecret {
        StoredSecret(id: .make(number), hash: .make(digit), createdAt: time)
    }
}

extension ServiceAccount {
    static func make(at time: Timestamp = .start) -> ServiceAccount {
        let projects = [
            MixpanelProject(id: .make("3012457"), name: "Lumen \u{0} čaj", region: .eu),
            MixpanelProject(id: .make("3012458")),
        ]
        return ServiceAccount(
            username: "muster.a1b2c3.mp-service-account", secret: SealedSecret("v1.a"),
            status: .needsProject, message: "Choose a project.", projects: projects,
            project: projects[0], checkedAt: time)
    }
}

extension Connection {
    /// As a configuration file says it.
    static func declared(_ number: UInt8) -> Connection {
        var connection = Connection.make(number, name: "Tern \(number)")
        connection.cohortSync = CohortSync(
            username: "mixpanel_tern\(number)", secrets: [.make(number, "c", at: .start)],
            createdAt: .start)
        return connection
    }
}

extension StoreRig {
    func setUpEmpty() async throws {
        try await store.setUp(
            CohortSync(username: "mixpanel_empty", secrets: [], createdAt: .start), of: .make(1))
    }

    func secrets() async throws -> [StoredSecret] {
        try await store.connection(.make(1))?.cohortSync?.secrets ?? []
    }

    func add(
        _ secret: StoredSecret, overlap: Int64, at time: Timestamp
    ) async throws -> Connection {
        try await store.add(
            secret, to: .make(1), overlapMilliseconds: overlap, at: time, for: .test)
    }

    func switchSync(on isOn: Bool, at time: Timestamp) async throws -> Connection {
        try await store.set(isOn: isOn, cohortSyncOf: .make(1), at: time, for: .test)
    }

    func set(_ account: ServiceAccount?, at time: Timestamp) async throws -> Connection {
        try await store.set(account, of: .make(1), at: time, for: .test)
    }

    func declare(_ connections: [Connection], at time: Timestamp) async throws {
        try await store.declare(connections, at: time, for: Operation(by: .configuration))
    }

    /// The audit log after the two connections that every rig begins with, newest first.
    func log(_ filter: AuditFilter = AuditFilter()) async throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        var range = ListRange(limit: 2)
        repeat {
            let page = try await store.auditLog(matching: filter, range)
            entries += page.items
            range.after = page.next
        } while range.after != nil
        return entries.filter { $0.sequence > 2 }
    }

    func actions() async throws -> [String] {
        try await log().map(\.action.rawValue)
    }
}

package import Audiences

/// Users of the element API, and their instances.
extension StoreConformance {
    static let elementUsers: [StoreCase] = [
        StoreCase("element users get numbers that are never given again") { rig in
            let first = try await rig.user(1)
            let second = try await rig.user(2)
            try expect(second.number > first.number, true)
            _ = try await rig.store.removeElementUser(second.id, at: .start, for: .test)
            try expect(try await rig.user(3).number > second.number, true)
            try expect(try await rig.store.elementUser(first.id), first)
            try expect(try await rig.store.elementUser(second.id), nil)
            try await expect(.conflict) { try await rig.user(1) }
            try await expect(.notFound) {
                _ = try await rig.store.removeElementUser(second.id, at: .start, for: .test)
            }
        },
        StoreCase("element users are listed in the order they were made") { rig in
            for number in [3, 1, 2] as [UInt8] { try await rig.user(number) }
            let page = try await rig.store.elementUsers(ListRange(limit: 2))
            let rest = try await rig.store.elementUsers(ListRange(after: page.next, limit: 2))
            try expect(
                (page.items + rest.items).map(\.id), [3, 1, 2].map { ElementUserID.make($0) })
            try expect(rest.next, nil)
        },
        StoreCase("the last user of an organization takes its instances along") { rig in
            let (ada, bo) = (try await rig.user(1), try await rig.user(2, organization: 1))
            let kept = try await rig.instance(1, of: 7)
            let gone = try await rig.instance(2)
            _ = try await rig.job(of: gone)
            try expect(
                try await rig.store.removeElementUser(ada.id, at: .start, for: .test), 0)
            try expect(try await rig.store.instance(gone.id, of: .make(1))?.id, gone.id)
            try expect(
                try await rig.store.removeElementUser(bo.id, at: .start, for: .test), 1)
            try expect(try await rig.store.instance(gone.id, of: .make(1)), nil)
            try expect(try await rig.store.instance(kept.id, of: .make(7)), kept)
            try expect(try await rig.store.bulkJobs(of: gone.id, ListRange()).items, [])
            let log = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items
            try expect(
                log.prefix(3).map(\.action),
                [.elementUserRemoved, .instanceDeleted, .elementUserRemoved])
            try expect(log.first?.details, ["instances 1"])
        },
    ]

    static let instances: [StoreCase] = [
        StoreCase("an instance is read back as it was made, by its id and by its token") { rig in
            var instance = ElementInstance.make(1)
            instance.name = "Shop <b>"
            instance.tags = ["Docs", "café", ""]
            instance.credential.account = "muster.mp-service-account"
            instance.credential.kind = .serviceAccount
            instance.credential.hasProjectToken = true
            instance.credential.project = .make("3012457")
            instance.credential.region = .india
            instance.check = CredentialCheck(isValid: false, message: "No.", at: .start)
            instance.maps = [
                FieldMap(
                    name: "people", object: .users,
                    fields: [.init(path: "email", vendorPath: "$properties.$email")],
                    isPassThrough: true),
                FieldMap(name: "events", object: .activities, fields: [], isPassThrough: false),
            ]
            let made = try await rig.store.create(instance, for: .test)
            instance.id = made.id
            try expect(made, instance)
            try expect(try await rig.store.instance(made.id, of: .make(1)), made)
            try expect(
                try await rig.store.instance(tokenDigest: instance.token.digest), made)
            try expect(try await rig.store.instance(made.id, of: .make(2)), nil)
            try expect(try await rig.store.instance(tokenDigest: "no such"), nil)
        },
        StoreCase("instances are found by all of their tags and by a part of their name") { rig in
            for (number, name, tags) in [
                (1, "Shop (EU)", ["a", "b"]), (2, "Blog", ["b"]), (3, "shop", ["a"]),
            ] as [(UInt8, String, [String])] {
                var instance = ElementInstance.make(number)
                (instance.name, instance.tags) = (name, tags)
                _ = try await rig.store.create(instance, for: .test)
            }
            _ = try await rig.instance(4, of: 2)
            func names(_ tags: [String] = [], _ text: String? = nil) async throws -> [String] {
                let filter = InstanceFilter(organization: .make(1), tags: tags, text: text)
                return try await rig.store.instances(matching: filter, ListRange()).items
                    .map(\.name)
            }
            try expect(try await names(), ["Shop (EU)", "Blog", "shop"])
            try expect(try await names(["a"]), ["Shop (EU)", "shop"])
            try expect(try await names(["b", "a"]), ["Shop (EU)"])
            try expect(try await names([], "SHOP"), ["Shop (EU)", "shop"])
            try expect(try await names(["a"], "eu"), ["Shop (EU)"])
            try expect(try await names([], "MixPanel").count, 3)
            try expect(try await names([], "no such"), [])
            try expect(
                try await rig.store.instances(matching: InstanceFilter(), ListRange()).items.count,
                4)
        },
        StoreCase("a list of instances is paged, also past those that do not match") { rig in
            for number in 0..<9 {
                var instance = ElementInstance.make(UInt8(number))
                instance.tags = number.isMultiple(of: 3) ? ["third"] : []
                _ = try await rig.store.create(instance, for: .test)
            }
            let filter = InstanceFilter(organization: .make(1), tags: ["third"])
            var range = ListRange(limit: 2)
            let first = try await rig.store.instances(matching: filter, range)
            try expect(first.items.count, 2)
            range.after = first.next
            let second = try await rig.store.instances(matching: filter, range)
            try expect(second.items.count, 1)
            try expect(second.next, nil)
            range.after = Cursor("k1-0-1")
            try await expect(.invalid) {
                _ = try await rig.store.instances(matching: filter, range)
            }
        },
        StoreCase("an edit changes what it says and is in the audit log by its names") { rig in
            let instance = try await rig.instance(1)
            let map = FieldMap(name: "p", object: .users, fields: [], isPassThrough: true)
            func edit(_ edit: InstanceEdit) async throws -> ElementInstance {
                try await rig.store.update(
                    instance.id, of: .make(1), with: edit, at: .start.after(5), for: .test)
            }
            var edited = try await edit(
                InstanceEdit(name: "New", tags: ["x"], dropsNulls: false, isDisabled: true))
            try expect(edited.name, "New")
            try expect(edited.tags, ["x"])
            try expect(edited.isDisabled, true)
            try expect(edited.dropsNulls, false)
            try expect(edited.updatedAt, .start.after(5))
            _ = try await edit(InstanceEdit(connection: .make(1)))
            _ = try await edit(InstanceEdit(map: map))
            _ = try await edit(InstanceEdit())
            edited = try await edit(InstanceEdit(isDisabled: false, mapRemoved: "p"))
            try expect(try await rig.store.instance(instance.id, of: .make(1)), edited)
            try expect(edited.maps, [])
            try expect(edited.connection, .make(1))
            let log = try await rig.store.auditLog(
                matching: AuditFilter(target: "instance \(instance.id)"), ListRange()
            ).items
            try expect(
                log.map(\.details),
                [
                    ["enabled", "transformations"], ["transformations"], ["connection"],
                    ["name", "tags", "filter.response.nulls", "disabled"], [],
                ])
            try await expect(.notFound) {
                _ = try await rig.store.update(
                    instance.id, of: .make(2), with: InstanceEdit(name: "Theirs"), at: .start,
                    for: .test)
            }
        },
        StoreCase("an instance whose connection is deleted stays, without it") { rig in
            let instance = try await rig.instance(1)
            _ = try await rig.store.update(
                instance.id, of: .make(1), with: InstanceEdit(connection: .make(2)), at: .start,
                for: .test)
            try await rig.store.delete(ConnectionID.make(2), at: .start)
            try expect(
                try await rig.store.instance(instance.id, of: .make(1))?.connection, nil)
        },
        StoreCase("a deleted instance is gone, and its token and its jobs") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            try await expect(.notFound) {
                try await rig.store.delete(instance.id, of: .make(2), at: .start, for: .test)
            }
            try await rig.store.delete(instance.id, of: .make(1), at: .start, for: .test)
            try expect(
                try await rig.store.instance(tokenDigest: instance.token.digest), nil)
            try expect(try await rig.store.bulkJobsWithFiles(among: [job.id]), [])
            try await expect(.notFound) {
                try await rig.store.delete(instance.id, of: .make(1), at: .start, for: .test)
            }
            try expect(try await rig.instance(2).id > instance.id, true)
        },
        StoreCase("what Mixpanel says of a credential is kept unless there is another") { rig in
            let instance = try await rig.instance(1)
            let bad = CredentialCheck(isValid: false, message: "Refused.", at: .start.after(1))
            try await rig.store.note(bad, of: instance.id, having: SealedSecret("another"))
            try expect(try await rig.store.instance(instance.id, of: .make(1)), instance)
            try await rig.store.note(
                bad, of: instance.id, having: instance.credential.sealed)
            try expect(
                try await rig.store.instance(instance.id, of: .make(1))?.check, bad)
        },
        StoreCase("sealed texts of an instance are exchanged unless they are others") { rig in
            let instance = try await rig.instance(1)
            let (token, credential) = (SealedSecret("t2"), SealedSecret("c2"))
            for _ in 0..<2 {
                try await rig.store.reseal(instance, token: token, credential: credential)
            }
            let now = try await rig.store.instance(instance.id, of: .make(1))
            try expect(now?.token.sealed, token)
            try expect(now?.credential.sealed, credential)
            try await rig.store.reseal(
                instance, token: SealedSecret("t3"), credential: SealedSecret("c3"))
            // Nor if only the credential is another by now.
            var stale = instance
            stale.token.sealed = token
            try await rig.store.reseal(
                stale, token: SealedSecret("t4"), credential: SealedSecret("c4"))
            try expect(
                try await rig.store.instance(instance.id, of: .make(1))?.token.sealed, token)
        },
    ]
}

extension ElementUserID {
    package static func make(_ number: UInt8) -> ElementUserID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

extension OrganizationID {
    package static func make(_ number: UInt8) -> OrganizationID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

extension ElementInstance {
    package static func make(_ number: UInt8, of organization: UInt8 = 1) -> ElementInstance {
        ElementInstance(
            organization: .make(organization), user: 1, name: "Shop \(number)",
            token: StoredToken(digest: "digest \(number)", sealed: SealedSecret("t\(number)")),
            credential: StoredCredential(
                kind: .projectSecret, sealed: SealedSecret("c\(number)"), account: nil,
                hasProjectToken: false, project: nil, region: nil),
            check: CredentialCheck(isValid: true, at: .start), createdAt: .start)
    }
}

extension StoreRig {
    @discardableResult
    func user(_ number: UInt8, organization: UInt8? = nil) async throws -> ElementUser {
        let hash = OperatorKey.make(number).hash
        return try await store.create(
            ElementUser(
                id: .make(number), organization: .make(organization ?? number), name: "Ada",
                hash: hash, organizationHash: hash, createdAt: .start), for: .test)
    }

    func instance(_ number: UInt8, of organization: UInt8 = 1) async throws -> ElementInstance {
        try await store.create(.make(number, of: organization), for: .test)
    }

    func job(of instance: ElementInstance) async throws -> BulkJob {
        try await store.start(
            BulkJob(
                instance: instance.id, object: .users,
                criteria: BulkJob.Criteria(text: "select * from users"), createdAt: .start))
    }
}

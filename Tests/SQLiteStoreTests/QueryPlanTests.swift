import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// How SQLite goes about the statements that run for each member or each look-up.
struct QueryPlanTests {
    private func plan(_ sql: String) async throws -> [String] {
        let directory = TemporaryDirectory()
        return try await directory.withStore { store in
            try await store.pool.read { db in
                try db.prepared("EXPLAIN QUERY PLAN \(sql)").all { row in row.text(3) }
            }
        }
    }

    /// Twice: whom the id is the reference id of, and whom it is the distinct id of.
    @Test func theAudiencesOfSomebodyAreProbedOneByOne() async throws {
        let probes = [
            "SEARCH candidate USING PRIMARY KEY (hash=?)",
            "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH audience USING INDEX sqlite_autoindex_audience_2 (connection=?)",
            "SEARCH membership USING PRIMARY KEY (snapshot=? AND person=?)",
            "SEARCH snapshot USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH sync_session USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
        ]
        let searches = try await plan(SQLiteStore.selectMemberships)
            .filter { $0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN") }
        #expect(searches == probes + probes)
    }

    @Test func whoIsInNoIndexYetIsProbedByTheirNumber() async throws {
        let searches = try await plan(SQLiteStore.selectMembershipsOfRecent)
            .filter { $0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN") }
        #expect(searches.count == 22)
        #expect(searches[12] == "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)")
        #expect(searches[17] == "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)")
    }

    @Test func anOperatorKeyIsFoundByItsPublicID() async throws {
        #expect(
            try await plan(SQLiteStore.selectKeyByID) == [
                "SEARCH operator_key USING INDEX sqlite_autoindex_operator_key_1 (public_id=?)"
            ])
    }

    @Test(arguments: [SQLiteStore.selectByReference, SQLiteStore.selectByDistinct])
    func peopleAreFoundByTheirHash(_ sql: String) async throws {
        #expect(
            try await plan(sql) == [
                "SEARCH candidate USING PRIMARY KEY (hash=?)",
                "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
            ])
    }

    /// Nothing that a page, a look-up or the housekeeping runs may read a whole table.
    @Test func noStatementScansPeopleOrMemberships() async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 20)) { store in
            let statements = try await everyStatement(of: store)
            #expect(statements.count > 105)
            for sql in statements {
                let details = try await store.pool.read { db in
                    try db.prepared("EXPLAIN QUERY PLAN \(sql)").all { row in row.text(3) }
                }
                let scans = details.filter {
                    $0.hasPrefix("SCAN") && !isSmall($0)
                }
                #expect(scans.isEmpty || Self.firstRows.contains(sql), "\(sql)")
            }
        }
    }

    /// Audiences, connections, studies and rules are few, and some lists are about all of them.
    private func isSmall(_ detail: String) -> Bool {
        [
            "SCAN audience", "SCAN connection", "SCAN CONSTANT ROW", "SCAN meta",
            "SCAN operator_key", "SCAN study", "SCAN launch_rule",
        ].contains { detail.hasPrefix($0) }
            || detail == "SCAN hook" || detail.hasPrefix("SCAN hook USING")
            || detail.contains("INDEX sync_session_open")
            || detail.contains("INDEX reconciliation_open")
            || detail.contains("INDEX bulk_job_open")
    }

    /// They stop after the first row or rows of a table.
    private static let firstRows = [
        "SELECT EXISTS (SELECT 1 FROM erased)", Housekeeping.selectOldChange,
        Housekeeping.selectOldestChanges, Database.selectNextComparison,
        Housekeeping.selectUntidyReading,
    ]

    /// Runs a history of pages and the housekeeping after it, and collects what reached SQLite.
    private func everyStatement(of store: SQLiteStore) async throws -> [String] {
        let seen = StatementLog()
        try await store.pool.writeWithoutTransaction { db in
            db.trace { seen.insert($0) }
        }
        try await StoreHistory(seed: 3).play { try await $0.run(on: store) }
        _ = try await store.erase(matching: .make("n1"), staysErased: true, at: .start)
        try await reconcile(in: store)
        try await switchHeldIn(to: store)
        while try await store.tidy(at: .start.after(hours: 24 * 100)) {}
        try await launch(in: store)
        try await store.create(Connection.make(9))
        try await post(from: store)
        try await operate(store)
        try await useElements(store)
        try await store.checkWritable(at: .start)
        return seen.sorted()
    }

    /// Every administrative change that the history has not made, and deletions.
    private func operate(_ store: SQLiteStore) async throws {
        let nine = ConnectionID.make(9)
        let hash = "$sha256$" + String(repeating: "7", count: 32) + "$"
        let secret = StoredSecret(
            id: .make(from: [1]),
            hash: try #require(SecretHash(phc: hash + String(repeating: "7", count: 64))),
            createdAt: .start)
        let sync = CohortSync(username: "mixpanel_9", secrets: [secret], createdAt: .start)
        try await store.setUp(sync, of: nine)
        try await store.noteUse(of: secret.id, of: nine, at: .start)
        let account = ServiceAccount(
            username: "mp", secret: SealedSecret("v1.a"), status: .connected, checkedAt: .start)
        let answer = KeptAnswer(
            key: "k", request: "q", status: 200, body: SealedSecret("v1.b"), createdAt: .start)
        let operation = Operation(by: .server, answer: answer)
        _ = try await store.set(account, of: nine, at: .start, for: operation)
        let key = OperatorKey(
            id: .make(from: [1]), name: "Key", hash: secret.hash, createdAt: .start)
        try await store.create(key)
        try await store.revoke(key.id, at: .start)
        try await store.declare([.make(8)], at: .start, for: .test)
        try await store.declare([], at: .start, for: .test)
        let page = SyncPage.make(.addMembers, members: [.make("ada", reference: "user-1")])
        _ = try await store.record(page, from: nine, at: .start)
        for connection in [1, 2, 9] as [UInt8] {
            try await store.delete(.make(connection), at: .start)
        }
        let later = Timestamp.start.after(Limits.keptAnswerMillisecondsMax + 1)
        while try await store.tidy(at: later) {}
    }

    /// Everything that is done for a hook.
    private func post(from store: SQLiteStore) async throws {
        let url = try #require(HookURL("https://hooks.lumen.example/"))
        let secret = HookSecret(sealed: SealedSecret("v1.a"), createdAt: .start)
        try await store.changeHook(of: .make(), at: .start, for: .test) { hook in
            hook = Hook(
                connectionID: .make(), url: url, events: [.audienceEntered], secrets: [secret],
                createdAt: .start)
        }
        let test = HookDelivery(
            id: .make(from: [1]), connectionID: .make(), kind: .test, createdAt: .start)
        try await store.sendTest(test, for: .test)
        _ = try await store.record(.make(.addMembers, ["hooked"]), from: .make(), at: .start)
        _ = try await store.followChanges(at: .start)
        _ = try await store.dueHooks(at: .start)
        let messages = try await store.claimDeliveries(
            of: .make(), limit: 9, until: .start, at: .start)
        for message in messages {
            try await store.conclude(message.delivery, sentTo: url, at: .start)
        }
        _ = try await store.replay(test.id, of: .make(), at: .start, for: .test)
        for status in [nil, HookDelivery.Status.waiting] {
            _ = try await store.deliveries(of: .make(), status: status, ListRange())
        }
        try await store.changeHook(of: .make(), at: .start, for: .test) { $0 = nil }
    }

    /// Every statement about element users, instances and bulk jobs.
    private func useElements(_ store: SQLiteStore) async throws {
        let digits =
            "$" + String(repeating: "7", count: 32) + "$" + String(repeating: "7", count: 64)
        let hash = try #require(SecretHash(phc: "$sha256" + digits))
        let user = try await store.create(
            ElementUser(
                id: .make(1), organization: .make(1), name: "Ada", hash: hash,
                organizationHash: hash, createdAt: .start), for: .test)
        let instance = try await store.create(ElementInstance.make(1), for: .test)
        _ = try await store.elementUsers(ListRange())
        let filters = [InstanceFilter(), InstanceFilter(organization: .make(1))]
        for filter in filters { _ = try await store.instances(matching: filter, ListRange()) }
        _ = try await store.instance(tokenDigest: instance.token.digest)
        _ = try await store.update(
            instance.id, of: .make(1), with: InstanceEdit(name: "New"), at: .start, for: .test)
        let sealed = instance.credential.sealed
        try await store.note(instance.check, of: instance.id, having: sealed)
        try await store.reseal(instance, token: instance.token.sealed, credential: sealed)
        let job = BulkJob(
            instance: instance.id, object: .users, criteria: BulkJob.Criteria(text: ""),
            createdAt: .start)
        for number in 1...2 as ClosedRange<Int64> {
            _ = try await store.start(job)
            let claimed = try await store.claimBulkJob(
                until: .start.after(1), by: "w", at: .start)
            let id = try #require(claimed?.job.id)
            try await store.keep(
                BulkJob.Progress(), ofBulkJob: id, by: "w", until: .start.after(1))
            try await store.concludeBulkJob(
                id, as: number == 1 ? .running : .completed, message: nil, resumesAt: nil,
                by: "w", at: .start)
        }
        _ = try await store.bulkJobs(of: instance.id, ListRange())
        _ = try await store.cancelBulkJob(2, of: instance.id, at: .start)
        _ = try await store.bulkJobsWithFiles(among: [1])
        _ = try await store.forgetBulkJobs(endedBefore: .start.after(9))
        _ = try await store.removeElementUser(user.id, at: .start, for: .test)
    }

    /// Reads, compares and mends, and refuses a second query.
    private func reconcile(in store: SQLiteStore) async throws {
        let audiences = try await store.audiences(matching: AudienceFilter(), ListRange()).items
        for (number, audience) in audiences.enumerated() {
            let id = ReconciliationID.make(from: [UInt8](repeating: UInt8(number), count: 16))
            let reconciliation = Reconciliation(
                id: id, audience: audience.id, repairs: true, createdAt: .start)
            try await store.start(reconciliation, for: .test)
            let end = Timestamp.start.after(minutes: 3)
            _ = try await store.claim(until: end, by: "w", at: .start)
            _ = try await store.restart(id, by: "w", until: end, at: .start)
            _ = try await store.keep(
                [.make("n1"), .make("stranger")], progress: .init(pagesRead: 1), of: id, by: "w",
                until: end)
            let diff = SyncPage.make(
                .addMembers, ["n2", "stranger"], session: "R",
                cohort: audience.cohort.cohortID.text, project: audience.cohort.projectID?.text)
            _ = try await store.record(diff, from: audience.connectionID, at: .start)
            while try await store.compare(id, notExported: 1, by: "w", until: end) == nil {}
            while try await store.repair(id, limit: 9, by: "w", until: end, at: .start) {}
            try await store.conclude(
                id, as: .finished, message: nil, resumesAt: nil, by: "w", at: .start)
            _ = try await store.differences(of: id, ListRange())
            _ = try await store.reconciliations(of: audience.id, ListRange())
        }
        let permit = try await store.permit(for: .make(), at: .start)
        if case .granted(let query) = permit { try await store.finish(query, at: .start) }
        try await store.pause(.make(), until: .start.after(1))
        _ = try await store.permit(for: .make(), at: .start)
    }

    /// Everything that can be done with studies, rules and invites, in one connection.
    private func launch(in store: SQLiteStore) async throws {
        let settings = SDKSettings(publicKey: .make(), identitySecret: SealedSecret("v1"))
        try await store.set(settings, of: .make(), at: .start, for: .test)
        try await store.noteFirstCall(of: .make(), at: .start)
        try await store.reseal(
            SealedSecret("v1"), as: SealedSecret("v2"), identityOf: .make())
        let all = try await store.audiences(matching: .init(connection: .make()), ListRange())
        let audience = try #require(all.items.first?.id)
        try await store.create(Study.make(weekly: 9), for: .test)
        try await store.create(LaunchRule.make(), for: .test)
        try await store.create(LaunchRule.make(2, trigger: .audience(audience)), for: .test)
        _ = try await store.starts(of: .make(), at: .start)
        _ = try await store.update(.make(), at: .start, for: .test) { (study: inout Study) in
            study.name = "Other"
        }
        _ = try await store.update(.make(), at: .start, for: .test) { (rule: inout LaunchRule) in
            rule.priority = 1
        }
        for (number, matchID) in ["u1", "n2"].enumerated() {
            _ = try await store.configuration(
                for: .make(matchID), of: .make(), fresh: .make(number), at: .start)
            _ = try await store.offer(
                on: .make(), to: .make(matchID), of: .make(), fresh: .make(number + 2),
                at: .start)
        }
        _ = try await store.start(.make(2), by: nil, of: nil, attempt: nil, at: .start)
        _ = try await store.note(.completed, of: .make(2), of: .make(), at: .start)
        _ = try await store.erase(matching: .make("n2"), staysErased: true, at: .start)
    }

    private func switchHeldIn(to store: SQLiteStore) async throws {
        let edit = ConnectionEdit(guardMaxRemoved: RemovedFraction(0.5))
        _ = try await store.update(.make(), with: edit, at: .start)
        for (session, people) in [("H1", crowd(1000)), ("H2", crowd(10))] {
            let page = SyncPage.make(.members, people, session: session, cohort: "held")
            _ = try await store.record(page, from: .make(), at: .start)
        }
        let filter = AudienceFilter(cohort: .make("held"))
        let all = try await store.audiences(matching: filter, ListRange())
        for audience in all.items {
            try await store.decide(.accept, on: audience.id, at: .start)
            try await store.restore(audience.id, at: .start)
        }
    }

    @Test(arguments: [
        (
            SQLiteStore.selectChanges,
            [
                "SEARCH change USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "SEARCH audience USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH sync_session USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
            ]
        ),
        (
            SQLiteStore.selectChangeAfter,
            ["SEARCH change USING INDEX change_of_person (<expr>=? AND person=?)"]
        ),
        (
            SQLiteStore.selectEntranceUntil,
            ["SEARCH change USING INDEX change_of_person (<expr>=? AND person=?)"]
        ),
        (
            SQLiteStore.selectReferences,
            [
                "SEARCH membership USING PRIMARY KEY (snapshot=? AND person>?)",
                "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        (
            SQLiteStore.selectAudit(AuditFilter()),
            ["SEARCH audit USING INTEGER PRIMARY KEY (rowid<?)"]
        ),
        (
            SQLiteStore.selectAudit(AuditFilter(action: .keyCreated)),
            ["SEARCH audit USING INDEX audit_by_action (action=? AND rowid<?)"]
        ),
        (
            SQLiteStore.selectAudit(AuditFilter(target: "conn_1")),
            ["SEARCH audit USING INDEX audit_by_target (target=? AND rowid<?)"]
        ),
        (
            SQLiteStore.selectAudit(AuditFilter(action: .keyCreated, target: "conn_1")),
            ["SEARCH audit USING INDEX audit_by_target (target=? AND rowid<?)"]
        ),
        (
            SQLiteStore.selectLaunches,
            [
                "SEARCH connection USING INDEX sqlite_autoindex_connection_1 (public_id=?)",
                "SEARCH invite USING INDEX invite_by_match (match_hash=?) LEFT-JOIN",
                "SEARCH launch_rule USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
                "SEARCH study USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
                "SEARCH audience USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
                "SEARCH person USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
            ]
        ),
        (
            SQLiteStore.selectSharers,
            [
                "SEARCH candidate USING PRIMARY KEY (hash=?)",
                "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH membership USING PRIMARY KEY (snapshot=? AND person=?)",
            ]
        ),
    ])
    func listsAreReadInTheirOrder(_ sql: String, _ expected: [String])
        async throws
    {
        #expect(try await plan(sql) == expected)
    }

    @Test func aPersonsInvitesAreFoundByTheirHash() async throws {
        let plan = try await plan(Database.selectInvitesOfPerson)
        #expect(
            plan.filter { $0.contains(" invite ") } == [
                "SEARCH invite USING INDEX invite_by_match (match_hash=?)"
            ])
        #expect(!plan.contains { $0.contains("TEMP B-TREE") })
    }

    /// Of the terms of a list of invites one leads, and in the order of the list.
    @Test(arguments: [
        (InviteFilter(), "SEARCH invite USING INTEGER PRIMARY KEY (rowid<?)"),
        (
            InviteFilter(connection: .make()),
            "SEARCH invite USING INDEX invite_of_connection (connection=? AND rowid<?)"
        ),
        (
            InviteFilter(connection: .make(), study: .make()),
            "SEARCH invite USING INDEX invite_of_study (study=? AND rowid<?)"
        ),
        (
            InviteFilter(study: .make(), rule: .make()),
            "SEARCH invite USING INDEX invite_of_rule (rule=? AND rowid<?)"
        ),
        (
            InviteFilter(connection: .make(), rule: .make(), matchID: .make("u")),
            "SEARCH invite USING INDEX invite_by_match (match_hash=? AND rowid<?)"
        ),
    ])
    func invitesAreListedByOneIndex(_ filter: InviteFilter, _ expected: String) async throws {
        let plan = try await plan(SQLiteStore.selectInvites(filter))
        #expect(plan.filter { $0.contains(" invite ") } == [expected])
        #expect(!plan.contains { $0.contains("TEMP B-TREE") })
    }
}

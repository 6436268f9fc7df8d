import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// A store that an older version filled goes on as if nothing had happened.
struct MigrationTests {
    private let directory = TemporaryDirectory()
    private let latestPage = Timestamp.start.after(hours: 3)

    /// A store of step 1: ada, bo and cy are members, ada and dee are staged on page 1 of 2, cy
    /// was added meanwhile, and eve was a member before.
    private func fillFirstVersion() throws {
        try StoreFiles.foundation.createMissing(directory.path, [directory.database])
        let queue = try DatabaseQueue(path: directory.database)
        try Migrations.migrator.migrate(queue, upTo: "0001 people and audiences")
        try queue.write { db in
            let siphash = try #require(
                SipHash(
                    key: db.prepared("SELECT value FROM meta WHERE name = 'siphash_key'")
                        .first { $0.bytes(0) } ?? []))
            for (id, name) in [(1, "ada"), (2, "bo"), (3, "cy"), (4, "dee"), (5, "eve")] {
                try db.prepared("INSERT INTO person VALUES (?, 1, ?, NULL, NULL)").run(id, name)
                try db.prepared("INSERT INTO person_by_distinct VALUES (?, ?)")
                    .run(siphash.hash(name), id)
            }
            try db.prepared("INSERT INTO staged_page VALUES (1, 3, 1, ?)")
                .run(PersonList.encode([1, 4]))
            try db.prepared("INSERT INTO staged_diff VALUES (1, 3, 'add', ?, ?)")
                .run(IDList.encode([.make("cy")]), time(3))
            try db.execute(sql: firstVersion)
        }
        try queue.close()
    }

    /// A store of step 2, with a connection that has two secrets, a key, and a feed whose first
    /// changes are gone already.
    private func fillSecondVersion() throws {
        try fillFirstVersion()
        let queue = try DatabaseQueue(path: directory.database)
        try Migrations.migrator.migrate(queue, upTo: "0002 changes and control")
        let (new, old, key) = (phc("b"), phc("a"), OperatorKeyID.make(from: [1]).text)
        let start = Timestamp.start.milliseconds
        try queue.write { db in
            try db.execute(
                sql: """
                    UPDATE connection SET username = 'mixpanel_1', sync_created_at = \(start),
                        guard_max_removed = 0.25;
                    INSERT INTO connection_trait VALUES (1, 0, 'plan');
                    INSERT INTO cohort_sync_secret VALUES (1, 0, '\(new)', \(start + 5), NULL),
                        (1, 1, '\(old)', \(start), \(start + 9));
                    INSERT INTO operator_key VALUES (1, '\(key)', 'Key', '\(new)', \(start), NULL);
                    INSERT INTO change VALUES (41, 1, 1, 1, NULL, \(start)),
                        (42, 1, 2, 1, NULL, \(start));
                    """)
        }
        try queue.close()
    }

    private func phc(_ digit: Character) -> String {
        "$sha256$" + String(repeating: digit, count: 32) + "$" + String(repeating: digit, count: 64)
    }

    @Test func secretsGetAnIdAndKeysMayDoEverything() async throws {
        try fillSecondVersion()
        var secrets: [StoredSecret] = []
        try await directory.withStore { store in
            let connection = try #require(try await store.connection(.make()))
            let sync = try #require(connection.cohortSync)
            secrets = sync.secrets
            #expect(secrets.map(\.hash.phc) == [phc("b"), phc("a")])
            #expect(secrets.map(\.createdAt) == [.start.after(5), .start])
            #expect(secrets.map(\.expiresAt) == [nil, .start.after(9)])
            #expect(secrets.map(\.lastUsedAt) == [nil, nil])
            #expect(Set(secrets.map(\.id)).count == 2)
            #expect(secrets.allSatisfy { SecretID($0.id.text) != nil })
            #expect(sync.username == "mixpanel_1")
            #expect(sync.switchedOffAt == nil)
            #expect(sync.firstPageAt == nil)
            #expect(connection.traitsAllowed == ["plan"])
            #expect(connection.guardMaxRemoved == RemovedFraction(0.25))
            #expect(connection.serviceAccount == nil)
            #expect(!connection.isDeclared)
            #expect(try await store.operatorKey(.make(from: [1]))?.scope == .admin)
            #expect(try await store.auditLog(matching: AuditFilter(), ListRange()).items == [])
        }
        try await directory.withStore { store in
            #expect(try await store.connection(.make())?.cohortSync?.secrets == secrets)
            _ = try await store.revoke(secrets[0].id, of: .make(), at: .start.after(1))
            let left = try await store.connection(.make())?.cohortSync?.secrets
            #expect(left?.map(\.expiresAt) == [.start.after(1), .start.after(9)])
        }
    }

    @Test func theFeedGoesOnWhereItBegan() async throws {
        try fillSecondVersion()
        try await directory.withStore { store in
            let page = try await store.changes(after: 40, in: nil, limit: 10)
            #expect(page.changes.map(\.sequence) == [41, 42])
            let failure = await #expect(throws: Failure.self) {
                try await store.changes(after: 39, in: nil, limit: 10)
            }
            #expect(failure?.code == .gone)
            try await store.delete(.make(), at: time(4))
            while try await store.tidy(at: time(4)) {}
            #expect(try await store.latestChange() == 42)
            #expect(try await store.memberships(matching: .make("ada"), in: nil).isEmpty)
        }
    }

    private func time(_ hours: Int64) -> Timestamp { .start.after(hours: hours) }

    private var firstVersion: String {
        let start = Timestamp.start.milliseconds
        let hours = (0...3).map { start + Int64($0) * 3_600_000 }
        return """
            INSERT INTO connection
                VALUES (1, '\(ConnectionID.make().text)', 'Lumen', 'reference_id', NULL, NULL,
                    \(start), \(start));
            INSERT INTO audience
                VALUES (1, 'aud_0000000000000000', 1, '3012457', '5540912', 'Buyers', NULL, 2, 4,
                    \(hours[1]), NULL, \(hours[0]), \(hours[3]));
            INSERT INTO snapshot VALUES (1, 1, 'retired', 1, \(hours[0]), \(hours[1])),
                (2, 1, 'current', 3, \(hours[1]), NULL), (3, 1, 'staged', 2, \(hours[2]), NULL);
            INSERT INTO membership VALUES (1, 5, \(hours[0]), 1), (2, 1, \(hours[0]), 1),
                (2, 2, \(hours[1]), 1), (2, 3, \(hours[3]), 1), (3, 1, \(hours[0]), 1),
                (3, 4, \(hours[2]), 1);
            INSERT INTO sync_session VALUES
                (2, 1, 'members', 'S2', 'committed', 1, 1, 0, 0, 2, NULL, 1, 2, \(hours[1]),
                    \(hours[1]), 2, 'tallies'),
                (3, 1, 'members', 'S3', 'filling', 2, 1, 0, 0, 2, NULL, 2, 2, \(hours[2]), NULL, 3,
                    'lists'),
                (4, 1, 'add_members', 'D1', 'applied', 1, 1, 0, 0, 1, NULL, 2, 3, \(hours[3]),
                    \(hours[3]), NULL, 'tallies');
            """
    }

    private func members(of store: SQLiteStore) async throws -> [String: Timestamp] {
        let members = try await store.members(
            of: AudienceID(unchecked: "aud_0000000000000000"), ListRange())
        return Dictionary(
            uniqueKeysWithValues: members.items.map { ($0.person.distinctID.text, $0.enteredAt) })
    }

    @Test func everybodyIsStillThereSinceTheSameTime() async throws {
        try fillFirstVersion()
        try await directory.withStore { store in
            let members = try await members(of: store)
            #expect(members == ["ada": time(0), "bo": time(1), "cy": time(3)])
            let found = try await store.memberships(matching: .make("bo"), in: nil)
            #expect(found.map(\.enteredAt) == [time(1)])
            // Where they came from nobody noted.
            #expect(found.map(\.source) == [nil])
        }
    }

    @Test func aReplacementThatWasBeingStagedIsCompleted() async throws {
        try fillFirstVersion()
        try await directory.withStore { store in
            let page = SyncPage.make(.members, ["eve"], session: "S3", page: 2, of: 2)
            #expect(try await store.record(page, from: .make(), at: time(4)) == .switched)
            let members = try await members(of: store)
            #expect(
                members == ["ada": time(0), "cy": time(3), "dee": time(4), "eve": time(4)])
            let audience = try await store.audience(AudienceID(unchecked: "aud_0000000000000000"))
            #expect(audience?.lastSync?.movement == Movement(entering: 2, leaving: 1))
        }
    }

    @Test func theFeedBeginsWithWhoWasThere() async throws {
        try fillFirstVersion()
        try await directory.withStore { store in
            try await store.erase(matching: .make("cy"))
            while try await store.tidy(at: time(4)) {}
            let page = try await store.changes(after: 0, in: nil, limit: 10)
            let told = page.changes.map { ($0.kind.rawValue, $0.person?.distinctID.text, $0.at) }
            #expect(told.map(\.0) == ["entered", "left", "entered", "entered"])
            #expect(told.map(\.1) == [nil, nil, "ada", "bo"])
            #expect(told.map(\.2) == [time(3), time(4), time(3), time(3)])
            // Before the latest page nobody knows.
            let at = try await store.memberships(matching: .make("ada"), in: nil, at: time(3))
            #expect(at.count == 1)
            let failure = await #expect(throws: Failure.self) {
                try await store.memberships(
                    matching: .make("ada"), in: nil, at: time(3).after(-1))
            }
            #expect(failure?.code == .gone)
        }
    }

    @Test func theReplacedSnapshotCanBeRestored() async throws {
        try fillFirstVersion()
        try await directory.withStore { store in
            try await store.restore(AudienceID(unchecked: "aud_0000000000000000"), at: time(4))
            #expect(try await members(of: store) == ["eve": time(0)])
        }
    }
}

extension SQLiteStore {
    fileprivate func erase(matching id: ExternalID) async throws {
        _ = try await erase(matching: id, staysErased: false, at: .start.after(hours: 4))
    }
}

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
        ]
        let searches = try await plan(SQLiteStore.selectMemberships)
            .filter { $0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN") }
        #expect(searches == probes + probes)
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
        try await directory.withStore { store in
            let statements = try await everyStatement(of: store)
            #expect(statements.count > 40)
            for sql in statements {
                let details = try await store.pool.read { db in
                    try db.prepared("EXPLAIN QUERY PLAN \(sql)").all { row in row.text(3) }
                }
                let scans = details.filter {
                    $0.hasPrefix("SCAN") && !isSmall($0)
                }
                #expect(scans.isEmpty, "\(sql)")
            }
        }
    }

    /// Audiences and connections are few, and some lists are about all of them.
    private func isSmall(_ detail: String) -> Bool {
        ["SCAN audience", "SCAN connection", "SCAN CONSTANT ROW", "SCAN meta", "SCAN operator_key"]
            .contains { detail.hasPrefix($0) }
            || detail.contains("INDEX sync_session_filling")
    }

    /// Runs a history of pages and the housekeeping after it, and collects what reached SQLite.
    private func everyStatement(of store: SQLiteStore) async throws -> [String] {
        let seen = StatementLog()
        try await store.pool.writeWithoutTransaction { db in
            db.trace { seen.insert($0) }
        }
        try await StoreHistory(seed: 3).run(on: store)
        while try await store.tidy(at: .start.after(hours: 24 * 30)) {}
        try await store.create(Connection.make(9))
        try await store.checkWritable(at: .start)
        return seen.sorted()
    }
}

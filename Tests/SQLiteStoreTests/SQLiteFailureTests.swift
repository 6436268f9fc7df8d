import Audiences
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// Result codes as the domain's failures.
struct SQLiteFailureTests {
    @Test(arguments: [
        (ResultCode.SQLITE_BUSY, Failure.Code.unavailable), (.SQLITE_LOCKED, .unavailable),
        (.SQLITE_BUSY_SNAPSHOT, .unavailable), (.SQLITE_FULL, .unavailable),
        (.SQLITE_READONLY, .unavailable), (.SQLITE_CANTOPEN, .unavailable),
        (.SQLITE_IOERR_READ, .unavailable), (.SQLITE_NOMEM, .unavailable),
        (.SQLITE_CORRUPT, .internal), (.SQLITE_NOTADB, .internal),
        (.SQLITE_CONSTRAINT, .internal), (.SQLITE_ERROR, .internal), (.SQLITE_MISUSE, .internal),
    ])
    func aResultCodeIsOurTroubleNeverTheCallers(_ code: ResultCode, _ expected: Failure.Code) {
        let failure = SQLiteFailure.failure(DatabaseError(resultCode: code))
        #expect(failure.code == expected)
        #expect(failure.detail.contains("\(code.rawValue)"))
    }

    @Test func aFailureStaysAFailureAndACancelledReadIsToBeTriedAgain() {
        let own = Failure(.notFound, "There is no such thing.")
        #expect(SQLiteFailure.failure(own) == own)
        #expect(SQLiteFailure.failure(CancellationError()).code == .unavailable)
    }

    @Test(arguments: [
        (ResultCode.SQLITE_IOERR_FSYNC, SQLiteFailure.Moment.statement, true),
        (.SQLITE_IOERR_DIR_FSYNC, .statement, true), (.SQLITE_IOERR_WRITE, .sync, true),
        (.SQLITE_IOERR_WRITE, .statement, false), (.SQLITE_FULL, .sync, false),
        (.SQLITE_BUSY, .sync, false), (.SQLITE_CORRUPT, .statement, true),
        (.SQLITE_NOTADB, .sync, true),
    ])
    func onlyAFaultOfTheDiskStopsWrites(
        _ code: ResultCode, _ moment: SQLiteFailure.Moment, _ stops: Bool
    ) {
        let error = DatabaseError(resultCode: code)
        #expect((SQLiteFailure.consequence(of: error, in: moment) == .stop) == stops)
    }

    /// Feeds an id anybody would recognize to statements that fail in every way at hand.
    @Test func noFailureNamesAPerson() async throws {
        let secret = "rosalind.franklin@example.org"
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            let statements = [
                "INSERT INTO person (connection, distinct_id) VALUES (NULL, ?)",
                "INSERT INTO person (connection, distinct_id) VALUES (?, 'x')",
                "INSERT INTO meta (name, value) VALUES ('siphash_key', ?)",
            ]
            for sql in statements {
                do throws(Failure) {
                    try await store.writer.write { db in try db.prepared(sql).run(secret) }
                    Issue.record("\(sql) did not fail")
                } catch {
                    #expect(!error.message.contains("rosalind"))
                    #expect(!error.detail.contains("rosalind"))
                    #expect(error.code == .internal)
                }
            }
        }
    }

    @Test(arguments: [
        "UPDATE person SET distinct_id = ''", "UPDATE person SET traits = x'80'",
        "UPDATE sync_session SET status = 'cheerful'",
        "UPDATE audience SET reconcile_reason = 'mood'",
        "UPDATE sync_session SET notes = x'8080'", "UPDATE membership SET person = person",
    ])
    func aRowNobodyWroteIsDamageNotATrap(_ sql: String) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { store in
            try await store.create(Connection.make())
            _ = try await store.record(.make(.members, ["ada"]), from: .make(), at: .start)
            try await store.pool.write { try $0.execute(sql: sql) }
            var codes: [Failure.Code] = []
            do throws(Failure) {
                let all = try await store.audiences(matching: AudienceFilter(), ListRange())
                for audience in all.items {
                    _ = try await store.members(of: audience.id, ListRange())
                }
            } catch {
                codes.append(error.code)
            }
            #expect(codes == (sql.contains("membership") ? [] : [.internal]))
        }
    }
}

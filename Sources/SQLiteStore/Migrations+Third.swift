import Audiences
import GRDB

extension Migrations {
    /// Step 3: the life of a connection, the audit log, kept answers.
    ///
    /// Secrets that are there already get an id; keys that are there may do everything, as before.
    static func addConnectionLife(_ db: Database) throws {
        try db.execute(sql: third)
        // The newest one has the highest number, as those have that are added.
        let secrets = try db.prepared(
            """
            SELECT connection, hash, created_at, expires_at FROM cohort_sync_secret_1
            ORDER BY connection, position DESC
            """
        ).all { row in
            (row.integer(0), hash: row.text(1), made: row.time(2), expiry: row.optionalTime(3))
        }
        let insert = try db.prepared(
            """
            INSERT INTO cohort_sync_secret (connection, public_id, hash, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?)
            """)
        for (connection, hash, made, expiry) in secrets {
            try insert.run(connection, SecretID.make(from: newKey()).text, hash, made, expiry)
        }
        try db.execute(sql: "DROP TABLE cohort_sync_secret_1")
    }

    private static let third = """
        ALTER TABLE connection ADD COLUMN switched_off_at INTEGER;
        ALTER TABLE connection ADD COLUMN first_page_at INTEGER;
        ALTER TABLE connection ADD COLUMN is_declared INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE connection ADD COLUMN deleted_at INTEGER;
        ALTER TABLE connection ADD COLUMN changes_removed_to INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE connection ADD COLUMN people_removed_to INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX connection_deleted ON connection (id) WHERE deleted_at IS NOT NULL;

        ALTER TABLE cohort_sync_secret RENAME TO cohort_sync_secret_1;
        CREATE TABLE cohort_sync_secret (
            id INTEGER PRIMARY KEY,
            connection INTEGER NOT NULL REFERENCES connection,
            public_id TEXT NOT NULL,
            hash TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            last_used_at INTEGER,
            UNIQUE (connection, public_id)
        ) STRICT;

        CREATE TABLE service_account (
            connection INTEGER PRIMARY KEY REFERENCES connection,
            username TEXT NOT NULL,
            secret TEXT NOT NULL,
            status TEXT NOT NULL,
            message TEXT,
            projects BLOB NOT NULL,
            project BLOB NOT NULL,
            checked_at INTEGER NOT NULL
        ) STRICT;

        ALTER TABLE operator_key ADD COLUMN scope TEXT NOT NULL DEFAULT 'admin';

        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            actor_key TEXT,
            request_id TEXT,
            action TEXT NOT NULL,
            target TEXT,
            details BLOB NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_action ON audit (action);
        CREATE INDEX audit_by_target ON audit (target);

        CREATE TABLE kept_answer (
            key TEXT PRIMARY KEY,
            request TEXT NOT NULL,
            status INTEGER NOT NULL,
            body TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX kept_answer_by_age ON kept_answer (created_at);

        INSERT INTO meta (name, value)
            SELECT 'changes_removed', first - 1 FROM (SELECT min(seq) AS first FROM change)
            WHERE first > 1;
        """
}

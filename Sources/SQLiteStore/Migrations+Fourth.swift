extension Migrations {
    /// Step 4: reconciliations, what they have read, and the quota of queries to Mixpanel.
    ///
    /// `key` is the hash of a distinct id under the store's key, without its sign.
    static let fourth = """
        CREATE TABLE reconciliation (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            audience INTEGER NOT NULL,
            repairs INTEGER NOT NULL,
            forced INTEGER NOT NULL,
            status TEXT NOT NULL,
            message TEXT,
            resumes_at INTEGER,
            worker TEXT,
            lease_end INTEGER,
            reading INTEGER,
            query_id TEXT,
            pages_read INTEGER NOT NULL,
            people_read INTEGER NOT NULL,
            people_total INTEGER,
            restarts INTEGER NOT NULL,
            stage TEXT NOT NULL,
            cursor INTEGER NOT NULL,
            missing INTEGER NOT NULL,
            extra INTEGER NOT NULL,
            not_exported INTEGER,
            changed INTEGER NOT NULL,
            matching INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX reconciliation_of_audience ON reconciliation (audience);
        CREATE INDEX reconciliation_open ON reconciliation (id) WHERE finished_at IS NULL;
        CREATE INDEX reconciliation_old ON reconciliation (finished_at)
            WHERE finished_at IS NOT NULL;

        CREATE TABLE reading (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            audience INTEGER NOT NULL,
            snapshot INTEGER NOT NULL,
            last_session INTEGER NOT NULL,
            doubted INTEGER NOT NULL,
            state TEXT NOT NULL
        ) STRICT;
        CREATE INDEX reading_of_audience ON reading (audience, state);
        CREATE INDEX reading_untidy ON reading (id) WHERE state IN ('closing', 'discarded');

        CREATE TABLE reading_member (
            reading INTEGER NOT NULL,
            person INTEGER NOT NULL,
            PRIMARY KEY (reading, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reading_missing (
            reading INTEGER NOT NULL,
            key INTEGER NOT NULL,
            distinct_id TEXT NOT NULL,
            reference_id TEXT,
            PRIMARY KEY (reading, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reading_missing_key ON reading_missing (key);
        CREATE INDEX reading_missing_reference ON reading_missing (reference_id)
            WHERE reference_id <> '';

        CREATE TABLE reading_extra (
            reading INTEGER NOT NULL,
            person INTEGER NOT NULL,
            PRIMARY KEY (reading, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reading_named (
            reading INTEGER NOT NULL,
            key INTEGER NOT NULL,
            PRIMARY KEY (reading, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE query (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project TEXT NOT NULL,
            sent_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX query_of_project ON query (project, sent_at);

        CREATE TABLE query_pause (
            project TEXT PRIMARY KEY,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}

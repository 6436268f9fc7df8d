extension Migrations {
    /// Step 1.
    ///
    /// Times are milliseconds since 1970, flags and states are texts.
    static let first = """
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value ANY NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE connection (
            id INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            reference_property TEXT NOT NULL,
            username TEXT,
            sync_created_at INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE connection_trait (
            connection INTEGER NOT NULL REFERENCES connection,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (connection, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE cohort_sync_secret (
            connection INTEGER NOT NULL REFERENCES connection,
            position INTEGER NOT NULL,
            hash TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            PRIMARY KEY (connection, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE operator_key (
            id INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            hash TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT;

        CREATE TABLE person (
            id INTEGER PRIMARY KEY,
            connection INTEGER NOT NULL,
            distinct_id TEXT NOT NULL,
            reference_id TEXT,
            traits BLOB
        ) STRICT;

        CREATE TABLE person_by_distinct (
            hash INTEGER NOT NULL,
            person INTEGER NOT NULL,
            PRIMARY KEY (hash, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE person_by_reference (
            hash INTEGER NOT NULL,
            person INTEGER NOT NULL,
            PRIMARY KEY (hash, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audience (
            id INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE,
            connection INTEGER NOT NULL REFERENCES connection,
            project TEXT NOT NULL,
            cohort TEXT NOT NULL,
            name TEXT,
            description TEXT,
            current_snapshot INTEGER NOT NULL,
            last_session INTEGER,
            as_of INTEGER,
            reconcile_reason TEXT,
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            UNIQUE (connection, project, cohort)
        ) STRICT;

        CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY,
            audience INTEGER NOT NULL,
            state TEXT NOT NULL,
            member_count INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            retired_at INTEGER
        ) STRICT;

        CREATE INDEX snapshot_by_state ON snapshot (state, retired_at);

        CREATE TABLE membership (
            snapshot INTEGER NOT NULL,
            person INTEGER NOT NULL,
            entered_at INTEGER NOT NULL,
            copies INTEGER NOT NULL,
            PRIMARY KEY (snapshot, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sync_session (
            id INTEGER PRIMARY KEY,
            audience INTEGER NOT NULL REFERENCES audience,
            action TEXT NOT NULL,
            session_id TEXT,
            status TEXT NOT NULL,
            pages_total INTEGER,
            pages_received INTEGER NOT NULL,
            pages_repeated INTEGER NOT NULL,
            pages_irregular INTEGER NOT NULL,
            members_received INTEGER NOT NULL,
            notes BLOB,
            members_before INTEGER NOT NULL,
            members_after INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            staging_snapshot INTEGER,
            keeps TEXT NOT NULL
        ) STRICT;

        CREATE UNIQUE INDEX sync_session_by_id ON sync_session (audience, action, session_id);
        CREATE INDEX sync_session_of_audience ON sync_session (audience);
        CREATE INDEX sync_session_filling ON sync_session (audience, started_at)
            WHERE status = 'filling';
        CREATE INDEX sync_session_untidy ON sync_session (keeps, started_at)
            WHERE keeps <> 'nothing';

        CREATE TABLE sync_page (
            session INTEGER NOT NULL,
            number INTEGER NOT NULL,
            entries INTEGER NOT NULL,
            notes BLOB,
            PRIMARY KEY (session, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE staged_page (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL,
            number INTEGER NOT NULL,
            people BLOB NOT NULL,
            UNIQUE (session, number)
        ) STRICT;

        CREATE TABLE staged_diff (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL,
            action TEXT NOT NULL,
            distinct_ids BLOB NOT NULL,
            arrived_at INTEGER NOT NULL
        ) STRICT;

        CREATE INDEX staged_diff_of_session ON staged_diff (session);
        """
}

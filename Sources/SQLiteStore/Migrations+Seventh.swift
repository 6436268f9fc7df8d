extension Migrations {
    /// Step 7: hooks, and what is on its way to them.
    ///
    /// A hook without a connection was taken away; its deliveries are being removed.
    static let seventh = """
        CREATE TABLE hook (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            connection INTEGER UNIQUE,
            url TEXT NOT NULL,
            events BLOB NOT NULL,
            is_on INTEGER NOT NULL,
            follows INTEGER NOT NULL,
            told_to INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE hook_secret (
            hook INTEGER NOT NULL,
            position INTEGER NOT NULL,
            sealed TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            PRIMARY KEY (hook, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE hook_delivery (
            hook INTEGER NOT NULL,
            number INTEGER NOT NULL,
            public_id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            invite TEXT,
            change INTEGER,
            happened_at INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            queued_at INTEGER NOT NULL,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            next_attempt_at INTEGER,
            last_attempt_at INTEGER,
            last_answer INTEGER,
            last_problem TEXT,
            PRIMARY KEY (hook, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX hook_delivery_by_status ON hook_delivery (hook, status, number);
        CREATE INDEX hook_delivery_due ON hook_delivery (hook, next_attempt_at)
            WHERE next_attempt_at IS NOT NULL;
        CREATE INDEX hook_delivery_old ON hook_delivery (queued_at);
        """
}

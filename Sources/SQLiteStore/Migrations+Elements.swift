extension Migrations {
    /// Step 8: users of the element API, their instances and bulk jobs.
    ///
    /// Their numbers are shown to callers and never given again.
    static let elements = """
        CREATE TABLE element_user (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            organization TEXT NOT NULL,
            name TEXT NOT NULL,
            hash TEXT NOT NULL,
            organization_hash TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX element_user_of_organization ON element_user (organization);

        CREATE TABLE element_instance (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            organization TEXT NOT NULL,
            user INTEGER NOT NULL,
            name TEXT NOT NULL,
            tags BLOB NOT NULL,
            token_digest TEXT NOT NULL UNIQUE,
            token TEXT NOT NULL,
            kind TEXT NOT NULL,
            credential TEXT NOT NULL,
            account TEXT,
            has_project_token INTEGER NOT NULL,
            project TEXT,
            region TEXT,
            valid INTEGER NOT NULL,
            message TEXT,
            checked_at INTEGER,
            drops_nulls INTEGER NOT NULL,
            disabled INTEGER NOT NULL,
            connection TEXT,
            maps BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX element_instance_of_organization ON element_instance (organization);
        CREATE INDEX element_instance_of_connection ON element_instance (connection)
            WHERE connection IS NOT NULL;

        CREATE TABLE bulk_job (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            instance INTEGER NOT NULL,
            object TEXT NOT NULL,
            criteria TEXT NOT NULL,
            expression TEXT,
            from_at INTEGER,
            to_at INTEGER,
            records_max INTEGER,
            drops_nulls INTEGER NOT NULL,
            format TEXT NOT NULL,
            status TEXT NOT NULL,
            message TEXT,
            resumes_at INTEGER,
            worker TEXT,
            lease_end INTEGER,
            records INTEGER NOT NULL,
            kept_records INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            error_messages BLOB NOT NULL,
            bytes INTEGER NOT NULL,
            steps INTEGER NOT NULL,
            query_id TEXT,
            restarts INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX bulk_job_of_instance ON bulk_job (instance);
        CREATE INDEX bulk_job_open ON bulk_job (id) WHERE finished_at IS NULL;
        CREATE INDEX bulk_job_old ON bulk_job (finished_at) WHERE finished_at IS NOT NULL;
        """
}

extension Migrations {
    /// Step 6: studies, launch rules, invites, and what the SDK may do.
    ///
    /// `audience` is a row id, for audiences go with their connection only; those a rule excludes
    /// are a list of public ids. What is counted stays when people are erased. `day` is when a day
    /// began; `launch_version` is another number whenever the rules of a connection may decide
    /// otherwise.
    static let launching = """
        ALTER TABLE connection ADD COLUMN launch_version INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE sdk (
            connection INTEGER PRIMARY KEY REFERENCES connection,
            public_key TEXT NOT NULL UNIQUE,
            identity_secret TEXT,
            requires_identity INTEGER NOT NULL,
            cooldown_hours INTEGER,
            first_seen_at INTEGER
        ) STRICT;

        CREATE TABLE study (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            connection INTEGER NOT NULL REFERENCES connection,
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            launch_url TEXT NOT NULL,
            opens_in TEXT NOT NULL,
            weekly_max INTEGER,
            monthly_max INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX study_of_connection ON study (connection);

        CREATE TABLE study_day (
            study INTEGER NOT NULL REFERENCES study,
            day INTEGER NOT NULL,
            starts INTEGER NOT NULL,
            PRIMARY KEY (study, day)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE launch_rule (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            connection INTEGER NOT NULL REFERENCES connection,
            study INTEGER NOT NULL REFERENCES study,
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            event TEXT,
            audience INTEGER,
            surface TEXT NOT NULL,
            title TEXT,
            message TEXT,
            start_label TEXT,
            dismiss_label TEXT,
            priority INTEGER NOT NULL,
            cooldown_hours INTEGER,
            starts_per_person_max INTEGER,
            starts_total_max INTEGER,
            starts_at INTEGER,
            ends_at INTEGER,
            basis_points INTEGER NOT NULL,
            excluded BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            invited INTEGER NOT NULL DEFAULT 0,
            shown INTEGER NOT NULL DEFAULT 0,
            dismissed INTEGER NOT NULL DEFAULT 0,
            started INTEGER NOT NULL DEFAULT 0,
            completed INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX launch_rule_of_connection ON launch_rule (connection);
        CREATE INDEX launch_rule_of_study ON launch_rule (study);

        CREATE TABLE invite (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            code TEXT NOT NULL UNIQUE,
            connection INTEGER NOT NULL,
            rule INTEGER NOT NULL,
            study INTEGER NOT NULL,
            source TEXT NOT NULL,
            audience INTEGER,
            match_hash INTEGER NOT NULL,
            match_id TEXT NOT NULL,
            person INTEGER,
            traits BLOB,
            created_at INTEGER NOT NULL,
            shown_at INTEGER,
            dismissed_at INTEGER,
            started_at INTEGER,
            completed_at INTEGER,
            attempt TEXT
        ) STRICT;
        CREATE INDEX invite_by_match ON invite (match_hash);
        CREATE INDEX invite_of_person ON invite (person) WHERE person IS NOT NULL;
        CREATE INDEX invite_of_connection ON invite (connection);
        CREATE INDEX invite_of_rule ON invite (rule);
        CREATE INDEX invite_of_study ON invite (study);
        """
}

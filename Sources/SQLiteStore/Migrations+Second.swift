extension Migrations {
    /// Step 2: the change feed, held replacements, sources, erasure.
    ///
    /// The feed of a store that was filled before begins with everybody who is a member now:
    /// comparisons with an empty snapshot write them. Further back than its latest page it can't
    /// answer for.
    static let second = """
        ALTER TABLE connection ADD COLUMN guard_max_removed REAL;

        ALTER TABLE audience ADD COLUMN held_session INTEGER;
        ALTER TABLE audience ADD COLUMN replaced_snapshot INTEGER;
        UPDATE audience SET replaced_snapshot =
            (SELECT id FROM snapshot WHERE audience = audience.id AND state = 'retired'
                ORDER BY retired_at DESC, id DESC LIMIT 1);

        CREATE TABLE snapshot_2 (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            audience INTEGER NOT NULL,
            state TEXT NOT NULL,
            member_count INTEGER NOT NULL,
            staying INTEGER NOT NULL,
            session INTEGER,
            created_at INTEGER NOT NULL,
            current_since INTEGER,
            retired_at INTEGER
        ) STRICT;
        INSERT INTO snapshot_2
            SELECT id, audience, state, member_count, 0, NULL, created_at, NULL, retired_at
            FROM snapshot;
        DROP TABLE snapshot;
        ALTER TABLE snapshot_2 RENAME TO snapshot;
        CREATE INDEX snapshot_by_state ON snapshot (state, retired_at);
        CREATE INDEX snapshot_of_audience ON snapshot (audience);

        CREATE TABLE membership_2 (
            snapshot INTEGER NOT NULL,
            person INTEGER NOT NULL,
            entered_at INTEGER,
            session INTEGER,
            page INTEGER,
            copies INTEGER NOT NULL,
            PRIMARY KEY (snapshot, person)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO membership_2
            SELECT snapshot, person,
                CASE WHEN state = 'staged' THEN
                    (SELECT entered_at FROM membership AS now
                        WHERE now.snapshot = current_snapshot AND now.person = old.person)
                ELSE entered_at END,
                NULL, NULL, copies
            FROM membership AS old
            CROSS JOIN snapshot ON snapshot.id = old.snapshot
            CROSS JOIN audience ON audience.id = snapshot.audience;
        DROP TABLE membership;
        ALTER TABLE membership_2 RENAME TO membership;
        UPDATE snapshot SET staying =
            (SELECT count(entered_at) FROM membership WHERE snapshot = snapshot.id)
            WHERE state = 'staged';

        CREATE TABLE sync_session_2 (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
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
            references_changed INTEGER NOT NULL,
            references_shared INTEGER NOT NULL,
            members_before INTEGER NOT NULL,
            members_after INTEGER NOT NULL,
            entering INTEGER,
            leaving INTEGER,
            started_at INTEGER NOT NULL,
            held_at INTEGER,
            finished_at INTEGER,
            staging_snapshot INTEGER,
            keeps TEXT NOT NULL
        ) STRICT;
        INSERT INTO sync_session_2
            SELECT id, audience, action, session_id, status, pages_total, pages_received,
                pages_repeated, pages_irregular, members_received, notes, 0, 0, members_before,
                members_after, NULL, NULL, started_at, NULL, finished_at, staging_snapshot, keeps
            FROM sync_session;
        DROP TABLE sync_session;
        ALTER TABLE sync_session_2 RENAME TO sync_session;
        CREATE UNIQUE INDEX sync_session_by_id ON sync_session (audience, action, session_id);
        CREATE INDEX sync_session_of_audience ON sync_session (audience);
        CREATE INDEX sync_session_open ON sync_session (audience)
            WHERE status IN ('filling', 'held');
        CREATE INDEX sync_session_untidy ON sync_session (keeps, started_at)
            WHERE keeps <> 'nothing';
        CREATE INDEX sync_session_tidy ON sync_session (started_at) WHERE keeps = 'nothing';

        ALTER TABLE staged_diff ADD COLUMN source INTEGER;
        ALTER TABLE staged_diff ADD COLUMN page INTEGER;

        CREATE TABLE change (
            seq INTEGER PRIMARY KEY,
            audience INTEGER NOT NULL,
            person INTEGER NOT NULL,
            entered INTEGER NOT NULL,
            session INTEGER,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX change_of_person ON change (audience, person);

        CREATE TABLE comparison (
            id INTEGER PRIMARY KEY,
            audience INTEGER NOT NULL REFERENCES audience,
            old_snapshot INTEGER NOT NULL,
            new_snapshot INTEGER NOT NULL,
            session INTEGER,
            at INTEGER NOT NULL,
            cursor INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX comparison_of_audience ON comparison (audience);

        CREATE TABLE comparison_settled (
            comparison INTEGER NOT NULL,
            person INTEGER NOT NULL,
            PRIMARY KEY (comparison, person)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE erased (
            hash INTEGER PRIMARY KEY
        ) STRICT;

        INSERT INTO meta (name, value)
            SELECT 'changes_horizon', max(last_seen_at) FROM audience HAVING count(*) > 0;
        INSERT INTO comparison (audience, old_snapshot, new_snapshot, at, cursor)
            SELECT audience.id, 0, current_snapshot,
                (SELECT value FROM meta WHERE name = 'changes_horizon'), 0
            FROM audience CROSS JOIN snapshot ON snapshot.id = current_snapshot
            WHERE member_count > 0;
        """
}

import Audiences
import GRDB

/// Memberships of snapshots: of the current one, and of one being staged.
extension PageTransaction {
    // MARK: The current snapshot

    /// Returns how many of them were no members yet.
    func add(_ people: [Int64], to snapshot: Int64) throws -> Int {
        let insert = try db.prepared(
            """
            INSERT INTO membership (snapshot, person, entered_at, copies) VALUES (?, ?, ?, 1)
            ON CONFLICT DO NOTHING
            """)
        let added = try people.reduce(0) { try $0 + insert.change(snapshot, $1, now) }
        try adjustCount(of: snapshot, by: added)
        return added
    }

    /// Returns how many of them were members.
    func remove(_ people: [Int64], from snapshot: Int64) throws -> Int {
        let delete = try db.prepared(
            "DELETE FROM membership WHERE snapshot = ? AND person = ?")
        let removed = try people.reduce(0) { try $0 + delete.change(snapshot, $1) }
        try adjustCount(of: snapshot, by: -removed)
        return removed
    }

    private func adjustCount(of snapshot: Int64, by difference: Int) throws {
        guard difference != 0 else { return }
        try db.prepared("UPDATE snapshot SET member_count = member_count + ? WHERE id = ?")
            .run(difference, snapshot)
    }

    // MARK: Staging

    /// Makes the session's snapshot; an older unfinished replacement is overtaken.
    func beginStaging(_ stored: inout SessionRow, of audience: AudienceRow) throws {
        let older = try db.prepared(
            "SELECT id FROM sync_session WHERE audience = ? AND status = 'filling'"
        ).all(audience.id) { row in row.integer(0) }
        for session in older {
            try db.abandonSession(session, as: .superseded)
        }
        stored.stagingSnapshot = try createSnapshot(of: audience.id, state: .staged)
        try db.prepared("UPDATE sync_session SET keeps = 'lists' WHERE id = ?").run(stored.id)
    }

    /// Puts a page into the session's snapshot, in place of an earlier copy of the page.
    ///
    /// A person may stand on several pages, so a membership counts its pages.
    func stage(
        _ people: [Int64], as number: Int, of stored: SessionRow, _ audience: AudienceRow
    ) throws {
        guard let snapshot = stored.stagingSnapshot else {
            throw damage("a filling session has no snapshot")
        }
        let before = try db.prepared(
            "SELECT people FROM staged_page WHERE session = ? AND number = ?"
        ).first(stored.id, number) { row in try row.decoded(0, by: PersonList.decode) }
        guard before != people else { return }
        let (entering, leaving) = difference(from: before ?? [], to: people)
        let added = try stage(entering, in: snapshot, current: audience.snapshot)
        let removed = try unstage(leaving, from: snapshot)
        try adjustCount(of: snapshot, by: added - removed)
        try db.prepared(
            """
            INSERT INTO staged_page (session, number, people) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET people = excluded.people
            """
        ).run(stored.id, number, PersonList.encode(people))
    }

    /// Who is only in the second, and who only in the first of two ascending lists.
    private func difference(
        from old: [Int64], to new: [Int64]
    ) -> (entering: [Int64], leaving: [Int64]) {
        guard !old.isEmpty else { return (new, []) }
        let (oldSet, newSet) = (Set(old), Set(new))
        return (new.filter { !oldSet.contains($0) }, old.filter { !newSet.contains($0) })
    }

    private func stage(
        _ people: [Int64], in snapshot: Int64, current: Int64
    ) throws -> Int {
        // Who is a member already keeps the time they entered.
        let insert = try db.prepared(
            """
            INSERT INTO membership (snapshot, person, entered_at, copies)
            VALUES (?1, ?2, coalesce(
                (SELECT entered_at FROM membership WHERE snapshot = ?3 AND person = ?2), ?4), 1)
            ON CONFLICT DO NOTHING
            """)
        let count = try db.prepared(
            "UPDATE membership SET copies = copies + 1 WHERE snapshot = ? AND person = ?")
        var added = 0
        for person in people {
            if try insert.change(snapshot, person, current, now) > 0 {
                added += 1
            } else {
                try count.run(snapshot, person)
            }
        }
        return added
    }

    private func unstage(_ people: [Int64], from snapshot: Int64) throws -> Int {
        let delete = try db.prepared(
            "DELETE FROM membership WHERE snapshot = ? AND person = ? AND copies <= 1")
        let count = try db.prepared(
            "UPDATE membership SET copies = copies - 1 WHERE snapshot = ? AND person = ?")
        var removed = 0
        for person in people {
            if try delete.change(snapshot, person) > 0 {
                removed += 1
            } else {
                try count.run(snapshot, person)
            }
        }
        return removed
    }

    // MARK: Switching

    /// Points the audience at the session's snapshot, after the diffs that came meanwhile.
    func switchIn(_ stored: SessionRow, _ audience: inout AudienceRow) throws {
        guard let snapshot = stored.stagingSnapshot else {
            throw damage("a filling session has no snapshot")
        }
        try replayDiffs(of: stored.id, on: snapshot, current: audience.snapshot)
        try db.prepared("UPDATE snapshot SET state = 'retired', retired_at = ? WHERE id = ?")
            .run(now, audience.snapshot)
        try db.prepared("UPDATE snapshot SET state = 'current' WHERE id = ?").run(snapshot)
        let count = try db.prepared("SELECT member_count FROM snapshot WHERE id = ?")
            .first(snapshot) { row in row.count(0) }
        audience.snapshot = snapshot
        audience.memberCount = count ?? 0
    }
}

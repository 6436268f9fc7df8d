import Audiences
import GRDB

/// The replacement of an audience that is filling or held; there is at most one.
struct OpenReplacement {
    let session: Int64
    let snapshot: Int64
}

/// The snapshot that a replacement is staged in.
///
/// Who is a member now has their time there, and who will enter at the switch has none: so
/// `snapshot.staying`, which counts the former, is what a switch would keep at any moment.
extension SyncTransaction {
    /// Makes the session's snapshot; an older replacement is overtaken.
    func beginStaging(_ stored: inout SessionRow, of audience: inout AudienceRow) throws {
        try supersedeReplacement(of: &audience)
        stored.stagingSnapshot = try createSnapshot(
            of: audience.id, state: .staged, session: stored.id)
        try db.prepared("UPDATE sync_session SET keeps = 'lists' WHERE id = ?").run(stored.id)
    }

    func supersedeReplacement(of audience: inout AudienceRow) throws {
        guard let open = try openReplacement(of: audience.id) else { return }
        try db.abandonSession(open.session, as: .superseded)
        audience.heldSession = nil
    }

    func openReplacement(of audience: Int64) throws -> OpenReplacement? {
        try db.prepared(
            """
            SELECT id, staging_snapshot FROM sync_session
            WHERE audience = ? AND status IN ('filling', 'held')
            """
        ).first(audience) { row in
            OpenReplacement(session: row.integer(0), snapshot: row.integer(1))
        }
    }

    /// Puts a page into the session's snapshot, in place of an earlier copy of the page.
    ///
    /// A person may stand on several pages, so a membership counts its pages.
    func stage(
        _ people: [Int64], as number: Int, of stored: SessionRow, _ audience: AudienceRow
    ) throws {
        let before = try db.prepared(
            "SELECT people FROM staged_page WHERE session = ? AND number = ?"
        ).first(stored.id, number) { row in try row.decoded(0, by: PersonList.decode) }
        guard before != people else { return }
        let staged = StagedMembers(db: db, snapshot: try stored.snapshot)
        let (entering, leaving) = difference(from: before ?? [], to: people)
        try staged.add(entering, page: number, of: audience)
        try staged.remove(leaving, page: number)
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
}

import Audiences
import GRDB

/// A session with what the store keeps beside it.
struct SessionRow {
    let id: Int64
    var session: SyncSession
    /// The snapshot its pages go to; `nil` unless it stages.
    var stagingSnapshot: Int64?
}

/// The columns of a session, in the order ``SyncSession/init(_:at:)`` reads them.
let sessionColumns = """
    action, session_id, status, pages_total, pages_received, pages_repeated, pages_irregular, \
    members_received, notes, members_before, members_after, started_at, finished_at
    """

extension SyncSession {
    /// Reads ``sessionColumns`` from the column `first` on.
    init(_ row: SQLRow, at first: Int32) throws {
        self.init(
            action: try row.named(first), sessionID: try row.optionalExternalID(first + 1),
            status: try row.named(first + 2), membersBefore: row.count(first + 9),
            membersAfter: row.count(first + 10), startedAt: row.time(first + 11),
            finishedAt: row.optionalTime(first + 12))
        pagesTotal = row.optionalCount(first + 3)
        pagesReceived = row.count(first + 4)
        pagesRepeated = row.count(first + 5)
        pagesIrregular = row.count(first + 6)
        membersReceived = row.count(first + 7)
        if !row.isNull(first + 8) {
            notes = try row.decoded(first + 8, by: NoteList.decode)
        }
    }
}

extension PageTransaction {
    /// The session a page belongs to; `nil` if it begins one.
    func findSession(for page: SyncPage, of audience: AudienceRow) throws -> SessionRow? {
        // Without an id only the latest one can be meant: it has overtaken those before.
        let select = try db.prepared(
            """
            SELECT id, staging_snapshot, \(sessionColumns) FROM sync_session
            WHERE audience = ? AND action = ? AND session_id IS ? ORDER BY id DESC LIMIT 1
            """)
        let found = try select.first(audience.id, page.action.rawValue, page.sessionID) { row in
            SessionRow(
                id: row.integer(0), session: try SyncSession(row, at: 2),
                stagingSnapshot: row.optionalInteger(1))
        }
        guard let found, page.sessionID != nil || found.session.takesUnnamedPages(at: now) else {
            return nil
        }
        return found
    }

    func createSession(for page: SyncPage, of audience: AudienceRow) throws -> SessionRow {
        let session = SyncSession(of: page, audience: audience.state, at: now)
        try db.prepared(
            """
            INSERT INTO sync_session (audience, \(sessionColumns), keeps)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'tallies')
            """
        ).run(
            audience.id, session.action.rawValue, session.sessionID, session.status.rawValue,
            session.pagesTotal, session.pagesReceived, session.pagesRepeated,
            session.pagesIrregular, session.membersReceived, NoteList.encode(session.notes),
            session.membersBefore, session.membersAfter, session.startedAt, session.finishedAt)
        return SessionRow(id: db.lastInsertedRowID, session: session)
    }

    func saveSession(_ stored: SessionRow) throws {
        let session = stored.session
        try db.prepared(
            """
            UPDATE sync_session SET
                status = ?, pages_total = ?, pages_received = ?, pages_repeated = ?,
                pages_irregular = ?, members_received = ?, notes = ?, members_after = ?,
                finished_at = ?, staging_snapshot = ?
            WHERE id = ?
            """
        ).run(
            session.status.rawValue, session.pagesTotal, session.pagesReceived,
            session.pagesRepeated, session.pagesIrregular, session.membersReceived,
            NoteList.encode(session.notes), session.membersAfter, session.finishedAt,
            stored.stagingSnapshot, stored.id)
    }

    // MARK: Tallies

    func findTally(_ session: Int64, _ number: Int) throws -> PageTally? {
        try db.prepared("SELECT entries, notes FROM sync_page WHERE session = ? AND number = ?")
            .first(session, number) { row in
                PageTally(
                    entries: row.count(0),
                    notes: try row.isNull(1)
                        ? PageNotes() : row.decoded(1, by: NoteList.decode))
            }
    }

    func saveTally(_ tally: PageTally, _ session: Int64, _ number: Int) throws {
        try db.prepared(
            """
            INSERT INTO sync_page (session, number, entries, notes) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET entries = excluded.entries, notes = excluded.notes
            """
        ).run(session, number, tally.entries, NoteList.encode(tally.notes))
    }
}

extension Database {
    /// Gives a filling session up; its snapshot is removed later, in small steps.
    func abandonSession(_ session: Int64, as status: SyncSession.Status) throws {
        try prepared(
            """
            UPDATE snapshot SET state = 'discarded' WHERE id =
                (SELECT staging_snapshot FROM sync_session WHERE id = ?)
            """
        ).run(session)
        try prepared("UPDATE sync_session SET status = ? WHERE id = ?")
            .run(status.rawValue, session)
    }
}

import Audiences
import GRDB

/// A session with what the store keeps beside it.
struct SessionRow {
    let id: Int64
    var session: SyncSession
    /// The snapshot its pages go to; `nil` unless it stages.
    var stagingSnapshot: Int64?
    /// Since when it has been waiting for a decision; `nil` if it never had to.
    var heldAt: Timestamp?
}

/// The columns of a session, in the order ``SyncSession/init(_:at:)`` reads them.
private let sessionColumnNames = [
    "action", "session_id", "status", "pages_total", "pages_received", "pages_repeated",
    "pages_irregular", "members_received", "notes", "members_before", "members_after",
    "started_at", "finished_at", "entering", "leaving", "references_changed",
    "references_shared",
]

let sessionColumnCount = Int32(sessionColumnNames.count)

/// The columns of a session, of a table of that name.
func sessionColumns(of table: String = "sync_session") -> String {
    sessionColumnNames.map { "\(table).\($0)" }.joined(separator: ", ")
}

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
        if let entering = row.optionalCount(first + 13) {
            movement = Movement(entering: entering, leaving: row.count(first + 14))
        }
        references = ReferenceCounts(
            changed: row.count(first + 15), shared: row.count(first + 16))
    }
}

extension SyncTransaction {
    /// The session a page belongs to; `nil` if it begins one.
    func findSession(for page: SyncPage, of audience: AudienceRow) throws -> SessionRow? {
        // Without an id only the latest one can be meant: it has overtaken those before.
        let select = try db.prepared(
            """
            \(selectSessionRow)
            WHERE audience = ? AND action = ? AND session_id IS ? ORDER BY id DESC LIMIT 1
            """)
        let found = try select.first(audience.id, page.action.rawValue, page.sessionID) { row in
            try SessionRow(row)
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
            INSERT INTO sync_session (audience, action, session_id, status, pages_received,
                pages_repeated, pages_irregular, members_received, references_changed,
                references_shared, members_before, members_after, started_at, keeps)
            VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, ?, ?, ?, 'tallies')
            """
        ).run(
            audience.id, session.action.rawValue, session.sessionID, session.status.rawValue,
            session.membersBefore, session.membersAfter, session.startedAt)
        return SessionRow(id: db.lastInsertedRowID, session: session)
    }

    func saveSession(_ stored: SessionRow) throws {
        let session = stored.session
        try db.prepared(
            """
            UPDATE sync_session SET
                status = ?, pages_total = ?, pages_received = ?, pages_repeated = ?,
                pages_irregular = ?, members_received = ?, notes = ?, members_after = ?,
                finished_at = ?, entering = ?, leaving = ?, references_changed = ?,
                references_shared = ?, staging_snapshot = ?, held_at = ?
            WHERE id = ?
            """
        ).run(
            session.status.rawValue, session.pagesTotal, session.pagesReceived,
            session.pagesRepeated, session.pagesIrregular, session.membersReceived,
            NoteList.encode(session.notes), session.membersAfter, session.finishedAt,
            session.movement?.entering, session.movement?.leaving, session.references.changed,
            session.references.shared, stored.stagingSnapshot, stored.heldAt, stored.id)
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

/// What ``SessionRow/init(_:)`` reads.
let selectSessionRow = """
    SELECT id, staging_snapshot, held_at, \(sessionColumns()) FROM sync_session
    """

extension SessionRow {
    init(_ row: SQLRow) throws {
        self.init(
            id: row.integer(0), session: try SyncSession(row, at: 3),
            stagingSnapshot: row.optionalInteger(1), heldAt: row.optionalTime(2))
    }
}

extension Database {
    /// Gives a replacement up that is filling or held.
    ///
    /// Its snapshot is removed later, in small steps.
    func abandonSession(_ session: Int64, as status: SyncSession.Status) throws {
        try prepared(
            """
            UPDATE audience SET held_session = NULL WHERE held_session = ?1
                AND id = (SELECT audience FROM sync_session WHERE id = ?1)
            """
        ).run(session)
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

import Audiences
import GRDB

/// The work that no page should wait for, one bounded step of it at a time.
struct Housekeeping {
    /// How many memberships or counts one step removes: about a millisecond of work.
    static let stepRowsMax = 500

    /// How many lists of people one step removes; each is a kilobyte or two.
    static let stepListsMax = 100

    /// How many noted diffs one step removes; each may hold a thousand ids.
    static let stepDiffsMax = 10

    enum Chore: Hashable {
        /// A replacement whose pages never came.
        case expire(session: Int64)
        /// What was kept to stage a replacement that is staged no more.
        case forgetLists(session: Int64)
        /// The counts of pages that won't be repeated any more.
        case forgetTallies(session: Int64)
        /// A snapshot that nobody reads any more.
        case removeSnapshot(Int64)
    }

    let db: Database
    let now: Timestamp

    /// What is due; `nil` if nothing is.
    func next() throws -> Chore? {
        let expiry = now.earlier(by: Limits.sessionAgeMillisecondsMax)
        let retention = now.earlier(by: Limits.retentionMilliseconds)
        if let session = try first(
            "SELECT id FROM sync_session WHERE status = 'filling' AND started_at < ?", expiry)
        {
            return .expire(session: session)
        }
        // The last term, implied by the first, lets SQLite use the index of untidy sessions.
        if let session = try first(
            """
            SELECT id FROM sync_session
            WHERE keeps = 'lists' AND status <> 'filling' AND keeps <> 'nothing'
            """)
        {
            return .forgetLists(session: session)
        }
        if let session = try first(
            """
            SELECT id FROM sync_session
            WHERE keeps = 'tallies' AND started_at < ? AND keeps <> 'nothing'
            """, retention)
        {
            return .forgetTallies(session: session)
        }
        let snapshot =
            try first("SELECT id FROM snapshot WHERE state = 'discarded'")
            ?? first(
                "SELECT id FROM snapshot WHERE state = 'retired' AND retired_at < ?", retention)
        return snapshot.map { .removeSnapshot($0) }
    }

    private func first(_ sql: String) throws -> Int64? {
        try db.prepared(sql).first { row in row.integer(0) }
    }

    private func first(_ sql: String, _ time: Timestamp) throws -> Int64? {
        try db.prepared(sql).first(time) { row in row.integer(0) }
    }

    func step(_ chore: Chore) throws {
        switch chore {
        case .expire(let session): try db.abandonSession(session, as: .expired)
        case .forgetLists(let session): try forgetLists(of: session)
        case .forgetTallies(let session): try forgetTallies(of: session)
        case .removeSnapshot(let snapshot): try remove(snapshot)
        }
    }

    private func forgetLists(of session: Int64) throws {
        let lists = try db.prepared(
            """
            DELETE FROM staged_page WHERE id IN
                (SELECT id FROM staged_page WHERE session = ? LIMIT ?)
            """
        ).change(session, Self.stepListsMax)
        let diffs = try db.prepared(
            """
            DELETE FROM staged_diff WHERE id IN
                (SELECT id FROM staged_diff WHERE session = ? LIMIT ?)
            """
        ).change(session, Self.stepDiffsMax)
        guard lists < Self.stepListsMax, diffs < Self.stepDiffsMax else { return }
        try db.prepared("UPDATE sync_session SET keeps = 'tallies' WHERE id = ?").run(session)
    }

    private func forgetTallies(of session: Int64) throws {
        let tallies = try db.prepared(
            """
            DELETE FROM sync_page WHERE session = ?1 AND number IN
                (SELECT number FROM sync_page WHERE session = ?1 ORDER BY number LIMIT ?2)
            """
        ).change(session, Self.stepRowsMax)
        guard tallies < Self.stepRowsMax else { return }
        try db.prepared("UPDATE sync_session SET keeps = 'nothing' WHERE id = ?").run(session)
    }

    /// Removes some of a snapshot's memberships, and the snapshot with the last of them.
    ///
    /// From the first step on it is marked as discarded, so that no reader pages on in it.
    private func remove(_ snapshot: Int64) throws {
        let memberships = try db.prepared(
            """
            DELETE FROM membership WHERE snapshot = ?1 AND person IN
                (SELECT person FROM membership WHERE snapshot = ?1 ORDER BY person LIMIT ?2)
            """
        ).change(snapshot, Self.stepRowsMax)
        let statement =
            memberships < Self.stepRowsMax
            ? "DELETE FROM snapshot WHERE id = ?"
            : "UPDATE snapshot SET state = 'discarded' WHERE id = ?"
        try db.prepared(statement).run(snapshot)
    }
}

extension Timestamp {
    /// The moment `milliseconds` before, or the first one there is.
    fileprivate func earlier(by milliseconds: Int64) -> Timestamp {
        let (moment, overflow) = self.milliseconds.subtractingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? .min : moment)
    }
}

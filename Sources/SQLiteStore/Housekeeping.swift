import Audiences
import GRDB

/// The work that no page should wait for, one bounded step of it at a time.
struct Housekeeping {
    /// How many memberships, counts or changes one step removes: about a millisecond of work.
    static let stepRowsMax = 500

    /// How many lists of people one step removes; each is a kilobyte or two.
    static let stepListsMax = 100

    /// How many noted diffs one step removes; each may hold a thousand ids.
    static let stepDiffsMax = 10

    enum Chore: Hashable {
        /// Who entered and who left at a switch has to be told.
        case compare(Comparison)
        /// A replacement whose pages never came.
        case expire(session: Int64)
        /// A replacement nobody decided about.
        case expireHeld(session: Int64)
        /// What was kept to stage a replacement that is staged no more.
        case forgetLists(session: Int64)
        /// The counts of pages of a session that is about to leave the sync log, and its irregular
        /// pages if it never came to stage any.
        case forgetTallies(session: Int64)
        /// A snapshot that nobody reads any more.
        case removeSnapshot(Int64)
        /// The beginning of the change feed.
        case removeChanges(until: Timestamp)
        /// The beginning of the sync log.
        case removeSession(Int64)
        /// What a deleted connection has left.
        case delete(Deletion)
        /// Answers that are too old to be given again.
        case removeAnswers
        /// What a reconciliation read, as far as nobody needs it any more.
        case tidyReading(Int64)
        /// A reconciliation as old as the beginning of the sync log.
        case forgetReconciliation(Int64)
        /// A hook that was taken away.
        case removeHook(Int64)
        /// Deliveries that nobody will ask about any more.
        case removeOldDeliveries(until: Timestamp)
        /// Old invites of a closed study.
        case removeInvites(study: Int64, Timestamp)
        /// More finished deliveries of a hook than are kept.
        case removeSurplusDeliveries(hook: Int64, upTo: Int64)
    }

    let db: Database
    let hashing: Hashing
    let recent: RecentPeople
    let known: KnownAnswers
    let retention: Retention
    let now: Timestamp

    /// What is due; `nil` if nothing is.
    ///
    /// Nothing is removed while a comparison is pending, so each finds its snapshots.
    func next() throws -> Chore? {
        try db.nextComparison().map { .compare($0) } ?? overdue() ?? forgettable()
            ?? db.nextDeletion().map { .delete($0) } ?? removable()
    }

    private func overdue() throws -> Chore? {
        let expiry = now.earlier(by: Limits.sessionAgeMillisecondsMax)
        if let session = try first(Self.selectOverdue, expiry) {
            return .expire(session: session)
        }
        return try first(Self.selectOverdueHeld, now.earlier(by: retention.snapshotsMilliseconds))
            .map { .expireHeld(session: $0) }
    }

    private func forgettable() throws -> Chore? {
        if let session = try first(Self.selectListed) {
            return .forgetLists(session: session)
        }
        return try first(Self.selectTallied, now.earlier(by: retention.syncLogMilliseconds))
            .map { .forgetTallies(session: $0) }
    }

    private func removable() throws -> Chore? {
        let retired = now.earlier(by: retention.snapshotsMilliseconds)
        if let snapshot = try first(Self.selectDiscarded) ?? first(Self.selectRetired, retired) {
            return .removeSnapshot(snapshot)
        }
        let told = now.earlier(by: retention.changesMilliseconds)
        if try first(Self.selectOldChange, told) != nil {
            return .removeChanges(until: told)
        }
        let logged = now.earlier(by: retention.syncLogMilliseconds)
        if let session = try first(Self.selectOldSession, logged) { return .removeSession(session) }
        if let reading = try untidyReading() { return .tidyReading(reading) }
        if let row = try oldReconciliation(before: logged) { return .forgetReconciliation(row) }
        let sent = now.earlier(by: retention.hookLogMilliseconds)
        if let chore = try surplusDelivery(before: sent) { return chore }
        let closed = now.earlier(by: retention.invitesMilliseconds)
        if let study = try studyToTidy(before: closed) {
            return .removeInvites(study: study, closed)
        }
        return try first(Self.selectOldAnswer, now.earlier(by: Limits.keptAnswerMillisecondsMax))
            .map { _ in .removeAnswers }
    }

    private func first(_ sql: String) throws -> Int64? {
        try db.prepared(sql).first { row in row.integer(0) }
    }

    private func first(_ sql: String, _ time: Timestamp) throws -> Int64? {
        try db.prepared(sql).first(time) { row in row.integer(0) }
    }

    func step(_ chore: Chore) throws {
        switch chore {
        case .compare(let comparison): try comparison.step(in: db)
        case .expire(let session):
            known.touchEverything()
            try db.abandonSession(session, as: .expired)
        case .expireHeld(let session):
            known.touchEverything()
            try expireHeld(session)
        case .forgetLists(let session): try forgetLists(of: session)
        case .forgetTallies(let session): try forgetTallies(of: session)
        case .removeSnapshot(let snapshot): try db.removePart(ofSnapshot: snapshot)
        case .removeChanges(let limit): try removeChanges(until: limit)
        case .removeSession(let session):
            known.touch(session: session)
            try db.prepared("DELETE FROM sync_session WHERE id = ?").run(session)
        case .delete(let deletion): try deletion.step(in: db, hashing, recent)
        case .removeAnswers: try removeAnswers()
        case .tidyReading(let reading): try tidyReading(reading)
        case .forgetReconciliation(let row): try forget(reconciliation: row)
        case .removeHook(let hook): try remove(hook: hook)
        case .removeOldDeliveries(let limit): try removeDeliveries(until: limit)
        case .removeInvites(let study, let limit):
            try removeInvites(of: study, before: limit)
        case .removeSurplusDeliveries(let hook, let number):
            try removeSurplus(of: hook, upTo: number)
        }
    }

    private func expireHeld(_ session: Int64) throws {
        try db.prepared(
            """
            UPDATE audience SET reconcile_reason = ?
            WHERE id = (SELECT audience FROM sync_session WHERE id = ?)
            """
        ).run(ReconcileReason.replacementExpired.rawValue, session)
        try db.abandonSession(session, as: .expired)
    }

    private func forgetLists(of session: Int64) throws {
        let lists = try db.removeLists(of: session, atMost: Self.stepListsMax)
        let diffs = try db.removeDiffs(of: session, atMost: Self.stepDiffsMax)
        guard lists < Self.stepListsMax, diffs < Self.stepDiffsMax else { return }
        try db.prepared("UPDATE sync_session SET keeps = 'tallies' WHERE id = ?").run(session)
    }

    private func forgetTallies(of session: Int64) throws {
        let tallies = try db.removeTallies(of: session, atMost: Self.stepRowsMax)
        let diffs = try db.removeDiffs(of: session, atMost: Self.stepDiffsMax)
        guard tallies < Self.stepRowsMax, diffs < Self.stepDiffsMax else { return }
        try db.prepared("UPDATE sync_session SET keeps = 'nothing' WHERE id = ?").run(session)
    }

    private func removeAnswers() throws {
        try db.prepared(
            """
            DELETE FROM kept_answer WHERE key IN
                (SELECT key FROM kept_answer WHERE created_at < ? LIMIT ?)
            """
        ).run(now.earlier(by: Limits.keptAnswerMillisecondsMax), Self.stepListsMax)
    }

    /// Removes the oldest changes, but never the last one, whose number is the next one's base.
    private func removeChanges(until limit: Timestamp) throws {
        let last = try db.latestChange()
        let old = try db.prepared(Self.selectOldestChanges)
            .all(Self.stepRowsMax) { row in (sequence: row.integer(0), at: row.time(1)) }
            .prefix { $0.at < limit && $0.sequence < last }
        guard let end = old.last?.sequence, let horizon = old.map(\.at).max() else { return }
        try db.prepared("DELETE FROM change WHERE seq <= ?").run(end)
        let note = try db.prepared(
            """
            INSERT INTO meta (name, value) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET value = max(value, excluded.value)
            """)
        try note.run("changes_horizon", horizon)
        try note.run("changes_removed", end)
    }
}

/// Parts of what is removed, each bounded; they return how many rows went.
extension Database {
    /// Removes some of a snapshot's memberships, and the snapshot with the last of them.
    ///
    /// From the first step on it is marked as discarded, so that no reader pages on in it.
    func removePart(ofSnapshot snapshot: Int64) throws {
        let memberships = try prepared(
            """
            DELETE FROM membership WHERE snapshot = ?1 AND person IN
                (SELECT person FROM membership WHERE snapshot = ?1 ORDER BY person LIMIT ?2)
            """
        ).change(snapshot, Housekeeping.stepRowsMax)
        let statement =
            memberships < Housekeeping.stepRowsMax
            ? "DELETE FROM snapshot WHERE id = ?"
            : "UPDATE snapshot SET state = 'discarded' WHERE id = ?"
        try prepared(statement).run(snapshot)
    }

    func removeTallies(of session: Int64, atMost limit: Int) throws -> Int {
        try prepared(
            """
            DELETE FROM sync_page WHERE session = ?1 AND number IN
                (SELECT number FROM sync_page WHERE session = ?1 ORDER BY number LIMIT ?2)
            """
        ).change(session, limit)
    }

    func removeLists(of session: Int64, atMost limit: Int) throws -> Int {
        try prepared(
            """
            DELETE FROM staged_page WHERE id IN
                (SELECT id FROM staged_page WHERE session = ? LIMIT ?)
            """
        ).change(session, limit)
    }

    func removeDiffs(of session: Int64, atMost limit: Int) throws -> Int {
        try prepared(
            """
            DELETE FROM staged_diff WHERE id IN
                (SELECT id FROM staged_diff WHERE session = ? LIMIT ?)
            """
        ).change(session, limit)
    }
}

extension Housekeeping {
    static let selectOverdue = """
        SELECT id FROM sync_session
        WHERE status IN ('filling', 'held') AND status = 'filling' AND started_at < ?
        """

    static let selectOverdueHeld = """
        SELECT id FROM sync_session
        WHERE status IN ('filling', 'held') AND status = 'held' AND held_at < ?
        """

    // A term `keeps <> 'nothing'`, implied by another, lets SQLite use the index of untidy
    // sessions.

    static let selectListed = """
        SELECT id FROM sync_session
        WHERE keeps = 'lists' AND status NOT IN ('filling', 'held') AND keeps <> 'nothing'
        """

    static let selectTallied = """
        SELECT id FROM sync_session
        WHERE keeps = 'tallies' AND started_at < ? AND keeps <> 'nothing'
        """

    static let selectDiscarded = "SELECT id FROM snapshot WHERE state = 'discarded'"

    static let selectRetired = """
        SELECT id FROM snapshot WHERE state = 'retired' AND retired_at < ?
        """

    static let selectOldestChanges = "SELECT seq, at FROM change ORDER BY seq LIMIT ?"

    /// Unless it is the only one.
    static let selectOldChange = """
        SELECT seq FROM (SELECT seq, at FROM change ORDER BY seq LIMIT 1)
        WHERE at < ? AND seq < (SELECT max(seq) FROM change)
        """

    static let selectOldAnswer = "SELECT 1 FROM kept_answer WHERE created_at < ? LIMIT 1"

    /// An audience keeps its last one.
    static let selectOldSession = """
        SELECT id FROM sync_session
        WHERE keeps = 'nothing' AND started_at < ?
            AND id IS NOT
                (SELECT last_session FROM audience WHERE audience.id = sync_session.audience)
        """
}

extension Timestamp {
    /// The moment `milliseconds` before, or the first one there is.
    func earlier(by milliseconds: Int64) -> Timestamp {
        let (moment, overflow) = self.milliseconds.subtractingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? .min : moment)
    }
}

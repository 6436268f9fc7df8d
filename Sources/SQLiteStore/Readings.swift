package import Audiences
import GRDB

// What a reconciliation reads of Mixpanel's list, and what pages say meanwhile.

/// Where a reading stands in its life.
enum ReadingState: String {
    /// Whom pages name is noted.
    case open
    /// Compared and finished: its differences are kept, the rest is removed.
    case closing
    /// Its differences are kept.
    case kept
    /// To be removed.
    case discarded
}

extension SQLiteStore {
    package func keep(
        _ people: [MemberRecord], progress: Reconciliation.Progress,
        of id: ReconciliationID, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation {
        try await writer.write(members: people.count, touching: .noted) { [hashing, recent] db in
            var (stored, reading) = try db.reading(of: id, heldBy: worker)
            let connection = try db.connectionRow(ofAudience: stored.audience)
            let before = stored.reconciliation.progress.peopleRead
            let read = try Reading(
                db: db, hashing: hashing, recent: recent, id: reading, connection: connection
            ).keep(people)
            stored.reconciliation.progress = progress
            stored.reconciliation.progress.peopleRead = before + read
            try db.save(stored)
            try db.lease(stored.id, to: worker, until: leaseEnd)
            return stored.reconciliation
        }
    }

    package func restart(
        _ id: ReconciliationID, by worker: String, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> Reconciliation {
        try await writer.write(touching: .noted) { db in
            var stored = try db.reconciliation(id, heldBy: worker)
            try db.endReading(&stored)
            let restarts = stored.reconciliation.progress.restarts + 1
            stored.reconciliation.progress = Reconciliation.Progress(restarts: restarts)
            stored.stage = .reading
            try db.beginReading(&stored)
            try db.save(stored)
            try db.lease(stored.id, to: worker, until: leaseEnd)
            return stored.reconciliation
        }
    }
}

/// The rows of one reading.
struct Reading {
    let db: Database
    let hashing: Hashing
    let recent: RecentPeople
    let id: Int64
    /// The row of the connection whose people they are.
    let connection: Int64

    /// Keeps people, and returns how many were not there yet.
    ///
    /// Members by their number; the others by their name, for the store may not know them.
    func keep(_ people: [MemberRecord]) throws -> Int {
        let snapshot = try db.prepared("SELECT snapshot FROM reading WHERE id = ?")
            .first(id) { row in row.integer(0) }
        let keyed = people.map { (key: hashing.key(of: $0.distinctID), record: $0) }
            .sorted { $0.key < $1.key }
        let select = try PersonSelect(db, recent, of: connection)
        var count = 0
        for (key, record) in keyed {
            let person = try select.person(record.distinctID, hashing)
            if let person, try isAmongMembers(person) { continue }
            if try isMissing(key) { continue }
            count += 1
            if let person, let snapshot, try db.isMember(person, of: snapshot) {
                try db.prepared("INSERT INTO reading_member (reading, person) VALUES (?, ?)")
                    .run(id, person)
            } else {
                try db.prepared(
                    """
                    INSERT INTO reading_missing (reading, key, distinct_id, reference_id)
                    VALUES (?, ?, ?, ?)
                    """
                ).run(id, key, record.distinctID, record.reference.column)
            }
        }
        return count
    }

    private func isAmongMembers(_ person: Int64) throws -> Bool {
        try db.prepared("SELECT 1 FROM reading_member WHERE reading = ? AND person = ?")
            .first(id, person) { _ in true } ?? false
    }

    private func isMissing(_ key: Int64) throws -> Bool {
        try db.prepared("SELECT 1 FROM reading_missing WHERE reading = ? AND key = ?")
            .first(id, key) { _ in true } ?? false
    }

    /// Whether a page has named somebody since the reading began.
    func isNamed(_ key: Int64) throws -> Bool {
        try db.prepared("SELECT 1 FROM reading_named WHERE reading = ? AND key = ?")
            .first(id, key) { _ in true } ?? false
    }
}

extension SyncTransaction {
    /// Notes, for a reconciliation that reads meanwhile, whom a page names: what was read of them
    /// may be older than the page, also if the page changes nothing.
    func noteNamed(by page: SyncPage, _ change: Change, in audience: AudienceRow) throws {
        guard change.effect == .add || change.effect == .remove else { return }
        let reading = try db.prepared(SQLiteStore.selectOpenReading).first(audience.id) { row in
            row.integer(0)
        }
        guard let reading else { return }
        let insert = try db.prepared(
            "INSERT INTO reading_named (reading, key) VALUES (?, ?) ON CONFLICT DO NOTHING")
        for key in page.members.map({ hashing.key(of: $0.distinctID) }).sorted() {
            try insert.run(reading, key)
        }
        guard change.reconcile != nil else { return }
        try db.prepared("UPDATE reading SET doubted = 1 WHERE id = ?").run(reading)
    }
}

extension SQLiteStore {
    /// Takes an audience.
    static let selectOpenReading = "SELECT id FROM reading WHERE audience = ? AND state = 'open'"

    /// Takes a reading: whether its audience shows another snapshot than when it began, or a
    /// replacement has begun since.
    static let selectOvertaken = """
        SELECT 1 FROM reading CROSS JOIN audience ON audience.id = reading.audience
        WHERE reading.id = ?1 AND (current_snapshot <> reading.snapshot OR EXISTS
            (SELECT 1 FROM sync_session
                WHERE sync_session.audience = reading.audience
                    AND sync_session.id > reading.last_session
                    AND action = 'members' AND sync_session.status <> 'applied'))
        """
}

extension Database {
    func beginReading(_ stored: inout ReconciliationRow) throws {
        try prepared(
            """
            INSERT INTO reading (audience, snapshot, last_session, doubted, state)
            SELECT id, current_snapshot, (SELECT coalesce(max(id), 0) FROM sync_session), 0, 'open'
            FROM audience WHERE id = ?
            """
        ).run(stored.audience)
        stored.reading = lastInsertedRowID
    }

    /// Stops noting whom pages name; the differences are kept if they are complete.
    func endReading(_ stored: inout ReconciliationRow) throws {
        guard let reading = stored.reading else { return }
        let state = stored.stage.isCompared ? ReadingState.closing : .discarded
        try prepared("UPDATE reading SET state = ? WHERE id = ?").run(state.rawValue, reading)
        if state == .discarded { stored.reading = nil }
    }

    func isOvertaken(_ reading: Int64) throws -> Bool {
        try prepared(SQLiteStore.selectOvertaken).first(reading) { _ in true } ?? false
    }

    /// A reconciliation that a worker holds, with its reading.
    ///
    /// Throws `conflict` if the worker does not hold it, `gone` if what was read says nothing
    /// any more.
    func reading(
        of id: ReconciliationID, heldBy worker: String
    ) throws -> (ReconciliationRow, Int64) {
        let stored = try reconciliation(id, heldBy: worker)
        guard let reading = stored.reading else { throw damage("a reading is missing") }
        guard try !isOvertaken(reading) else {
            throw Failure(
                .gone,
                "Mixpanel sent the whole cohort while it was being compared, or an older "
                    + "membership was put back: reconcile again if you still doubt it.")
        }
        return (stored, reading)
    }

    func connectionRow(ofAudience audience: Int64) throws -> Int64 {
        let row = try prepared("SELECT connection FROM audience WHERE id = ?")
            .first(audience) { row in row.integer(0) }
        guard let row else { throw damage("an audience is missing") }
        return row
    }
}

extension Hashing {
    /// A distinct id in the tables of a reading.
    func key(of distinctID: ExternalID) -> Int64 {
        people.hash(distinctID.text) & .max
    }
}

extension ReferenceUpdate {
    /// NULL for absent, '' for cleared, which is no id.
    fileprivate var column: String? {
        switch self {
        case .absent: nil
        case .cleared: ""
        case .set(let id): id.text
        }
    }
}

extension SQLRow {
    func referenceUpdate(_ column: Int32) throws -> ReferenceUpdate {
        if isNull(column) { return .absent }
        return text(column).isEmpty ? .cleared : .set(try externalID(column))
    }
}

package import Audiences
import GRDB

extension SQLiteStore {
    /// How many people of the list one step counts.
    static let countedPeopleMax = 500

    package func compare(
        _ id: ReconciliationID, notExported: Int?, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation.Differences? {
        try await writer.write(touching: .noted) { [hashing, recent] db in
            var (stored, row) = try db.reading(of: id, heldBy: worker)
            let reading = Reading(
                db: db, hashing: hashing, recent: recent, id: row,
                connection: try db.connectionRow(ofAudience: stored.audience))
            switch stored.stage {
            case .reading:
                stored.stage = .missing
                stored.cursor = -1
                stored.counted = .none
            case .missing: try reading.countMissing(&stored)
            case .extra: try reading.findExtra(&stored)
            case .adding, .removing, .done: return stored.counted
            }
            stored.counted.notExported = notExported
            if stored.stage == .adding { stored.reconciliation.result = stored.counted }
            try db.save(stored)
            try db.lease(stored.id, to: worker, until: leaseEnd)
            return stored.stage == .adding ? stored.counted : nil
        }
    }
}

extension Reconciliation.Differences {
    fileprivate static let none = Self(
        missing: 0, extra: 0, notExported: nil, changedMeanwhile: 0, matching: 0)
}

extension Reading {
    /// Counts some of those who were no members when they were read, and takes out those whom a
    /// page has named since.
    fileprivate func countMissing(_ stored: inout ReconciliationRow) throws {
        let keys = try db.prepared(SQLiteStore.selectMissingKeys)
            .all(id, stored.cursor, SQLiteStore.countedPeopleMax) { row in row.integer(0) }
        for key in keys {
            guard try isNamed(key) else {
                stored.counted.missing += 1
                continue
            }
            // Who has entered meanwhile is counted among the members.
            if try !isMember(key) { stored.counted.changedMeanwhile += 1 }
            try db.prepared("DELETE FROM reading_missing WHERE reading = ? AND key = ?")
                .run(id, key)
        }
        if let last = keys.last { stored.cursor = last }
        guard keys.count < SQLiteStore.countedPeopleMax else { return }
        stored.stage = .extra
        stored.cursor = 0
    }

    /// Whether somebody who was no member when they were read is one now.
    private func isMember(_ key: Int64) throws -> Bool {
        let name = try db.prepared(SQLiteStore.selectMissingName)
            .first(id, key) { row in try row.externalID(0) }
        let select = try PersonSelect(db, recent, of: connection)
        guard let name, let person = try select.person(name, hashing) else { return false }
        return try db.prepared(
            """
            SELECT 1 FROM reading CROSS JOIN membership
                ON membership.snapshot = reading.snapshot AND membership.person = ?2
            WHERE reading.id = ?1
            """
        ).first(id, person) { _ in true } ?? false
    }

    /// Walks members and those of the list who were members side by side.
    ///
    /// The steps are those of ``Comparison``.
    fileprivate func findExtra(_ stored: inout ReconciliationRow) throws {
        let limit = Comparison.stepMembersMax
        let members = try db.prepared(SQLiteStore.selectMembersOfReading)
            .all(id, stored.cursor, limit) { row in row.integer(0) }
        let listed = try db.prepared(SQLiteStore.selectListedMembers)
            .all(id, stored.cursor, limit) { row in row.integer(0) }
        let walk = Walk(
            old: listed, new: members, limit: limit, changesMax: Comparison.stepChangesMax)
        let place = walk.place ?? .max
        var unlisted = 0
        for (person, kind) in walk.changes {
            guard let name = try distinctID(of: person) else { continue }
            if kind == .left {
                // They were members when they were read.
                stored.counted.changedMeanwhile += 1
                continue
            }
            unlisted += 1
            if try isNamed(hashing.key(of: name)) {
                stored.counted.changedMeanwhile += 1
            } else {
                stored.counted.extra += 1
                try db.prepared("INSERT INTO reading_extra (reading, person) VALUES (?, ?)")
                    .run(id, person)
            }
        }
        stored.counted.matching += members.count { $0 <= place } - unlisted
        stored.cursor = place
        guard walk.place == nil else { return }
        stored.stage = .adding
        stored.cursor = -1
    }

    /// `nil` for somebody who has been erased.
    func distinctID(of person: Int64) throws -> ExternalID? {
        try db.prepared("SELECT distinct_id FROM person WHERE id = ? AND connection = ?")
            .first(person, connection) { row in try row.externalID(0) }
    }
}

extension SQLiteStore {
    /// Takes a reading, a key to go on after, and a limit.
    static let selectMissingKeys = """
        SELECT key FROM reading_missing WHERE reading = ? AND key > ? ORDER BY key LIMIT ?
        """

    /// Takes a reading and a key.
    static let selectMissingName = """
        SELECT distinct_id FROM reading_missing WHERE reading = ? AND key = ?
        """

    /// Takes a reading, a person to go on after, and a limit.
    static let selectMembersOfReading = """
        SELECT person FROM reading CROSS JOIN membership
            ON membership.snapshot = reading.snapshot
        WHERE reading.id = ? AND person > ? ORDER BY person LIMIT ?
        """

    /// As ``selectMembersOfReading``, those who were on the list.
    static let selectListedMembers = """
        SELECT person FROM reading_member WHERE reading = ? AND person > ? ORDER BY person LIMIT ?
        """
}

import Audiences
import GRDB

/// A person as a page finds and leaves them.
private struct PersonRow {
    /// `nil` until the person is stored.
    var id: Int64?
    let hash: Int64
    var person: Person
    var referenceBefore: ExternalID?
    var isChanged = false
}

extension SyncTransaction {
    /// The people of a page, after they took over what it says about them.
    ///
    /// Rows that don't change are not written. New people come to the indexes later
    /// (``RecentPeople``).
    ///
    /// - Parameters:
    ///   - members: in the page's order; a person may occur more than once.
    ///   - stored: the session of the page, which counts what becomes of reference ids.
    ///   - creatingMissing: whether people nobody knows are stored; else they are left out.
    /// - Returns: their row ids, ascending, each once.
    /// - Throws: what SQLite reports.
    func people(
        of members: MemberList, for stored: inout SessionRow, creatingMissing: Bool
    ) throws -> [Int64] {
        var (rows, slots) = distinctPeople(of: members)
        try load(&rows)
        for (record, slot) in zip(members, slots) {
            let isChanged = rows[slot].person.update(from: record)
            rows[slot].isChanged = rows[slot].isChanged || isChanged
        }
        let known = rows.map { $0.id != nil }
        if creatingMissing { try create(&rows) }
        let index = try ReferenceIndex(self)
        touch(rows, index)
        for (row, isKnown) in zip(rows, known) {
            stored.session.references.add(
                try isKnown ? update(row, index) : addToIndex(row, index))
        }
        return rows.compactMap(\.id).sorted()
    }

    /// The row of a person by their distinct id; `nil` if nobody has it.
    func person(_ distinctID: ExternalID) throws -> Int64? {
        try PersonSelect(db, recent, of: connection).person(distinctID, hashing)
    }

    /// One row for each distinct id, and which of them each member is.
    private func distinctPeople(of members: MemberList) -> ([PersonRow], [Int]) {
        var rows: [PersonRow] = []
        var slotByID: [ExternalID: Int] = [:]
        rows.reserveCapacity(members.count)
        slotByID.reserveCapacity(members.count)
        let slots = members.map { member in
            if let slot = slotByID[member.distinctID] { return slot }
            slotByID[member.distinctID] = rows.count
            rows.append(
                PersonRow(
                    hash: hashing.people.hash(member.distinctID.text),
                    person: Person(distinctID: member.distinctID)))
            return rows.count - 1
        }
        return (rows, slots)
    }

    /// How often a page's people may stand elsewhere than after the one before, until that is
    /// not expected any more.
    private static let strayPeopleMax = 16

    /// Finds who is known.
    ///
    /// People who came together have numbers in a row, and mostly come together again: so everybody
    /// is expected after the one before, and only who is not there is looked up. On a page of
    /// strangers all are looked up, in the order of the index.
    private func load(_ rows: inout [PersonRow]) throws {
        let select = try PersonSelect(db, recent, of: connection)
        var strays = 0
        var expected: Int64?
        for slot in rows.indices {
            guard strays < Self.strayPeopleMax else {
                let others = (slot..<rows.count).sorted { rows[$0].hash < rows[$1].hash }
                for slot in others { _ = try find(&rows[slot], select) }
                return
            }
            if let person = expected, try find(&rows[slot], select, expected: person) {
                expected = person + 1
            } else {
                strays += 1
                expected = try find(&rows[slot], select) ? rows[slot].id.map { $0 + 1 } : expected
            }
        }
    }

    /// Whoever is on a page may have another answer: by the distinct id, and by the reference ids
    /// before and after.
    private func touch(_ rows: [PersonRow], _ index: ReferenceIndex) {
        var hashes: [Int64] = []
        hashes.reserveCapacity(2 * rows.count)
        for row in rows {
            hashes.append(row.hash)
            if let reference = row.person.referenceID { hashes.append(index.hash(reference)) }
            if let before = row.referenceBefore, before != row.person.referenceID {
                hashes.append(index.hash(before))
            }
        }
        known.touch(people: hashes)
    }

    /// Looks somebody up, or whether they are who is expected; false if not.
    private func find(
        _ row: inout PersonRow, _ select: PersonSelect, expected: Int64? = nil
    ) throws -> Bool {
        let read = { (row: SQLRow) in
            (
                id: row.integer(0), reference: try row.optionalExternalID(1),
                traits: try row.isNull(2) ? [] : row.decoded(2, by: TraitList.decode)
            )
        }
        let found =
            if let expected {
                try select.stored(expected, row.person.distinctID, read: read)
            } else {
                try select.first(row.person.distinctID, row.hash, read: read)
            }
        guard let found else { return false }
        row.id = found.id
        row.person.referenceID = found.reference
        row.referenceBefore = found.reference
        row.person.traits = found.traits
        return true
    }

    /// Stores new people, in the page's order so that their ids ascend with it.
    private func create(_ rows: inout [PersonRow]) throws {
        let insert = try db.prepared(
            """
            INSERT INTO person (connection, distinct_id, reference_id, traits)
            VALUES (?, ?, ?, ?)
            """)
        for slot in rows.indices where rows[slot].id == nil {
            let person = rows[slot].person
            try insert.run(
                connection, person.distinctID, person.referenceID,
                TraitList.encode(person.traits))
            rows[slot].id = db.lastInsertedRowID
        }
    }

    /// Makes somebody findable who was just stored.
    private func addToIndex(_ row: PersonRow, _ index: ReferenceIndex) throws -> ReferenceCounts {
        guard let id = row.id else { return ReferenceCounts() }
        var counts = ReferenceCounts()
        var hash: Int64?
        if let reference = row.person.referenceID {
            let referenceHash = index.hash(reference)
            counts.shared = try index.isInUse(reference, referenceHash) ? 1 : 0
            hash = referenceHash
        }
        try recent.add(id, distinct: row.hash, reference: hash, in: db)
        return counts
    }

    /// Stores what the page changed about somebody.
    private func update(_ row: PersonRow, _ index: ReferenceIndex) throws -> ReferenceCounts {
        guard let id = row.id, row.isChanged else { return ReferenceCounts() }
        try db.prepared("UPDATE person SET reference_id = ?, traits = ? WHERE id = ?")
            .run(row.person.referenceID, TraitList.encode(row.person.traits), id)
        return try index.move(id, from: row.referenceBefore, to: row.person.referenceID)
    }
}

/// Finds one person of a connection by their distinct id.
struct PersonSelect {
    private let recent: RecentPeople
    private let connection: Int64
    private let indexed: Prepared
    private let byNumber: Prepared

    /// `recent`: of the store whose writer `db` is.
    init(_ db: Database, _ recent: RecentPeople, of connection: Int64) throws {
        self.recent = recent
        self.connection = connection
        let columns = "person.id, person.reference_id, person.traits"
        // The candidates of a hash, each verified.
        indexed = try db.prepared(
            """
            SELECT \(columns)
            FROM person_by_distinct AS candidate
            CROSS JOIN person ON person.id = candidate.person
            WHERE candidate.hash = ? AND person.connection = ? AND person.distinct_id = ?
            """)
        byNumber = try db.prepared(
            """
            SELECT \(columns) FROM person WHERE id = ? AND connection = ? AND distinct_id = ?
            """)
    }

    /// The row of a person; `nil` if nobody has the id.
    func person(_ id: ExternalID, _ hashing: Hashing) throws -> Int64? {
        try first(id, hashing.people.hash(id.text)) { row in row.integer(0) }
    }

    fileprivate func first<Result>(
        _ id: ExternalID, _ hash: Int64, read: (SQLRow) throws -> Result
    ) throws -> Result? {
        var found: Result?
        _ = try recent.first(.distinct, hash) { candidate in
            found = try stored(candidate, id, read: read)
            return found != nil
        }
        return try found ?? indexed.first(hash, connection, id, read: read)
    }

    /// The person of that number, if they are meant.
    fileprivate func stored<Result>(
        _ person: Int64, _ id: ExternalID, read: (SQLRow) throws -> Result
    ) throws -> Result? {
        try byNumber.first(person, connection, id, read: read)
    }
}

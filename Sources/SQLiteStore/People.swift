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
    /// Rows that don't change are not written. The index is keyed by a hash, so its pages are
    /// visited in the hash's order.
    ///
    /// - Parameters:
    ///   - members: in the page's order; a person may occur more than once.
    ///   - stored: the session of the page, which counts what becomes of reference ids.
    ///   - creatingMissing: whether people nobody knows are stored; else they are left out.
    /// - Returns: their row ids, ascending, each once.
    /// - Throws: what SQLite reports.
    func people(
        of members: [MemberRecord], for stored: inout SessionRow, creatingMissing: Bool
    ) throws -> [Int64] {
        var (rows, slots) = distinctPeople(of: members)
        let byHash = rows.indices.sorted { rows[$0].hash < rows[$1].hash }
        try load(&rows, in: byHash)
        for (record, slot) in zip(members, slots) {
            let isChanged = rows[slot].person.update(from: record)
            rows[slot].isChanged = rows[slot].isChanged || isChanged
        }
        if creatingMissing {
            try create(&rows, indexing: byHash)
        }
        for row in rows {
            stored.session.references.add(try update(row))
        }
        return rows.compactMap(\.id).sorted()
    }

    /// The row of a person by their distinct id; `nil` if nobody has it.
    func person(_ distinctID: ExternalID) throws -> Int64? {
        try db.person(distinctID, of: connection, by: hashing)
    }

    /// One row for each distinct id, and which of them each member is.
    private func distinctPeople(of members: [MemberRecord]) -> ([PersonRow], [Int]) {
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

    private func load(_ rows: inout [PersonRow], in order: [Int]) throws {
        let select = try personByDistinct()
        for slot in order {
            let hash = rows[slot].hash
            let found = try select.first(hash, connection, rows[slot].person.distinctID) { row in
                (
                    id: row.integer(0), reference: try row.optionalExternalID(1),
                    traits: try row.isNull(2) ? [] : row.decoded(2, by: TraitList.decode)
                )
            }
            guard let found else { continue }
            rows[slot].id = found.id
            rows[slot].person.referenceID = found.reference
            rows[slot].referenceBefore = found.reference
            rows[slot].person.traits = found.traits
        }
    }

    /// Stores new people, in the page's order so that their ids ascend with it.
    private func create(_ rows: inout [PersonRow], indexing order: [Int]) throws {
        let insert = try db.prepared(
            """
            INSERT INTO person (connection, distinct_id, reference_id, traits)
            VALUES (?, ?, ?, ?)
            """)
        let index = try db.prepared(
            "INSERT INTO person_by_distinct (hash, person) VALUES (?, ?)")
        var isNew = [Bool](repeating: false, count: rows.count)
        for slot in rows.indices where rows[slot].id == nil {
            let person = rows[slot].person
            try insert.run(
                connection, person.distinctID, person.referenceID,
                TraitList.encode(person.traits))
            rows[slot].id = db.lastInsertedRowID
            rows[slot].isChanged = false
            isNew[slot] = true
        }
        for slot in order where isNew[slot] {
            if let id = rows[slot].id { try index.run(rows[slot].hash, id) }
        }
    }

    /// Stores what the page changed about somebody; new people lack only their reference id's
    /// entry in the index.
    private func update(_ row: PersonRow) throws -> ReferenceCounts {
        guard let id = row.id else { return ReferenceCounts() }
        if row.isChanged {
            try db.prepared("UPDATE person SET reference_id = ?, traits = ? WHERE id = ?")
                .run(row.person.referenceID, TraitList.encode(row.person.traits), id)
        }
        return try moveReference(of: id, from: row.referenceBefore, to: row.person.referenceID)
    }

    /// By hash, connection and distinct id: the candidates of the hash, each verified.
    private func personByDistinct() throws -> Prepared {
        try db.prepared(selectPersonByDistinct)
    }
}

private let selectPersonByDistinct = """
    SELECT person.id, person.reference_id, person.traits
    FROM person_by_distinct AS candidate
    CROSS JOIN person ON person.id = candidate.person
    WHERE candidate.hash = ? AND person.connection = ? AND person.distinct_id = ?
    """

extension Database {
    /// The row of a connection's person by their distinct id; `nil` if nobody has it.
    func person(
        _ distinctID: ExternalID, of connection: Int64, by hashing: Hashing
    ) throws -> Int64? {
        try prepared(selectPersonByDistinct).first(
            hashing.people.hash(distinctID.text), connection, distinctID
        ) { row in row.integer(0) }
    }
}

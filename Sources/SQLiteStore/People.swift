import Audiences
import GRDB

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
        try members.withIDs { ids in
            var page = try PagePeople(of: members, ids, in: self)
            try page.load()
            page.takeTraits()
            let known = page.rows.map { $0.id != nil }
            if creatingMissing { try page.create() }
            page.touch()
            for (row, isKnown) in zip(page.rows, known) {
                stored.session.references.add(
                    try isKnown ? page.update(row) : page.addToIndex(row))
            }
            return page.rows.compactMap(\.id).sorted()
        }
    }

    /// The row of a person by their distinct id; `nil` if nobody has it.
    func person(_ distinctID: ExternalID) throws -> Int64? {
        try PersonSelect(db, recent, of: connection).person(distinctID, hashing)
    }
}

/// A person as a page finds and leaves them.
private struct PersonRow {
    /// Who of the page's members has their distinct id.
    let member: Int
    /// Of the distinct id.
    let hash: Int64
    /// Who of the page's members has the last word about their reference id.
    var speaker: Int
    /// Whether the page says something about their traits.
    var hasTraits = false

    /// `nil` until the person is stored.
    var id: Int64?
    /// Of the reference id they have after the page.
    var referenceHash: Int64?
    /// Before the page, if it changes that.
    var referenceBefore: ExternalID?
    var isReferenceChanged = false
    /// As far as ``hasTraits``.
    var traits: [Trait] = []
    var areTraitsChanged = false
}

/// The people of a page on their way into the store.
///
/// The ids stay where the page has them, from the hash to the statement: a text for each took
/// longer than all that is done with it. Never outlives the page's loan of them.
private struct PagePeople {
    private let members: MemberList
    private let ids: MemberList.IDs
    private let transaction: SyncTransaction
    private let index: ReferenceIndex
    private(set) var rows: [PersonRow] = []
    /// Who of ``rows`` each member is.
    private var slots: [Int] = []

    /// Finds out who is meant: one row for each distinct id, in the page's order.
    init(
        of members: MemberList, _ ids: MemberList.IDs, in transaction: SyncTransaction
    ) throws {
        self.members = members
        self.ids = ids
        self.transaction = transaction
        index = try ReferenceIndex(transaction)
        var table = KeyTable(capacity: members.count)
        rows.reserveCapacity(members.count)
        slots.reserveCapacity(members.count)
        for member in members.indices {
            let id = ids.distinctID(member)
            let hash = transaction.hashing.people.signedHash(id)
            let slot = slot(of: id, hash, in: table) ?? rows.count
            if slot == rows.count {
                rows.append(PersonRow(member: member, hash: hash, speaker: member))
                table.append(hash)
            }
            switch ids.reference(member) {
            case .absent: break
            case .cleared, .set: rows[slot].speaker = member
            }
            if !members.traits(of: member).isEmpty { rows[slot].hasTraits = true }
            slots.append(slot)
        }
    }

    private func slot(
        of id: UnsafeRawBufferPointer, _ hash: Int64, in table: KeyTable
    ) -> Int? {
        var slot = table.newest(hash)
        while let some = slot, !ids.distinctID(rows[some].member).hasSameBytes(as: id) {
            slot = table.older(than: some)
        }
        return slot
    }

    // MARK: Finding

    /// How often a page's people may stand elsewhere than after the one before, until that is
    /// not expected any more.
    private static let strayPeopleMax = 16

    /// Finds who is known.
    ///
    /// People who came together have numbers in a row, and mostly come together again: so after
    /// somebody who was found the rows are read on, for as long as they are the page's people. On
    /// a page of strangers all are looked up, in the order of the index.
    mutating func load() throws {
        let select = try PersonSelect(
            transaction.db, transaction.recent, of: transaction.connection)
        var slot = 0
        var last: Int64?
        for _ in 0..<Self.strayPeopleMax {
            guard slot < rows.count else { return }
            try find(slot, select)
            last = rows[slot].id ?? last
            slot += 1
            guard let person = last else { continue }
            slot = try loadRow(from: slot, after: person, select)
            last = rows[slot - 1].id ?? last
        }
        for slot in (slot..<rows.count).sorted(by: { rows[$0].hash < rows[$1].hash }) {
            try find(slot, select)
        }
    }

    /// Returns who is not in the row.
    private mutating func loadRow(
        from first: Int, after person: Int64, _ select: PersonSelect
    ) throws -> Int {
        var slot = first
        guard slot < rows.count else { return slot }
        try select.inARow(after: person) { stored, isPerson in
            guard slot < rows.count, isPerson(ids.distinctID(rows[slot].member)) else {
                return false
            }
            try take(stored, slot)
            slot += 1
            return slot < rows.count
        }
        return slot
    }

    /// Returns whether somebody has the distinct id.
    @discardableResult
    private mutating func find(_ slot: Int, _ select: PersonSelect) throws -> Bool {
        let row = rows[slot]
        return try select.first(ids.distinctID(row.member), row.hash) { stored in
            try take(stored, slot)
            return true
        } ?? false
    }

    /// Compares somebody with what the page says.
    private mutating func take(_ stored: SQLRow, _ slot: Int) throws {
        rows[slot].id = stored.integer(PersonSelect.id)
        let reference = ids.reference(rows[slot].speaker)
        let isChanged =
            switch reference {
            case .absent: false
            case .cleared: !stored.isNull(PersonSelect.referenceID)
            case .set(let id): !stored.isText(PersonSelect.referenceID, id)
            }
        if isChanged {
            rows[slot].isReferenceChanged = true
            rows[slot].referenceBefore = try stored.optionalExternalID(PersonSelect.referenceID)
        }
        switch reference {
        case .absent:
            rows[slot].referenceHash = stored.withText(PersonSelect.referenceID, index.hash)
        case .cleared: break
        case .set(let id): rows[slot].referenceHash = index.hash(id)
        }
        if rows[slot].hasTraits, !stored.isNull(PersonSelect.traits) {
            rows[slot].traits = try stored.decoded(PersonSelect.traits, by: TraitList.decode)
        }
    }

    mutating func takeTraits() {
        for (member, slot) in slots.enumerated() where rows[slot].hasTraits {
            if rows[slot].traits.take(members.traits(of: member)) {
                rows[slot].areTraitsChanged = true
            }
        }
    }

    // MARK: Writing

    /// Stores new people, in the page's order so that their ids ascend with it.
    mutating func create() throws {
        let db = transaction.db
        let insert = try db.prepared(
            """
            INSERT INTO person (connection, distinct_id, reference_id, traits)
            VALUES (?, ?, ?, ?)
            """)
        for slot in rows.indices where rows[slot].id == nil {
            let row = rows[slot]
            let reference = reference(of: row)
            rows[slot].referenceHash = reference.map(index.hash)
            try insert.run(
                transaction.connection, LentText(ids.distinctID(row.member)),
                reference.map { LentText($0) }, TraitList.encode(row.traits))
            rows[slot].id = db.lastInsertedRowID
        }
    }

    /// What the page gives them.
    private func reference(of row: PersonRow) -> UnsafeRawBufferPointer? {
        if case .set(let id) = ids.reference(row.speaker) { id } else { nil }
    }

    /// Whoever is on a page may have another answer: by the distinct id, and by the reference ids
    /// before and after.
    func touch() {
        var hashes: [Int64] = []
        hashes.reserveCapacity(2 * rows.count)
        for row in rows {
            hashes.append(row.hash)
            if let hash = row.referenceHash { hashes.append(hash) }
            if let before = row.referenceBefore { hashes.append(before.withBytes(index.hash)) }
        }
        transaction.known.touch(people: hashes)
    }

    /// Makes somebody findable who was just stored.
    func addToIndex(_ row: PersonRow) throws -> ReferenceCounts {
        guard let id = row.id else { return ReferenceCounts() }
        var counts = ReferenceCounts()
        if let hash = row.referenceHash, let reference = reference(of: row) {
            counts.shared = try index.isInUse(reference, hash) ? 1 : 0
        }
        try transaction.recent.add(
            id, distinct: row.hash, reference: row.referenceHash, in: transaction.db)
        return counts
    }

    /// Stores what the page changed about somebody.
    func update(_ row: PersonRow) throws -> ReferenceCounts {
        guard let id = row.id else { return ReferenceCounts() }
        if row.areTraitsChanged {
            try transaction.db.prepared("UPDATE person SET traits = ? WHERE id = ?")
                .run(TraitList.encode(row.traits), id)
        }
        guard row.isReferenceChanged else { return ReferenceCounts() }
        let reference = reference(of: row)
        try transaction.db.prepared("UPDATE person SET reference_id = ? WHERE id = ?")
            .run(reference.map { LentText($0) }, id)
        return try index.move(id, from: row.referenceBefore, to: reference, row.referenceHash)
    }
}

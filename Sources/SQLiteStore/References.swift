package import Audiences
import GRDB

/// Who has which reference id, as pages change it.
struct ReferenceIndex {
    private let hashing: Hashing
    private let recent: RecentPeople
    private let connection: Int64
    private let insert: Prepared
    private let delete: Prepared
    private let select: Prepared
    private let selectRecent: Prepared

    init(_ transaction: SyncTransaction) throws {
        hashing = transaction.hashing
        recent = transaction.recent
        connection = transaction.connection
        let db = transaction.db
        insert = try db.prepared(KeyKind.reference.insert)
        delete = try db.prepared(
            "DELETE FROM person_by_reference WHERE hash = ? AND person = ?")
        select = try db.prepared(Self.selectSharer)
        selectRecent = try db.prepared(
            "SELECT 1 FROM person WHERE id = ? AND connection = ? AND reference_id = ?")
    }

    func hash(_ id: UnsafeRawBufferPointer) -> Int64 { hashing.people.signedHash(id) }

    /// Gives somebody another entry, and counts what that means.
    ///
    /// Whoever comes first with an id shares it with nobody, the others with them.
    ///
    /// - Parameters:
    ///   - person: whose reference id became another one.
    ///   - old: the one before.
    ///   - new: the one after.
    ///   - hash: of the one after.
    /// - Returns: what became of one reference id.
    /// - Throws: what SQLite reports.
    func move(
        _ person: Int64, from old: ExternalID?, to new: UnsafeRawBufferPointer?, _ hash: Int64?
    ) throws -> ReferenceCounts {
        var counts = ReferenceCounts()
        if let old {
            try delete.run(old.withBytes(self.hash), person)
            recent.forget(.reference, of: person)
        }
        if let new, let hash {
            counts.shared = try isInUse(new, hash) ? 1 : 0
            counts.changed = old == nil ? 0 : 1
            recent.indexed.add(CollectionOfOne(hash))
            try insert.run(hash, person)
        }
        return counts
    }

    /// Whether somebody who is in the index has a reference id.
    func isInUse(_ reference: UnsafeRawBufferPointer, _ hash: Int64) throws -> Bool {
        let reference = LentText(reference)
        let sharer = try recent.first(.reference, hash) { candidate in
            try selectRecent.first(candidate, connection, reference) { _ in true } ?? false
        }
        guard sharer == nil else { return true }
        guard recent.indexed.mayHave(hash) else { return false }
        return try select.first(hash, connection, reference) { _ in true } ?? false
    }

    /// Takes the hash of a reference id, a connection and the id.
    private static let selectSharer = """
        SELECT 1 FROM person_by_reference AS candidate
        CROSS JOIN person ON person.id = candidate.person
        WHERE candidate.hash = ? AND person.connection = ? AND person.reference_id = ?
        """
}

extension SQLiteStore {
    /// How many members one call looks at, a look-up each.
    static let sharedReferenceStepMembersMax = 2000

    package func sharedReferences(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<SharedReference> {
        try range.validate()
        let place: Place? =
            if let after = range.after { try Place(after, in: .sharedReferences) } else { nil }
        return try await readPeople { db, index in
            let audience = try db.audienceRow(id)
            let snapshot = try db.readableSnapshot(place?.scope, of: audience)
            let members = try db.prepared(SQLiteStore.selectReferences).all(
                snapshot, place?.row ?? 0, Self.sharedReferenceStepMembersMax
            ) { row in (id: row.integer(0), reference: try row.optionalExternalID(1)) }
            var page = ListPage<SharedReference>(items: [])
            var seen: Set<ExternalID> = []
            for member in members {
                page.next = Place(scope: snapshot, row: member.id).cursor(in: .sharedReferences)
                guard let reference = member.reference, seen.insert(reference).inserted,
                    let shared = try index.sharers(
                        of: reference, in: snapshot, from: member.id)
                else { continue }
                page.items.append(shared)
                if page.items.count == range.limit { return page }
            }
            if members.count < Self.sharedReferenceStepMembersMax { page.next = nil }
            return page
        }
    }

    /// Takes a snapshot, a person to go on after, and how many to look at.
    static let selectReferences = """
        SELECT person.id, person.reference_id
        FROM membership CROSS JOIN person ON person.id = membership.person
        WHERE membership.snapshot = ? AND membership.person > ?
        ORDER BY membership.person LIMIT ?
        """

    /// Takes the hash of a reference id, the id, a snapshot, and how many to find.
    static let selectSharers = """
        SELECT person.id, person.distinct_id
        FROM person_by_reference AS candidate
        CROSS JOIN person ON person.id = candidate.person
        CROSS JOIN membership ON membership.person = candidate.person
        WHERE candidate.hash = ?1 AND person.reference_id = ?2 AND membership.snapshot = ?3
        ORDER BY candidate.person LIMIT ?4
        """

    /// Takes a person, a reference id, and a snapshot.
    static let selectRecentSharer = """
        SELECT person.id, person.distinct_id
        FROM person CROSS JOIN membership ON membership.person = person.id
        WHERE person.id = ?1 AND person.reference_id = ?2 AND membership.snapshot = ?3
        """
}

extension PeopleByID {
    /// The members who have a reference id; `nil` unless they are several and `first` is the
    /// first of them, with whom they are listed.
    fileprivate func sharers(
        of reference: ExternalID, in snapshot: Int64, from first: Int64
    ) throws -> SharedReference? {
        let hash = siphash.hash(reference.text)
        let read = { (row: SQLRow) in (id: row.integer(0), distinctID: try row.externalID(1)) }
        var people = try db.prepared(SQLiteStore.selectSharers).all(
            hash, reference, snapshot, Limits.sharedReferencePeopleMax, read: read)
        let select = try db.prepared(SQLiteStore.selectRecentSharer)
        // Ascending; people in the index mostly come before all of these.
        for candidate in Set(recent.people(hash)).subtracting(people.map(\.id)).sorted() {
            guard people.count < Limits.sharedReferencePeopleMax else { break }
            if let person = try select.first(candidate, reference, snapshot, read: read) {
                people.append(person)
            }
        }
        people.sort { $0.id < $1.id }
        guard people.count > 1, people.first?.id == first else { return nil }
        return SharedReference(referenceID: reference, distinctIDs: people.map(\.distinctID))
    }
}

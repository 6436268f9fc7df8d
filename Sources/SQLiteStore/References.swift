package import Audiences
import GRDB

extension SyncTransaction {
    /// Gives a person another entry in the index of reference ids, and counts what that means.
    ///
    /// Whoever comes first with an id shares it with nobody, the others with them.
    func moveReference(
        of person: Int64, from old: ExternalID?, to new: ExternalID?
    ) throws -> ReferenceCounts {
        var counts = ReferenceCounts()
        guard old != new else { return counts }
        if let old {
            try db.prepared("DELETE FROM person_by_reference WHERE hash = ? AND person = ?")
                .run(hashing.people.hash(old.text), person)
        }
        if let new {
            let hash = hashing.people.hash(new.text)
            let isShared = try db.prepared(Self.selectSharer).first(hash, connection, new) { _ in 1
            }
            try db.prepared("INSERT INTO person_by_reference (hash, person) VALUES (?, ?)")
                .run(hash, person)
            counts.shared = isShared ?? 0
            counts.changed = old == nil ? 0 : 1
        }
        return counts
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
        return try await read { [hashing] db in
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
                    let shared = try db.sharers(
                        of: reference, hashing.people.hash(reference.text), in: snapshot,
                        from: member.id)
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
}

extension Database {
    /// The members who have a reference id; `nil` unless they are several and `first` is the
    /// first of them, with whom they are listed.
    fileprivate func sharers(
        of reference: ExternalID, _ hash: Int64, in snapshot: Int64, from first: Int64
    ) throws -> SharedReference? {
        let people = try prepared(SQLiteStore.selectSharers).all(
            hash, reference, snapshot, Limits.sharedReferencePeopleMax
        ) { row in (id: row.integer(0), distinctID: try row.externalID(1)) }
        guard people.count > 1, people.first?.id == first else { return nil }
        return SharedReference(referenceID: reference, distinctIDs: people.map(\.distinctID))
    }
}

import Audiences
import GRDB

/// Somebody who matches an id.
struct Match: Hashable {
    var id: Int64
    var connection: Int64
}

/// Finds people by their ids: in the database's indexes and among those who are not in them yet.
struct PeopleByID {
    let db: Database
    let siphash: SipHash
    /// Has everybody who is in the state of `db` and not in its indexes.
    let recent: RecentKeys

    /// Everybody, of any connection, whose ``Audiences/Person/matchID`` this is.
    func matching(_ id: ExternalID) throws -> [Match] {
        let hash = siphash.hash(id.text)
        let read = { (row: SQLRow) in Match(id: row.integer(0), connection: row.integer(1)) }
        var matches =
            try db.prepared(SQLiteStore.selectByReference).all(hash, id, read: read)
            + db.prepared(SQLiteStore.selectByDistinct).all(hash, id, read: read)
        // Whoever has just been brought into an index is found twice.
        var seen = Set(matches.map(\.id))
        let select = try db.prepared(SQLiteStore.selectMatch("?1"))
        for candidate in recent.people(hash) where seen.insert(candidate).inserted {
            if let match = try select.first(candidate, id, read: read) { matches.append(match) }
        }
        return matches
    }
}

extension SQLiteStore {
    // CROSS JOIN pins the order of the loops. Without it SQLite, which has no statistics here,
    // has been seen to scan every membership for one look-up.

    /// Takes the hash of an id and the id.
    static let selectByReference = """
        SELECT person.id, person.connection
        FROM person_by_reference AS candidate
        CROSS JOIN person ON person.id = candidate.person
        WHERE candidate.hash = ?1 AND person.reference_id = ?2
        """

    /// Takes the hash of an id and the id.
    static let selectByDistinct = """
        SELECT person.id, person.connection
        FROM person_by_distinct AS candidate
        CROSS JOIN person ON person.id = candidate.person
        WHERE candidate.hash = ?1 AND person.distinct_id = ?2 AND person.reference_id IS NULL
        """

    /// Takes a person, by the parameter of that name, and an id.
    static func selectMatch(_ person: String) -> String {
        """
        SELECT person.id, person.connection FROM person
        WHERE person.id = \(person) AND ?2 = coalesce(person.reference_id, person.distinct_id)
        """
    }
}

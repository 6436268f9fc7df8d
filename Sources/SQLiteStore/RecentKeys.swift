import Audiences
import GRDB

/// The two ids that people are found by, each with an index in the database.
enum KeyKind: CaseIterable {
    case distinct, reference

    /// Takes a hash and a person; an entry that is there stays.
    var insert: String {
        switch self {
        case .distinct:
            "INSERT INTO person_by_distinct (hash, person) VALUES (?, ?) ON CONFLICT DO NOTHING"
        case .reference:
            "INSERT INTO person_by_reference (hash, person) VALUES (?, ?) ON CONFLICT DO NOTHING"
        }
    }
}

/// The keys of the people stored last: everybody after ``last``, without a gap.
///
/// The database's indexes have the people up to that one, and of the others only reference ids
/// that changed since.
struct RecentKeys {
    /// The last person whose entries are in the database's indexes.
    private(set) var last: Int64
    private var distinct = KeyTable()
    private var reference = KeyTable()

    init(after last: Int64) {
        self.last = last
    }

    var count: Int { distinct.count }

    /// The person that is stored next.
    var next: Int64 { last + Int64(count) + 1 }

    mutating func append(distinct: Int64?, reference: Int64?) {
        self.distinct.append(distinct)
        self.reference.append(reference)
    }

    /// Takes back whoever was added beyond that count.
    mutating func truncate(to count: Int) {
        while self.count > count {
            distinct.removeLast()
            reference.removeLast()
        }
    }

    mutating func forget(_ kind: KeyKind, of person: Int64) {
        guard let place = place(of: person) else { return }
        switch kind {
        case .distinct: distinct.forget(place)
        case .reference: reference.forget(place)
        }
    }

    /// Forgets the people up to one, who are in the database's indexes now.
    func dropping(until person: Int64) -> RecentKeys {
        guard let place = place(of: person) else { return self }
        var rest = RecentKeys(after: person)
        rest.distinct = distinct.dropping(first: place + 1)
        rest.reference = reference.dropping(first: place + 1)
        return rest
    }

    private func place(of person: Int64) -> Int? {
        person > last && person < next ? Int(person - last - 1) : nil
    }

    private func person(at place: Int?) -> Int64? {
        place.map { last + Int64($0) + 1 }
    }

    subscript(_ kind: KeyKind) -> KeyTable {
        switch kind {
        case .distinct: distinct
        case .reference: reference
        }
    }

    // MARK: Candidates

    /// The newest of the people whose id may have that hash.
    func newest(_ kind: KeyKind, _ hash: Int64) -> Int64? {
        person(at: self[kind].newest(hash))
    }

    /// The next older one.
    func older(_ kind: KeyKind, than person: Int64) -> Int64? {
        place(of: person).flatMap { self.person(at: self[kind].older(than: $0)) }
    }

    /// Everybody of whom one of the two ids may have that hash; may name somebody twice.
    func people(_ hash: Int64) -> [Int64] {
        var people: [Int64] = []
        for kind in KeyKind.allCases {
            var next = newest(kind, hash)
            while let person = next {
                people.append(person)
                next = older(kind, than: person)
            }
        }
        return people
    }
}

extension RecentKeys {
    /// Reads what is not in the database's indexes: a bounded number of people.
    init(_ db: Database, _ hashing: Hashing) throws {
        self.init(after: try db.lastIndexedPerson())
        let select = try db.prepared(Self.selectRecent)
        let rows = try select.all(last) { row in
            (
                person: row.integer(0), isErased: row.integer(1) == erasedConnection,
                distinct: hashing.people.hash(row.text(2)),
                reference: row.optionalText(3).map { hashing.people.hash($0) }
            )
        }
        for row in rows {
            // Rows of people are never removed; a gap would shift everybody after it.
            guard row.person == next else { throw damage("a person is missing") }
            append(
                distinct: row.isErased ? nil : row.distinct, reference: row.reference)
        }
    }

    /// Takes a person to begin after.
    static let selectRecent = """
        SELECT id, connection, distinct_id, reference_id FROM person WHERE id > ? ORDER BY id
        """
}

extension Database {
    func lastIndexedPerson() throws -> Int64 {
        let last = try prepared("SELECT value FROM meta WHERE name = 'indexed_people'")
            .first { row in row.integer(0) }
        guard let last else { throw damage("how far the indexes of people reach is missing") }
        return last
    }
}

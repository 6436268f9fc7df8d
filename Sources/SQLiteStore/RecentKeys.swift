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
///
/// Two parts, so that nobody has to be copied when those who are on their way into the indexes have
/// got there, and no table has to hold those who come meanwhile as well.
struct RecentKeys {
    /// Some people who stand in a row, each of whom is named by a place in both tables.
    private struct Part {
        /// Who stands before the first of them.
        var last: Int64
        var distinct = KeyTable()
        var reference = KeyTable()

        init(after last: Int64) {
            self.last = last
        }

        var count: Int { distinct.count }
        var next: Int64 { last + Int64(count) + 1 }

        subscript(_ kind: KeyKind) -> KeyTable {
            switch kind {
            case .distinct: distinct
            case .reference: reference
            }
        }

        func place(of person: Int64) -> Int? {
            person > last && person < next ? Int(person - last - 1) : nil
        }

        func person(at place: Int?) -> Int64? {
            place.map { last + Int64($0) + 1 }
        }

        mutating func forget(_ kind: KeyKind, _ place: Int) {
            switch kind {
            case .distinct: distinct.forget(place)
            case .reference: reference.forget(place)
            }
        }
    }

    /// Those who are on their way into the indexes: nobody joins them.
    private var leaving: Part
    /// Those behind them.
    private var staying: Part

    init(after last: Int64) {
        leaving = Part(after: last)
        staying = Part(after: last)
    }

    /// The last person whose entries are in the database's indexes.
    var last: Int64 { leaving.last }

    var count: Int { leaving.count + staying.count }

    /// The person that is stored next.
    var next: Int64 { staying.next }

    mutating func append(distinct: Int64?, reference: Int64?) {
        staying.distinct.append(distinct)
        staying.reference.append(reference)
    }

    /// Takes back whoever was added beyond that count; of those who stay only.
    mutating func truncate(to count: Int) {
        while self.count > count, staying.count > 0 {
            staying.distinct.removeLast()
            staying.reference.removeLast()
        }
    }

    mutating func forget(_ kind: KeyKind, of person: Int64) {
        if let place = staying.place(of: person) {
            staying.forget(kind, place)
        } else if let place = leaving.place(of: person) {
            leaving.forget(kind, place)
        }
    }

    // MARK: Into the indexes

    /// Everybody is to go into the indexes, unless somebody is on their way already.
    mutating func beginToLeave() {
        guard leaving.count == 0 else { return }
        leaving = staying
        staying = Part(after: leaving.next - 1)
    }

    /// The last of those who are on their way.
    var lastToLeave: Int64 { staying.last }

    /// The keys of those who are on their way; the first place is of the person after ``last``.
    func leaving(_ kind: KeyKind) -> KeyTable { leaving[kind] }

    /// Those who were on their way are in the indexes now.
    mutating func haveLeft() {
        leaving = Part(after: staying.last)
    }

    // MARK: Candidates

    /// The newest of the people whose id may have that hash.
    func newest(_ kind: KeyKind, _ hash: Int64) -> Int64? {
        staying.person(at: staying[kind].newest(hash))
            ?? leaving.person(at: leaving[kind].newest(hash))
    }

    /// The next older one than a person whose id has that hash.
    func older(_ kind: KeyKind, _ hash: Int64, than person: Int64) -> Int64? {
        if let place = staying.place(of: person) {
            return staying.person(at: staying[kind].older(than: place))
                ?? leaving.person(at: leaving[kind].newest(hash))
        }
        return leaving.place(of: person).flatMap { place in
            leaving.person(at: leaving[kind].older(than: place))
        }
    }

    /// Everybody of whom one of the two ids may have that hash; may name somebody twice.
    func people(_ hash: Int64) -> [Int64] {
        var people: [Int64] = []
        for kind in KeyKind.allCases {
            var next = newest(kind, hash)
            while let person = next {
                people.append(person)
                next = older(kind, hash, than: person)
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

import Audiences
import GRDB

/// Finds people of a connection by their distinct ids.
struct PersonSelect {
    // Columns that whoever reads a person finds.
    static let id: Int32 = 0
    static let referenceID: Int32 = 1
    static let traits: Int32 = 2

    private let recent: RecentPeople
    private let connection: Int64
    private let indexed: Prepared
    private let byNumber: Prepared
    private let following: Prepared

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
        following = try db.prepared(
            """
            SELECT \(columns), person.connection, person.distinct_id FROM person
            WHERE id > ? ORDER BY id
            """)
    }

    /// The row of a person; `nil` if nobody has the id.
    func person(_ id: ExternalID, _ hashing: Hashing) throws -> Int64? {
        try id.withBytes { bytes in
            try first(bytes, hashing.people.signedHash(bytes)) { row in row.integer(Self.id) }
        }
    }

    /// The person of a distinct id, which has that hash.
    func first<Result>(
        _ distinctID: UnsafeRawBufferPointer, _ hash: Int64, read: (SQLRow) throws -> Result
    ) throws -> Result? {
        let distinctID = LentText(distinctID)
        var found: Result?
        _ = try recent.first(.distinct, hash) { candidate in
            found = try byNumber.first(candidate, connection, distinctID, read: read)
            return found != nil
        }
        guard found == nil, recent.indexed.mayHave(hash) else { return found }
        return try indexed.first(hash, connection, distinctID, read: read)
    }

    /// The people with the next numbers, for as long as `body` wants another one.
    ///
    /// `body` is given a row, and a question whether that is who has a distinct id.
    func inARow(
        after person: Int64,
        _ body: (SQLRow, _ isPerson: (UnsafeRawBufferPointer) -> Bool) throws -> Bool
    ) throws {
        try following.each(person) { row in
            try body(row) { row.integer(3) == connection && row.isText(4, $0) }
        }
    }
}

import CSQLite
import GRDB

/// How many transactions were committed to the database, by this and by every other process.
///
/// SQLite counts them in memory that the connections of all processes share, so the answer is as
/// new as any reader's and takes neither a lock nor a call of the system. Two reads of the database
/// between which the count did not change have seen the same.
///
/// `@unchecked Sendable`: the memory is only read, by a call that C calls atomic.
struct CommitCount: @unchecked Sendable {
    private let place: UnsafePointer<UInt32>

    /// `nil` if SQLite does not count.
    ///
    /// - Parameter db: has read from its file, and stays open for as long as this is asked.
    init?(_ db: Database) {
        guard let connection = db.sqliteConnection,
            let place = muster_sqlite_commit_count(UnsafeMutableRawPointer(connection))
        else { return nil }
        self.place = place
    }

    /// As of now; after the last number comes 0.
    var value: UInt32 { muster_sqlite_read_commit_count(place) }
}

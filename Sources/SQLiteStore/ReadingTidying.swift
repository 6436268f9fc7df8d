import Audiences
import GRDB

// Removing what reconciliations kept, in small steps, and whom it names when they are erased.

extension Housekeeping {
    /// The reading that is to be tidied next; `nil` if none is.
    func untidyReading() throws -> Int64? {
        try db.prepared(Self.selectUntidyReading).first { row in row.integer(0) }
    }

    /// The reconciliation that is to be forgotten next; `nil` if none is.
    func oldReconciliation(before limit: Timestamp) throws -> Int64? {
        try db.prepared(Self.selectOldReconciliation).first(limit) { row in row.integer(0) }
    }

    func tidyReading(_ reading: Int64) throws {
        let isKept =
            try db.prepared("SELECT 1 FROM reading WHERE id = ? AND state = 'closing'")
            .first(reading) { _ in true } ?? false
        try db.removePart(ofReading: reading, keepingDifferences: isKept)
    }

    func forget(reconciliation: Int64) throws {
        try db.prepared(
            """
            UPDATE reading SET state = 'discarded'
            WHERE id = (SELECT reading FROM reconciliation WHERE id = ?)
            """
        ).run(reconciliation)
        try db.prepared("DELETE FROM reconciliation WHERE id = ?").run(reconciliation)
    }

    static let selectUntidyReading = """
        SELECT id FROM reading WHERE state IN ('closing', 'discarded') ORDER BY id LIMIT 1
        """

    static let selectOldReconciliation = """
        SELECT id FROM reconciliation WHERE finished_at IS NOT NULL AND finished_at < ?
        ORDER BY finished_at LIMIT 1
        """
}

extension Database {
    /// The second term lets SQLite use the index.
    private static let deleteReference = """
        DELETE FROM reading_missing WHERE reference_id = ? AND reference_id <> ''
        """

    /// Takes people off every list that Mixpanel gave, those who are not stored as well.
    ///
    /// - Parameters:
    ///   - ids: match ids and distinct ids.
    ///   - hashing: the store's.
    /// - Throws: what SQLite reports.
    func forgetInReadings(_ ids: [ExternalID], by hashing: Hashing) throws {
        for id in ids {
            try prepared("DELETE FROM reading_missing WHERE key = ? AND distinct_id = ?")
                .run(hashing.key(of: id), id)
            try prepared(Self.deleteReference).run(id)
        }
    }
}

extension Database {
    /// Removes some rows of a reading that nobody needs any more.
    fileprivate func removePart(
        ofReading reading: Int64, keepingDifferences isKept: Bool
    ) throws {
        let tables = [("reading_member", "person"), ("reading_named", "key")]
        let rest = [("reading_missing", "key"), ("reading_extra", "person")]
        for (table, column) in isKept ? tables : tables + rest {
            let removed = try prepared(
                """
                DELETE FROM \(table) WHERE reading = ?1 AND \(column) IN
                    (SELECT \(column) FROM \(table) WHERE reading = ?1
                        ORDER BY \(column) LIMIT ?2)
                """
            ).change(reading, Housekeeping.stepRowsMax)
            if removed == Housekeeping.stepRowsMax { return }
        }
        try prepared(
            isKept
                ? "UPDATE reading SET state = 'kept' WHERE id = ?"
                : "DELETE FROM reading WHERE id = ?"
        ).run(reading)
    }

    /// Removes some of what the reconciliations of an audience kept; returns whether all is gone.
    func removeReadings(of audience: Int64) throws -> Bool {
        try prepared("DELETE FROM reconciliation WHERE audience = ?").run(audience)
        try prepared("UPDATE reading SET state = 'discarded' WHERE audience = ?").run(audience)
        let reading = try prepared("SELECT id FROM reading WHERE audience = ? LIMIT 1")
            .first(audience) { row in row.integer(0) }
        guard let reading else { return true }
        try removePart(ofReading: reading, keepingDifferences: false)
        return false
    }
}

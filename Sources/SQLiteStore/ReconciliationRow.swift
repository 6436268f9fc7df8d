import Audiences
import GRDB

/// A reconciliation with what the store keeps beside it.
struct ReconciliationRow {
    let id: Int64
    /// The row of its audience.
    let audience: Int64
    var reconciliation: Reconciliation
    /// The row of what was read; `nil` before the first claim, and when it is removed.
    var reading: Int64?
    var stage: Stage
    /// The last key or person that ``stage`` has passed.
    var cursor: Int64
    var counted: Reconciliation.Differences
    var worker: String?

    /// What is being done, in this order; each walks what the one before has left.
    enum Stage: String {
        /// Pages of Mixpanel's list come in.
        case reading
        /// Those of the list who were no members are counted.
        case missing
        /// The members are compared with those of the list who were members.
        case extra
        /// Missing people are added.
        case adding
        /// Extra ones are removed.
        case removing
        case done

        var isCompared: Bool { self == .adding || self == .removing || self == .done }
    }
}

/// What ``ReconciliationRow/init(_:)`` reads.
///
/// The audience's own id comes from its row; what belongs to a removed one is not there.
let selectReconciliation = """
    SELECT reconciliation.id, reconciliation.audience, reconciliation.public_id,
        audience.public_id, repairs, forced, status, message, resumes_at, worker, reading,
        query_id, pages_read, people_read, people_total, stage, cursor, missing, extra,
        not_exported, changed, matching, reconciliation.created_at, finished_at, restarts
    FROM reconciliation CROSS JOIN audience ON audience.id = reconciliation.audience
        AND audience.current_snapshot <> 0
    """

extension ReconciliationRow {
    init(_ row: SQLRow) throws {
        stage = try row.named(15)
        counted = Reconciliation.Differences(
            missing: row.count(17), extra: row.count(18), notExported: row.optionalCount(19),
            changedMeanwhile: row.count(20), matching: row.count(21))
        reconciliation = Reconciliation(
            id: ReconciliationID(unchecked: row.text(2)),
            audience: AudienceID(unchecked: row.text(3)), repairs: row.integer(4) != 0,
            isForced: row.integer(5) != 0, status: try row.named(6),
            message: row.optionalText(7), resumesAt: row.optionalTime(8),
            progress: Reconciliation.Progress(
                queryID: row.optionalText(11), pagesRead: row.count(12),
                peopleRead: row.count(13), peopleTotal: row.optionalCount(14),
                restarts: row.count(24)),
            result: stage.isCompared ? counted : nil, createdAt: row.time(22),
            finishedAt: row.optionalTime(23))
        id = row.integer(0)
        audience = row.integer(1)
        worker = row.optionalText(9)
        reading = row.optionalInteger(10)
        cursor = row.integer(16)
    }
}

extension Database {
    /// Throws `notFound` if there is none.
    func reconciliation(_ id: ReconciliationID) throws -> ReconciliationRow {
        let found = try prepared("\(selectReconciliation) WHERE reconciliation.public_id = ?")
            .first(id.text) { row in try ReconciliationRow(row) }
        guard let found else {
            throw Failure(.notFound, "There is no reconciliation \(id.text).")
        }
        return found
    }

    /// The one that a worker holds.
    ///
    /// Throws `conflict` if it does not.
    func reconciliation(
        _ id: ReconciliationID, heldBy worker: String
    ) throws -> ReconciliationRow {
        let stored = try reconciliation(id)
        guard !stored.reconciliation.status.isFinal,
            stored.worker?.utf8.elementsEqual(worker.utf8) == true
        else {
            throw Failure(
                .conflict, "The reconciliation was cancelled, or somebody else works on it.")
        }
        return stored
    }

    /// Writes everything that may change, except the lease.
    func save(_ stored: ReconciliationRow) throws {
        let reconciliation = stored.reconciliation
        let progress = reconciliation.progress
        try prepared(
            """
            UPDATE reconciliation SET status = ?, message = ?, resumes_at = ?, reading = ?,
                query_id = ?, pages_read = ?, people_read = ?, people_total = ?, restarts = ?,
                stage = ?, cursor = ?, missing = ?, extra = ?, not_exported = ?,
                changed = ?, matching = ?, finished_at = ?
            WHERE id = ?
            """
        ).run(
            reconciliation.status.rawValue, reconciliation.message, reconciliation.resumesAt,
            stored.reading, progress.queryID, progress.pagesRead, progress.peopleRead,
            progress.peopleTotal, progress.restarts, stored.stage.rawValue, stored.cursor,
            stored.counted.missing,
            stored.counted.extra, stored.counted.notExported, stored.counted.changedMeanwhile,
            stored.counted.matching, reconciliation.finishedAt, stored.id)
    }

    /// Gives the lease to a worker, or nobody.
    func lease(_ id: Int64, to worker: String?, until end: Timestamp?) throws {
        try prepared("UPDATE reconciliation SET worker = ?, lease_end = ? WHERE id = ?")
            .run(worker, end, id)
    }
}

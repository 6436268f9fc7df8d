package import Audiences
import GRDB

extension SQLiteStore: BulkJobStore {
    package func start(_ job: BulkJob) async throws(Failure) -> BulkJob {
        try await writer.write { db in
            guard try db.instance(job.instance) != nil else {
                throw Failure(.notFound, "No instance found with ID \(job.instance)")
            }
            let open = try db.prepared(Self.countOpenBulkJobs)
                .first(job.instance) { row in row.count(0) }
            guard (open ?? 0) < Limits.openBulkJobsMax else {
                throw Failure(
                    .conflict,
                    "\(Limits.openBulkJobsMax) bulk jobs of the instance are not finished yet.")
            }
            return try db.insert(job)
        }
    }

    package func bulkJobs(
        of instance: Int64, _ range: ListRange
    ) async throws(Failure) -> ListPage<BulkJob> {
        try range.validate()
        let before = try range.place(in: .bulkJobs)
        return try await read { db in
            let rows = try db.prepared(Self.selectBulkJobsOf)
                .all(instance, before ?? .max, range.limit + 1) { row in
                    (id: row.integer(0), item: try BulkJob(row))
                }
            return ListPage(rows, limit: range.limit) { last in
                Place(row: last).cursor(in: .bulkJobs)
            }
        }
    }

    package func bulkJob(_ id: Int64, of instance: Int64) async throws(Failure) -> BulkJob? {
        try await read { db in try db.bulkJob(id).flatMap { $0.instance == instance ? $0 : nil } }
    }

    package func cancelBulkJob(
        _ id: Int64, of instance: Int64, at now: Timestamp
    ) async throws(Failure) -> BulkJob {
        try await writer.write { db in
            guard let job = try db.bulkJob(id), job.instance == instance else {
                throw Failure(.notFound, "No bulk job found with ID \(id)")
            }
            guard !job.status.isFinal else {
                throw Failure(.conflict, "The bulk job is \(job.status.rawValue) already.")
            }
            try db.finish(id, as: .cancelled, message: nil, at: now)
            return try db.bulkJob(id) ?? job
        }
    }

    package func claimBulkJob(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> ClaimedBulkJob? {
        // Most of the time there is nothing to do, and nothing to write.
        let isAny = try await read { db in try db.dueBulkJob(at: now) != nil }
        guard isAny else { return nil }
        return try await writer.write { db in
            guard let due = try db.dueBulkJob(at: now), let instance = try db.instance(due.instance)
            else { return nil }
            try db.prepared(
                """
                UPDATE bulk_job SET status = 'RUNNING', message = NULL, resumes_at = NULL,
                    worker = ?, lease_end = ?
                WHERE id = ?
                """
            ).run(worker, leaseEnd, due.id)
            return try db.bulkJob(due.id).map { ClaimedBulkJob(job: $0, instance: instance) }
        }
    }

    package func keep(
        _ progress: BulkJob.Progress, ofBulkJob id: Int64, by worker: String,
        until leaseEnd: Timestamp
    ) async throws(Failure) {
        try await writer.write { db in
            let kept = try db.prepared(
                """
                UPDATE bulk_job SET records = ?, kept_records = ?, errors = ?,
                    error_messages = ?, bytes = ?, steps = ?, query_id = ?, restarts = ?,
                    lease_end = ?
                WHERE id = ? AND worker = ? AND finished_at IS NULL
                """
            ).change(
                progress.records, progress.keptRecords, progress.errors,
                TextList.encode(progress.errorMessages),
                progress.bytes, progress.steps, progress.queryID, progress.restarts, leaseEnd, id,
                worker)
            guard kept == 1 else { throw lostBulkJob }
        }
    }

    package func renewBulkJob(
        _ id: Int64, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            let renewed = try db.prepared(
                """
                UPDATE bulk_job SET lease_end = ?
                WHERE id = ? AND worker = ? AND finished_at IS NULL
                """
            ).change(leaseEnd, id, worker)
            guard renewed == 1 else { throw lostBulkJob }
        }
    }

    package func concludeBulkJob(
        _ id: Int64, as status: BulkJob.Status, message: String?, resumesAt: Timestamp?,
        by worker: String, at now: Timestamp
    ) async throws(Failure) {
        try await writer.write { db in
            let isHeld = try db.prepared(
                "SELECT 1 FROM bulk_job WHERE id = ? AND worker = ? AND finished_at IS NULL"
            ).first(id, worker) { _ in true }
            guard isHeld != nil else { throw lostBulkJob }
            guard !status.isFinal else {
                return try db.finish(id, as: status, message: message, at: now)
            }
            try db.prepared(
                """
                UPDATE bulk_job SET message = ?, resumes_at = ?, worker = NULL, lease_end = NULL
                WHERE id = ?
                """
            ).run(message, resumesAt, id)
        }
    }

    package func forgetBulkJobs(endedBefore moment: Timestamp) async throws(Failure) -> Bool {
        let isAny = try await read { db in
            try db.prepared(Self.selectOldBulkJob).first(moment) { _ in true } != nil
        }
        guard isAny else { return false }
        return try await writer.write { db in
            try db.prepared(
                """
                DELETE FROM bulk_job WHERE id IN
                    (SELECT id FROM bulk_job WHERE finished_at < ? LIMIT ?)
                """
            ).change(moment, Housekeeping.stepListsMax) == Housekeeping.stepListsMax
        }
    }

    package func bulkJobsWithFiles(
        among ids: [Int64]
    ) async throws(Failure) -> Set<Int64> {
        try await read { db in
            let select = try db.prepared(
                """
                SELECT 1 FROM bulk_job
                WHERE id = ? AND (finished_at IS NULL OR status = 'COMPLETED')
                """)
            return Set(try ids.filter { try select.first($0) { _ in true } != nil })
        }
    }

    static let countOpenBulkJobs = """
        SELECT count(*) FROM bulk_job WHERE instance = ? AND finished_at IS NULL
        """
    /// Takes an instance, an id to end before, and a limit.
    static let selectBulkJobsOf = """
        \(selectBulkJob) WHERE instance = ? AND id < ? ORDER BY id DESC LIMIT ?
        """
    /// Takes the time.
    static let selectDueBulkJob = """
        \(selectBulkJob)
        WHERE finished_at IS NULL AND (worker IS NULL OR lease_end <= ?1)
            AND (resumes_at IS NULL OR resumes_at <= ?1)
        ORDER BY id LIMIT 1
        """
    static let selectOldBulkJob = "SELECT 1 FROM bulk_job WHERE finished_at < ? LIMIT 1"
}

private let lostBulkJob = Failure(
    .conflict, "The bulk job was cancelled, or somebody else works on it.")

extension Database {
    fileprivate func bulkJob(_ id: Int64) throws -> BulkJob? {
        try prepared("\(selectBulkJob) WHERE id = ?").first(id) { row in try BulkJob(row) }
    }

    fileprivate func dueBulkJob(at now: Timestamp) throws -> BulkJob? {
        try prepared(SQLiteStore.selectDueBulkJob).first(now) { row in try BulkJob(row) }
    }

    fileprivate func insert(_ job: BulkJob) throws -> BulkJob {
        let criteria = job.criteria
        try prepared(
            """
            INSERT INTO bulk_job (instance, object, criteria, expression, from_at, to_at,
                records_max, drops_nulls, format, status, records, kept_records, errors,
                error_messages, bytes, steps, restarts, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'CREATED', 0, 0, 0, x'', 0, 0, 0, ?)
            """
        ).run(
            job.instance, job.object.rawValue, criteria.text, criteria.expression, criteria.from,
            criteria.to, criteria.limit, criteria.dropsNulls ? 1 : 0, criteria.format.rawValue,
            job.createdAt)
        var made = job
        made.id = lastInsertedRowID
        return made
    }

    fileprivate func finish(
        _ id: Int64, as status: BulkJob.Status, message: String?, at now: Timestamp
    ) throws {
        try prepared(
            """
            UPDATE bulk_job SET status = ?, message = ?, resumes_at = NULL, worker = NULL,
                lease_end = NULL, finished_at = ?
            WHERE id = ?
            """
        ).run(status.rawValue, message, now, id)
    }
}

private let selectBulkJob = """
    SELECT id, instance, object, criteria, expression, from_at, to_at, records_max, drops_nulls,
        status, message, resumes_at, records, errors, error_messages, bytes, steps, query_id,
        restarts, created_at, finished_at, kept_records, format
    FROM bulk_job
    """

extension BulkJob {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: row.integer(0), instance: row.integer(1), object: try row.named(2),
            criteria: Criteria(
                text: row.text(3), expression: row.optionalText(4), from: row.optionalTime(5),
                to: row.optionalTime(6), limit: row.optionalCount(7),
                dropsNulls: row.integer(8) != 0, format: try row.named(22)),
            status: try row.named(9), message: row.optionalText(10),
            resumesAt: row.optionalTime(11),
            progress: Progress(
                records: row.count(12), keptRecords: row.count(21), errors: row.count(13),
                errorMessages: try row.decoded(14, by: TextList.decode), bytes: row.count(15),
                steps: row.count(16), queryID: row.optionalText(17), restarts: row.count(18)),
            createdAt: row.time(19), finishedAt: row.optionalTime(20))
    }
}

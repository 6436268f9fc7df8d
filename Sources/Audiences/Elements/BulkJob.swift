/// A download of many objects into a file, in the background.
///
/// It goes on where it was after a restart; its file is kept for ``Limits/bulkFileMilliseconds``
/// after it ended.
package struct BulkJob: Sendable, Hashable {
    /// Given by the store, and never given again.
    package var id: Int64
    package var instance: Int64
    package var object: ElementObject
    package var criteria: Criteria
    package var status: Status
    /// One sentence: what it waits for, or why it ended; `nil` otherwise.
    package var message: String?
    /// When it goes on, if it waits for Mixpanel's quota.
    package var resumesAt: Timestamp?
    package var progress: Progress
    package var createdAt: Timestamp
    package var finishedAt: Timestamp?

    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// Nobody has begun.
        case created = "CREATED"
        /// Somebody works on it, or it waits to go on.
        case running = "RUNNING"
        case completed = "COMPLETED"
        /// It failed; ``BulkJob/message`` says why.
        case aborted = "ABORTED"
        case cancelled = "CANCELLED"

        package var isFinal: Bool { self == .completed || self == .aborted || self == .cancelled }
    }

    /// What is wanted.
    package struct Criteria: Sendable, Hashable {
        /// As the caller wrote it, to be shown.
        package var text: String
        /// In Mixpanel's own language; `nil` for everything.
        package var expression: String?
        /// Not before; of activities only.
        package var from: Timestamp?
        /// Before; of activities only.
        package var to: Timestamp?
        /// How many objects at most.
        package var limit: Int?
        package var dropsNulls: Bool
        /// What the file is sent as to whoever does not choose.
        package var format: Format

        package init(
            text: String, expression: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil,
            limit: Int? = nil, dropsNulls: Bool = true, format: Format = .lines
        ) {
            self.text = text
            self.expression = expression
            self.from = from
            self.to = to
            self.limit = limit
            self.dropsNulls = dropsNulls
            self.format = format
        }
    }

    /// The two forms of a file, by their media types; it is kept as lines.
    package enum Format: String, Sendable, Hashable, CaseIterable {
        case lines = "application/jsonl"
        case csv = "text/csv"
    }

    /// How far it is, and how much of that is in the file for good.
    package struct Progress: Sendable, Hashable {
        /// Those read so far.
        package var records: Int
        /// Those in the file for good.
        package var keptRecords: Int
        /// Objects that could not be read.
        package var errors: Int
        /// The first of them, at most ``Limits/bulkErrorsMax``.
        package var errorMessages: [String]
        /// How long the file is, for good.
        package var bytes: Int
        /// Pages of people, or spans of days, that are done.
        package var steps: Int
        /// The `session_id` that Mixpanel wants with the next page of people.
        package var queryID: String?
        /// How often Mixpanel did not know the query any more, so that it began again.
        package var restarts: Int

        package init(
            records: Int = 0, keptRecords: Int = 0, errors: Int = 0, errorMessages: [String] = [],
            bytes: Int = 0,
            steps: Int = 0, queryID: String? = nil, restarts: Int = 0
        ) {
            self.records = records
            self.keptRecords = keptRecords
            self.errors = errors
            self.errorMessages = errorMessages
            self.bytes = bytes
            self.steps = steps
            self.queryID = queryID
            self.restarts = restarts
        }
    }

    package init(
        id: Int64 = 0, instance: Int64, object: ElementObject, criteria: Criteria,
        status: Status = .created, message: String? = nil, resumesAt: Timestamp? = nil,
        progress: Progress = Progress(), createdAt: Timestamp, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.instance = instance
        self.object = object
        self.criteria = criteria
        self.status = status
        self.message = message
        self.resumesAt = resumesAt
        self.progress = progress
        self.createdAt = createdAt
        self.finishedAt = finishedAt
    }
}

/// Keeps bulk jobs.
///
/// One process at a time works on a job, under a lease that it renews with every step; if it dies,
/// another goes on when the lease is over.
package protocol BulkJobStore: Sendable {
    /// Begins a job, and gives it its id; nothing is asked of Mixpanel yet.
    ///
    /// - Throws: `notFound` if there is no such instance; `conflict` if it has
    ///   ``Limits/openBulkJobsMax`` that are not finished.
    func start(_ job: BulkJob) async throws(Failure) -> BulkJob

    /// Newest first.
    func bulkJobs(
        of instance: Int64, _ range: ListRange
    ) async throws(Failure) -> ListPage<BulkJob>

    /// `nil` if the instance has none of this id.
    func bulkJob(_ id: Int64, of instance: Int64) async throws(Failure) -> BulkJob?

    /// Ends a job that is not finished; what is in its file stays.
    ///
    /// - Throws: `notFound` if the instance has none of this id; `conflict` if it is finished.
    func cancelBulkJob(
        _ id: Int64, of instance: Int64, at now: Timestamp
    ) async throws(Failure) -> BulkJob

    /// Takes the oldest one that is due and that nobody holds, and holds it until `leaseEnd`.
    func claimBulkJob(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> ClaimedBulkJob?

    /// Keeps the progress, and renews the lease.
    ///
    /// - Throws: `conflict` if the worker does not hold it any more, or it was cancelled.
    func keep(
        _ progress: BulkJob.Progress, ofBulkJob id: Int64, by worker: String,
        until leaseEnd: Timestamp
    ) async throws(Failure)

    /// Renews the lease alone.
    ///
    /// - Throws: as ``keep(_:ofBulkJob:by:until:)``.
    func renewBulkJob(
        _ id: Int64, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure)

    /// Lets it wait until `resumesAt`, or ends it, and gives up the lease.
    ///
    /// - Throws: as ``keep(_:ofBulkJob:by:until:)``.
    func concludeBulkJob(
        _ id: Int64, as status: BulkJob.Status, message: String?, resumesAt: Timestamp?,
        by worker: String, at now: Timestamp
    ) async throws(Failure)

    /// Forgets some jobs that ended before `moment`.
    ///
    /// - Returns: whether there may be more.
    func forgetBulkJobs(endedBefore moment: Timestamp) async throws(Failure) -> Bool

    /// Which of these are jobs whose files are needed: they are not finished, or completed.
    func bulkJobsWithFiles(among ids: [Int64]) async throws(Failure) -> Set<Int64>
}

/// A job to work on, and the instance it is of.
package struct ClaimedBulkJob: Sendable {
    package var job: BulkJob
    package var instance: ElementInstance

    package init(job: BulkJob, instance: ElementInstance) {
        self.job = job
        self.instance = instance
    }
}

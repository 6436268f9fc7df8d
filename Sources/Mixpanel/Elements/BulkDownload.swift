internal import Audiences

/// One run of a bulk job, from where the last one got to its end.
///
/// The one owner of what is read and not yet written.
actor BulkDownload {
    private let runner: BulkRunner
    private let access: InstanceAccess
    private let job: BulkJob
    private var progress: BulkJob.Progress
    /// Lines that are not in the file yet.
    private var waiting: [UInt8] = []
    /// How long the file is, with what the step has written of itself.
    private var length: Int
    private var leaseEnd: Timestamp
    private var toldAt: Timestamp

    /// How much is kept in memory before it is written.
    private static let waitingBytesMax = 256 << 10
    /// How often progress is told during a step.
    private static let tellingMilliseconds: Int64 = 2000

    init(runner: BulkRunner, access: InstanceAccess, job: BulkJob) {
        self.runner = runner
        self.access = access
        self.job = job
        progress = job.progress
        progress.records = progress.keptRecords
        length = progress.bytes
        leaseEnd = runner.leaseEnd
        toldAt = runner.now()
    }

    func run() async throws {
        // An empty file, if nothing comes; and without what an interrupted step has left.
        try await write([], at: length)
        switch job.object {
        case .users: try await readUsers()
        case .activities: try await readActivities()
        }
    }

    // MARK: People

    private func readUsers() async throws {
        var next: UserQuery? = UserQuery(
            expression: job.criteria.expression, page: progress.steps,
            sessionID: progress.queryID)
        while let query = next, !isFull {
            try Task.checkCancellation()
            let page: UserPage
            do {
                page = try await access.users(query)
            } catch let error as ProviderError where error.isForgotten(query) {
                next = try await beginAgain(error)
                continue
            }
            for user in page.users where !isFull { try await take(user) }
            guard case .page(let later) = page.next, !isFull else {
                if page.next == .lost, !isFull { throw InstanceUnusable(message: .pageLost) }
                return try await finishStep(queryID: nil)
            }
            next = later
            try await finishStep(queryID: later.sessionID)
        }
    }

    /// Mixpanel does not know the query any more, so what was read of it is thrown away.
    private func beginAgain(_ error: ProviderError) async throws -> UserQuery {
        guard progress.restarts < BulkRunner.restartsMax else { throw error }
        progress = BulkJob.Progress(restarts: progress.restarts + 1)
        (waiting, length) = ([], 0)
        try await write([], at: 0)
        try await keep()
        return UserQuery(expression: job.criteria.expression)
    }

    // MARK: Events

    private func readActivities() async throws {
        guard let from = job.criteria.from, let to = job.criteria.to else {
            throw InstanceUnusable(message: "from and to are needed.")
        }
        let span = Self.span(from, to)
        while !isFull {
            let start = from.milliseconds + Int64(progress.steps) * span
            guard start < to.milliseconds else { return }
            try Task.checkCancellation()
            let end = min(start + span, to.milliseconds)
            _ = try await access.export(
                ExportQuery(
                    from: Timestamp(milliseconds: start), to: Timestamp(milliseconds: end),
                    expression: job.criteria.expression)
            ) { line in try await self.take(line) }
            try await finishStep(queryID: nil)
        }
    }

    /// Whole days, so many that there are no more than ``BulkRunner/exportsMax`` spans.
    private static func span(_ from: Timestamp, _ to: Timestamp) -> Int64 {
        let day: Int64 = 24 * 3600 * 1000
        let days = max(1, (to.since(from) + day - 1) / day)
        let exports = Int64(BulkRunner.exportsMax)
        return (days + exports - 1) / exports * day
    }

    // MARK: The file

    private var isFull: Bool { job.criteria.limit.map { progress.records >= $0 } ?? false }

    /// What comes beyond the limit is let go.
    private func take(_ record: [UInt8]) async throws {
        guard !isFull else { return }
        progress.records += 1
        waiting += job.criteria.dropsNulls ? NullFields.dropped(from: record) : record
        waiting.append(0x0A)
        if waiting.count >= Self.waitingBytesMax { try await write() }
    }

    private func write() async throws {
        let bytes = waiting
        waiting = []
        try await write(bytes, at: length)
        length += bytes.count
        if runner.now().since(toldAt) >= Self.tellingMilliseconds { try await keep() }
    }

    /// - Throws: ``BulkFileTrouble``.
    private func write(_ bytes: [UInt8], at offset: Int) async throws {
        // Somebody else may have the job, and the file, from then on.
        guard runner.now() < leaseEnd else { throw BulkFileTrouble.leaseOver }
        let isRoom: Bool
        do throws(Failure) {
            isRoom = bytes.isEmpty ? true : try await runner.hasRoom(for: bytes.count)
            if isRoom { try await runner.files.write(bytes, job.id, offset) }
        } catch {
            throw BulkFileTrouble.unusable(error)
        }
        if !isRoom { throw BulkFileTrouble.noRoom }
    }

    private func finishStep(queryID: String?) async throws {
        if !waiting.isEmpty { try await write() }
        do throws(Failure) {
            try await runner.files.sync(job.id)
        } catch {
            throw BulkFileTrouble.unusable(error)
        }
        progress.steps += 1
        progress.queryID = queryID
        progress.keptRecords = progress.records
        progress.bytes = length
        try await keep()
    }

    private func keep() async throws {
        toldAt = runner.now()
        let end = runner.leaseEnd
        try await runner.jobs.keep(
            progress, ofBulkJob: job.id, by: runner.worker, until: end)
        leaseEnd = max(leaseEnd, end)
    }

    /// Holds the job while nothing comes: Mixpanel prepares an export for minutes.
    func renew() async throws {
        let end = runner.leaseEnd
        try await runner.jobs.renewBulkJob(job.id, by: runner.worker, until: end)
        leaseEnd = max(leaseEnd, end)
    }
}

/// Why a bulk job's file is not written.
enum BulkFileTrouble: Error {
    /// All of them together would be longer than ``BulkLimits/filesBytesMax``.
    case noRoom
    case unusable(Failure)
    /// Nobody renewed the lease in time: the process stood still.
    case leaseOver
}

extension ProviderError {
    /// Whether Mixpanel may have forgotten the session of a later page.
    fileprivate func isForgotten(_ query: UserQuery) -> Bool {
        if case .refused = reason { query.page > 0 } else { false }
    }
}

extension String {
    fileprivate static let pageLost =
        "Mixpanel has more people and gives no way to ask for them: try again."
}

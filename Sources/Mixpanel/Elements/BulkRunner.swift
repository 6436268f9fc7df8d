package import Audiences

/// Works on bulk jobs: reads from Mixpanel, and writes files.
///
/// All it knows is in the store and the file, step by step: it can be stopped at any moment, and
/// goes on there in this process or another. A step is a page of people or a span of days; what an
/// interrupted one wrote is cut off.
package struct BulkRunner: Sendable {
    let jobs: any BulkJobStore
    let calls: ElementCalls
    let files: BulkFiles
    let limits: BulkLimits
    let worker: String
    /// Returns when it is time to renew a lease.
    let beat: @Sendable () async throws -> Void
    let now: @Sendable () -> Timestamp

    /// How long a worker that says nothing is waited for: six times its beat, so that a busy
    /// machine takes no job away.
    static let leaseMilliseconds: Int64 = 30_000

    package static let beatPeriod = Duration.seconds(5)

    /// How soon to try again to write a file that could not be written.
    static let fileTroubleMilliseconds: Int64 = 5 * 60_000

    /// How many exports one job is cut into at most: half of what Mixpanel answers an hour.
    static let exportsMax = 30

    /// How often Mixpanel may forget a query before it is read to its end.
    static let restartsMax = 3

    package init(
        jobs: any BulkJobStore, calls: ElementCalls, files: BulkFiles, limits: BulkLimits,
        worker: String,
        beat: @escaping @Sendable () async throws -> Void = {
            try await Task.sleep(for: beatPeriod)
        }
    ) {
        self.jobs = jobs
        self.calls = calls
        self.files = files
        self.limits = limits
        self.worker = worker
        self.beat = beat
        now = calls.now
    }

    /// Takes a job that is due, and works on it until it ended or has to wait.
    ///
    /// Returns soon after the task is cancelled; the job is then free for others.
    ///
    /// - Returns: what it came to; `nil` if nothing was due.
    /// - Throws: what the store throws; the lease then runs out by itself.
    package func work() async throws(Failure) -> BulkOutcome? {
        let claimed = try await jobs.claimBulkJob(until: leaseEnd, by: worker, at: now())
        guard let claimed else { return nil }
        let id = claimed.job.id
        var stop = await stop(of: claimed)
        do throws(Failure) {
            try await conclude(id, after: stop)
        } catch {
            guard error.code == .conflict else { throw error }
            stop = .lost
        }
        try await sweep([id])
        return BulkOutcome(id: id, stop: stop)
    }

    private func conclude(_ id: Int64, after stop: BulkOutcome.Stop) async throws(Failure) {
        switch stop {
        case .completed: try await conclude(id, as: .completed)
        case .aborted(let message): try await conclude(id, as: .aborted, message)
        case .waits(let message, let moment):
            try await conclude(id, as: .running, message, until: moment)
        case .disk(let failure, let moment):
            try await conclude(id, as: .running, failure.message, until: moment)
        case .lost: break
        case .store(let failure): throw failure
        }
    }

    private func conclude(
        _ id: Int64, as status: BulkJob.Status, _ message: String? = nil,
        until moment: Timestamp? = nil
    ) async throws(Failure) {
        try await jobs.concludeBulkJob(
            id, as: status, message: message, resumesAt: moment, by: worker, at: now())
    }

    /// Forgets jobs that ended long ago, and removes files that nobody may read any more.
    package func tidy() async throws(Failure) {
        let horizon = now().milliseconds - Limits.bulkFileMilliseconds
        let moment = Timestamp(milliseconds: horizon)
        while try await jobs.forgetBulkJobs(endedBefore: moment) {}
        try await sweep(try await files.list())
    }

    /// Removes the files of jobs that were aborted, cancelled or forgotten.
    private func sweep(_ ids: [Int64]) async throws(Failure) {
        let kept = try await jobs.bulkJobsWithFiles(among: ids)
        for id in ids where !kept.contains(id) { try await files.remove(id) }
    }

    func hasRoom(for count: Int) async throws(Failure) -> Bool {
        try await files.bytesUsed() <= limits.filesBytesMax - count
    }

    var leaseEnd: Timestamp {
        Timestamp(milliseconds: now().milliseconds + Self.leaseMilliseconds)
    }

    private func stop(of claimed: ClaimedBulkJob) async -> BulkOutcome.Stop {
        guard !claimed.instance.isDisabled else { return .aborted("The instance is disabled.") }
        let age = now().since(claimed.job.createdAt)
        guard age <= Limits.bulkFileMilliseconds else {
            return .aborted("It did not come to its end within a week.")
        }
        do {
            try await calls.using(claimed.instance) { access in
                try await run(BulkDownload(runner: self, access: access, job: claimed.job))
            }
            return .completed
        } catch {
            return stop(after: error)
        }
    }

    /// Renews the lease meanwhile; if that fails, somebody cancelled the job.
    private func run(_ download: BulkDownload) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await download.run() }
            tasks.addTask {
                while true {
                    try await beat()
                    try await download.renew()
                }
            }
            // The second has no end but an error.
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    private func stop(after error: any Error) -> BulkOutcome.Stop {
        func later(_ milliseconds: Int64) -> Timestamp {
            Timestamp(milliseconds: now().milliseconds + milliseconds)
        }
        switch error {
        case is CancellationError: return .waits(nil, until: nil)
        case let busy as MixpanelBusy:
            return .waits(busy.message, until: later(Int64(busy.retryAfterSeconds) * 1000))
        case let error as ProviderError where error.reason == .unreachable(.cancelled):
            return .waits(nil, until: nil)
        case let error as ProviderError where error.error.isPassing:
            return .waits(error.message, until: later(error.error.waitMilliseconds))
        case let error as ProviderError: return .aborted(error.message)
        case let error as InstanceUnusable: return .aborted(error.message)
        case BulkFileTrouble.noRoom:
            return .aborted(
                "The server has no room for the file: all its bulk files may take "
                    + "\(limits.filesBytesMax) bytes (bulk.files_bytes_max).")
        case BulkFileTrouble.unusable(let failure):
            return .disk(failure, until: later(Self.fileTroubleMilliseconds))
        case BulkFileTrouble.leaseOver: return .lost
        case let failure as Failure where failure.code == .conflict: return .lost
        case let failure as Failure: return .store(failure)
        default:
            return .store(
                Failure(.internal, "Something went wrong.", detail: "\(type(of: error))"))
        }
    }
}

/// What became of a bulk job that was worked on.
package struct BulkOutcome: Sendable {
    package enum Stop: Sendable {
        case completed
        case aborted(String)
        /// `nil` if the worker was told to stop.
        case waits(String?, until: Timestamp?)
        /// Its file can't be written now.
        case disk(Failure, until: Timestamp)
        /// Cancelled, or another worker has it.
        case lost
        case store(Failure)
    }

    package let id: Int64
    package let stop: Stop
}

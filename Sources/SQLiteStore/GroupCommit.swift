import Audiences
import GRDB
import Synchronization

/// The one writer: takes all writes that wait, and commits them together.
///
/// A commit costs an `fsync`, and pages that share one share the tree pages they touch, so the
/// rate grows with the number of writers that wait. Each write has a savepoint of its own: one
/// that fails leaves nothing behind and fails alone. Callers go on only after the commit.
final class GroupCommit: Sendable {
    /// How many writes one transaction takes at most.
    ///
    /// Sixteen pages of 1000 members were measured to be most of the gain; beyond it every caller
    /// waits longer for its answer.
    static let batchWritesMax = 64

    /// How many members one transaction takes at most, unless one write has more.
    ///
    /// It bounds how long a commit holds the others up: about half a second.
    static let batchMembersMax = 32_000

    /// How many writes may wait.
    ///
    /// At sixteen to a commit they wait for seconds; who comes later had better try again, for
    /// the pages that wait are in memory.
    static let waitingWritesMax = 1024

    /// After how many written 4 KiB pages the log is copied into the database: 24 MiB.
    ///
    /// The people of a diff stand all over a snapshot, so a page of the tree is written again and
    /// again; the longer the log, the more often it is copied once for many changes, and the longer
    /// the next page waits for that. 20,000 pages saved a tenth and made pages wait twice as long.
    static let checkpointPages = 6000

    /// How many entries of each index a step moves at least: about a millisecond of work.
    static let mergeEntriesMin = 500

    private struct Write: Sendable {
        var members: Int
        var touch: KnownAnswers.Touch
        /// Does the work; returns what to call when the commit has succeeded (`nil`) or failed.
        var perform: @Sendable (Database) throws -> Completion
        var refuse: @Sendable (Failure) -> Void
    }

    private typealias Completion = @Sendable (Failure?) -> Void

    private struct State {
        var waiting: [Write] = []
        /// A block that will take what waits is on the writer's queue.
        var isScheduled = false
        /// How many people came since their keys were last thought of.
        var peopleSinceMerge = 0
        /// How long the log has become.
        var pagesSinceCheckpoint = 0
        /// Why there are no writes any more.
        var stopped: Failure?
    }

    private let pool: DatabasePool
    private let recent: RecentPeople
    private let known: KnownAnswers
    private let log: WriteLog
    private let checkpointPages: Int
    /// Guards what is shared between the callers and the writer's queue.
    private let state = Mutex(State())

    init(
        _ pool: DatabasePool, _ recent: RecentPeople, _ known: KnownAnswers, log: WriteLog,
        checkpointPages: Int = GroupCommit.checkpointPages
    ) {
        self.pool = pool
        self.recent = recent
        self.known = known
        self.log = log
        self.checkpointPages = checkpointPages
    }

    /// Does `work` in a transaction and returns after its commit.
    ///
    /// - Parameters:
    ///   - members: how much it weighs; see ``batchMembersMax``.
    ///   - touch: what becomes of the answers that are known.
    ///   - work: all or nothing of it is kept.
    /// - Returns: what `work` returned.
    /// - Throws: what `work` threw, or that the commit failed.
    func write<Value: Sendable>(
        members: Int = 0, touching touch: KnownAnswers.Touch = .everything,
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            enqueue(
                Write(
                    members: members, touch: touch,
                    perform: { db in
                        let value = try work(db)
                        return { failure in
                            continuation.resume(
                                returning: failure.map { .failure($0) } ?? .success(value))
                        }
                    },
                    refuse: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    /// Refuses every write from now on and waits until those that came before are done.
    func close() async throws {
        state.withLock { $0.stopped = Self.closed }
        while state.withLock({ $0.isScheduled }) {
            try await pool.writeWithoutTransaction { _ in }
        }
    }

    static let closed = Failure(.unavailable, "The store is closed.")

    private static let full = Failure(
        .unavailable, "Too many writes wait for the store; try again.")

    var isClosed: Bool {
        state.withLock { $0.stopped == Self.closed }
    }

    // MARK: The queue

    private func enqueue(_ write: Write) {
        let (refusal, mustSchedule) = state.withLock { state -> (Failure?, Bool) in
            if let stopped = state.stopped { return (stopped, false) }
            guard state.waiting.count < Self.waitingWritesMax else { return (Self.full, false) }
            state.waiting.append(write)
            defer { state.isScheduled = true }
            return (nil, !state.isScheduled)
        }
        if let refusal { write.refuse(refusal) }
        if mustSchedule { schedule() }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { db in
            self.commit(self.nextBatch(), in: db)
            // Not both in one turn, for the next page waits for either.
            if !self.checkpointIfDue(db) { self.mergeIfDue(db) }
            self.recent.indexed.readIfDue(self.recent.indexedCount, path: self.pool.path)
            let isMore = self.state.withLock { state in
                state.isScheduled = !state.waiting.isEmpty
                return state.isScheduled
            }
            // A block for each batch, so that a checkpoint or a close gets its turn.
            if isMore { self.schedule() }
        }
    }

    private func nextBatch() -> [Write] {
        state.withLock { state in
            let batch = state.waiting.prefix(
                Self.batchLength(state.waiting.lazy.map(\.members)))
            state.waiting.removeFirst(batch.count)
            return Array(batch)
        }
    }

    /// How many writes of these sizes, from the first on, go into one transaction.
    static func batchLength(_ sizes: some Sequence<Int>) -> Int {
        var writes = 0
        var members = 0
        for size in sizes {
            members += size
            guard writes == 0 || (writes < batchWritesMax && members <= batchMembersMax) else {
                break
            }
            writes += 1
        }
        return writes
    }

    /// How many writes wait for their transaction.
    var waitingCount: Int {
        state.withLock { $0.waiting.count }
    }

    // MARK: One transaction

    private func commit(_ batch: [Write], in db: Database) {
        guard !batch.isEmpty else { return }
        let start = ContinuousClock.now
        var completions: [Completion] = []
        do {
            try db.beginTransaction(.immediate)
            try recent.begin(db)
            for write in batch {
                let completion = try perform(write, in: db)
                completions.append(completion)
            }
        } catch {
            abandon(error, in: .statement, db)
            let failure = SQLiteFailure.failure(error)
            for completion in completions { completion(failure) }
            for write in batch.dropFirst(completions.count) { write.refuse(failure) }
            return
        }
        do {
            try commit(db)
        } catch {
            abandon(error, in: .sync, db)
            let failure = SQLiteFailure.failure(error)
            for completion in completions { completion(failure) }
            return
        }
        let people = recent.commit()
        state.withLock { $0.peopleSinceMerge += people }
        log.committed(batch.count, since: start)
        for completion in completions { completion(nil) }
    }

    /// Commits, and forgets what is not true any more, before anybody is told.
    private func commit(_ db: Database) throws {
        countPages(db)
        known.willCommit()
        try db.commit()
        known.didCommit(isChange: countPages(db) > 0)
    }

    /// Does one write in its savepoint.
    ///
    /// - Throws: what dooms the whole transaction: SQLite has rolled it back by itself (a full
    ///   disk, say), or the savepoint can't be left.
    private func perform(_ write: Write, in db: Database) throws -> Completion {
        let mark = recent.mark
        if write.touch == .everything { known.touchEverything() }
        try db.prepared("SAVEPOINT page").run()
        do {
            let completion = try write.perform(db)
            try db.prepared("RELEASE page").run()
            return completion
        } catch {
            guard db.isInsideTransaction,
                SQLiteFailure.consequence(of: error, in: .statement) == .retry
            else { throw error }
            try db.prepared("ROLLBACK TO page").run()
            try db.prepared("RELEASE page").run()
            recent.rollBack(to: mark)
            let failure = SQLiteFailure.failure(error)
            return { _ in write.refuse(failure) }
        }
    }

    private func abandon(_ error: any Error, in moment: SQLiteFailure.Moment, _ db: Database) {
        log.failed()
        recent.rollBack()
        known.didRollBack()
        if db.isInsideTransaction {
            try? db.rollback()
        }
        if db.isInsideTransaction {
            // Not even that worked; SQLite rolls back when the file is opened the next time.
            stop(error)
        } else {
            stopIfFatal(error, in: moment)
        }
    }

    private func stopIfFatal(_ error: any Error, in moment: SQLiteFailure.Moment) {
        if SQLiteFailure.consequence(of: error, in: moment) == .stop {
            stop(error)
        }
    }

    /// Refuses what waits, and every write from now on.
    private func stop(_ error: any Error) {
        let cause = SQLiteFailure.failure(error)
        log.stopped(cause)
        let failure = Failure(
            cause.code, "The store stopped writing after a fault; restart the server.",
            detail: cause.detail)
        let refused = state.withLock { state in
            state.stopped = failure
            defer { state.waiting = [] }
            return state.waiting
        }
        for write in refused { write.refuse(failure) }
    }

    // MARK: Behind the callers' backs

    /// Brings people into the indexes: some more than came, so that it comes to an end before as
    /// many have come together again.
    private func mergeIfDue(_ db: Database) {
        let people = state.withLock { state in
            defer { state.peopleSinceMerge = 0 }
            return state.peopleSinceMerge
        }
        guard recent.isMergeDue else { return }
        do {
            try db.beginTransaction(.immediate)
            let step = try recent.merge(people + Self.mergeEntriesMin, db)
            try commit(db)
            recent.merged(step)
        } catch {
            abandon(error, in: .sync, db)
        }
    }

    /// Copies the log into the database once it has become long.
    ///
    /// SQLite's own automatic checkpoint would run inside the commit, while callers wait, and
    /// would keep its failed `fsync` to itself.
    ///
    /// Returns whether it had.
    private func checkpointIfDue(_ db: Database) -> Bool {
        let isDue = state.withLock { state in
            guard state.pagesSinceCheckpoint >= checkpointPages else { return false }
            state.pagesSinceCheckpoint = 0
            return true
        }
        guard isDue else { return false }
        do {
            _ = try db.checkpoint(.passive)
        } catch {
            stopIfFatal(error, in: .sync)
        }
        return true
    }

    /// Returns how many pages were written since this was last called.
    @discardableResult
    private func countPages(_ db: Database) -> Int {
        let pages = db.takePagesWritten()
        state.withLock { $0.pagesSinceCheckpoint += pages }
        return pages
    }
}

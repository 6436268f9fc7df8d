package import Audiences
import CSQLite
package import CoreMetrics
import GRDB
package import Logging

/// When the writer does what no page needs to wait for; tests do it sooner.
struct Upkeep: Sendable {
    var checkpointPages = GroupCommit.checkpointPages
    var recentPeopleMax = RecentPeople.peopleMax
    var filterPeopleMin = IndexedKeys.peopleMin
}

/// Keeps everything in one SQLite database: the ports of the domain over one file.
///
/// One writer with group commit (``GroupCommit``), several readers that each see one committed
/// state. docs/schema.md tells the tables and why they are so.
package final class SQLiteStore: Sendable {
    /// Who opens the store.
    package enum Role: Sendable, Hashable {
        /// The one server of the directory; a second one is refused.
        case server
        /// A command beside it; the running server sees its writes at once.
        case tool
    }

    let pool: DatabasePool
    let lookUps: LookUps
    let writer: GroupCommit
    let writeLog: WriteLog
    /// Hashes ids under this store's own keys.
    let hashing: Hashing
    /// Finds who is not in the database's indexes yet.
    let recent: RecentPeople
    /// Answers that were read before.
    let known: KnownAnswers
    let knownRules = KnownRules()
    let role: Role
    let retention: Retention
    /// Rings after commits that wrote changes.
    let bell = ChangeBell()
    private let lock: ServerLock?

    private init(
        pool: DatabasePool, writer: GroupCommit, writeLog: WriteLog, hashing: Hashing,
        recent: RecentPeople, known: KnownAnswers, role: Role, retention: Retention,
        lock: ServerLock?
    ) {
        self.pool = pool
        lookUps = LookUps(path: pool.path)
        self.writeLog = writeLog
        self.hashing = hashing
        self.recent = recent
        self.known = known
        self.role = role
        self.retention = retention
        self.lock = lock
        self.writer = writer
    }

    /// How many writes wait for their transaction.
    package var waitingWrites: Int { writer.waitingCount }

    /// The name of the database in its directory.
    package static let databaseName = "muster.sqlite"
    /// The name of the file that keeps a second server off.
    package static let lockName = "server.lock"

    /// Opens the store of a directory, or creates it.
    ///
    /// Blocks while it works: for use at the start of a process.
    ///
    /// - Parameters:
    ///   - directory: the data directory.
    ///   - role: who opens it.
    ///   - files: makes missing files with private modes.
    ///   - retention: how long to keep what nobody may need any more.
    ///   - logger: for what operators have to know.
    ///   - metrics: makes the instruments of ``StoreMetrics``.
    /// - Returns: the store, its schema up to date.
    /// - Throws: `conflict` if another server uses the directory, or if the store was made by a
    ///   newer version or by another program: then it is left as it is. `unavailable` if it can't
    ///   be opened.
    package static func open(
        directory: String, as role: Role, files: StoreFiles, retention: Retention = Retention(),
        logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(Failure) -> SQLiteStore {
        try open(
            directory: directory, as: role, files: files, retention: retention, logger: logger,
            metrics: metrics, upkeep: Upkeep())
    }

    /// As above.
    static func open(
        directory: String, as role: Role, files: StoreFiles, retention: Retention = Retention(),
        logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance, upkeep: Upkeep
    ) throws(Failure) -> SQLiteStore {
        let path = "\(directory)/\(databaseName)"
        let lockPath = "\(directory)/\(lockName)"
        do {
            try files.createMissing(directory, [path, lockPath])
        } catch {
            throw Failure(
                .unavailable, "The data directory can't be made; check its owner.",
                detail: directory)
        }
        _ = withoutMemoryStatistics
        let lock = role == .server ? try ServerLock(path: lockPath) : nil
        do {
            try refuseForeign(path: path)
            let pool = try DatabasePool(path: path, configuration: Pragmas.configuration())
            try pool.writeWithoutTransaction(Pragmas.insistOnLog)
            try migrate(pool, lockPath: lockPath, isLocked: lock != nil, logger)
            let hashing = try pool.writeWithoutTransaction { db in
                try Pragmas.prepareWriter(db, checkpointsItself: role == .server)
                return try Migrations.hashing(db)
            }
            let recent = RecentPeople(
                hashing, isAlone: role == .server, peopleMax: upkeep.recentPeopleMax,
                indexed: IndexedKeys(peopleMin: upkeep.filterPeopleMin))
            try pool.writeWithoutTransaction(recent.begin)
            let known = KnownAnswers()
            if role == .server {
                known.open(pool.writeWithoutTransaction { db in CommitCount(db) })
            }
            let log = WriteLog(logger, StoreMetrics(metrics))
            return SQLiteStore(
                pool: pool,
                writer: GroupCommit(
                    pool, recent, known, log: log, checkpointPages: upkeep.checkpointPages),
                writeLog: log, hashing: hashing, recent: recent, known: known, role: role,
                retention: retention, lock: lock)
        } catch {
            lock?.release()
            throw SQLiteFailure.failure(error)
        }
    }

    /// Once in a process, and before SQLite is first used.
    private static let withoutMemoryStatistics: Void = muster_sqlite_keep_no_memory_statistics()

    /// Throws `conflict` for a file that is not ours, which is left as it is.
    ///
    /// Only a file that was cut off while it was made has a rollback journal, for the store has a
    /// log instead; a read-only connection can't look at it until somebody has rolled it back.
    private static func refuseForeign(path: String) throws {
        do {
            try Migrations.refuseForeign(path: path)
        } catch  where SQLiteFailure.wantsRollback(error) {
            let queue = try DatabaseQueue(path: path)
            _ = try queue.read { db in try db.prepared("PRAGMA schema_version").run() }
            try queue.close()
            try Migrations.refuseForeign(path: path)
        }
    }

    /// Brings the schema up to date, never under the feet of a running server.
    private static func migrate(
        _ pool: DatabasePool, lockPath: String, isLocked: Bool, _ logger: Logger
    ) throws {
        let migrator = Migrations.migrator
        if try pool.read(migrator.hasCompletedMigrations) { return }
        let lock = isLocked ? nil : try ServerLock(path: lockPath)
        defer { lock?.release() }
        // Before the migrator's own table: what is cut off here must not look like the file of
        // another program.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA application_id = \(Pragmas.applicationID)")
        }
        let done = try pool.read(migrator.appliedIdentifiers)
        for step in migrator.migrations where !done.contains(step) {
            // A step may copy a table: who waits has to know for what. A new store has none.
            if !done.isEmpty {
                logger.notice("bringing the store up to date", metadata: ["step": "\(step)"])
            }
            try migrator.migrate(pool, upTo: step)
        }
    }

    /// Finishes the writes that wait, empties the log into the database and closes it.
    ///
    /// Every later read or write throws `unavailable`; closing again does nothing.
    package func close() async throws(Failure) {
        guard !writer.isClosed else { return }
        do {
            try await writer.close()
            lookUps.close()
            known.close()
            recent.indexed.close()
            try await pool.barrierWriteWithoutTransaction { db in
                _ = try? db.checkpoint(.truncate)
            }
            try pool.close()
        } catch {
            throw SQLiteFailure.failure(error)
        }
        lock?.release()
    }

    /// Writes what may be told in the change feed, and wakes who waits for that.
    func writeChanges<Value: Sendable>(
        members: Int = 0, touching touch: KnownAnswers.Touch = .everything,
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        let (value, latest) = try await writer.write(members: members, touching: touch) { db in
            (try work(db), try db.latestChange())
        }
        bell.ring(latest)
        return value
    }

    /// Looks something up, without leaving the caller's thread if that is possible.
    func look<Value: Sendable>(
        up lookUp: LookUp, _ body: @escaping @Sendable (Prepared) throws -> Value
    ) async throws(Failure) -> Value {
        if let value = lookUps.read(lookUp, body) { return value }
        return try await read { db in try body(db.prepared(lookUp.sql)) }
    }

    /// Reads one committed state on the pool's queues, and finds people in it.
    func readPeople<Value: Sendable>(
        _ body: @escaping @Sendable (Database, PeopleByID) throws -> Value
    ) async throws(Failure) -> Value {
        while true {
            let generation = recent.generation
            let value = try await read { [hashing, recent, role] db in
                // The state is that of the first statement; see RecentPeople. A command asks the
                // database alone: the server beside it does not tell it of new people.
                _ = try db.lastIndexedPerson()
                let keys =
                    try role == .tool ? RecentKeys(db, hashing) : recent.keys(if: generation)
                return try keys.map {
                    try body(db, PeopleByID(db: db, siphash: hashing.people, recent: $0))
                }
            }
            if let value { return value }
        }
    }

    /// Reads one committed state on the pool's queues.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            if writer.isClosed { throw GroupCommit.closed }
            throw SQLiteFailure.failure(error)
        }
    }
}

import GRDB

/// How the connections to the database are set up, each choice with its reason.
enum Pragmas {
    /// How long a write waits for a tool's, and a tool's for the server's.
    ///
    /// Writers hold the lock for one batch, far below a second; Mixpanel waits longer than this.
    static let busyTimeoutSeconds = 5.0

    /// Look-ups are short and there are few cores; more readers would only queue elsewhere.
    static let readersMax = 4

    /// The writer's page cache, in KiB: the indexes of a quarter of a million people fit.
    ///
    /// In larger ones strangers are not looked for (``IndexedKeys``), and what is not here is in
    /// the system's cache.
    static let writerCacheKibibytes = 16 * 1024

    /// Each reader's page cache, in KiB; what is not in it is in the system's.
    static let readerCacheKibibytes = 8 * 1024

    /// Marks the file as Muster's: "MSTR" in ASCII.
    static let applicationID = 0x4d53_5452

    static func configuration() -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "muster.store"
        configuration.maximumReaderCount = readersMax
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        // Foreign keys guard the small tables; membership has none, for each row would cost
        // a look-up of its parents.
        configuration.foreignKeysEnabled = true
        // A rollback that fails leaves its transaction open. GRDB would trap; the writer stops
        // instead (GroupCommit), and the readers go on.
        configuration.allowsUnsafeTransactions = true
        // An error must not carry people's ids into a log.
        configuration.publicStatementArguments = false
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -\(readerCacheKibibytes)")
            // A mapped file turns an I/O error into SIGBUS, which kills every client.
            try db.execute(sql: "PRAGMA mmap_size = 0")
            // Deleted people must not linger in free pages of the file, long ones neither, whose
            // pages FAST would leave as they are.
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        return configuration
    }

    /// For connections that look up on an event loop: read only, and never waiting for a lock.
    static func lookUpConfiguration() -> GRDB.Configuration {
        var configuration = configuration()
        configuration.label = "muster.look-up"
        configuration.readonly = true
        configuration.busyMode = .immediateError
        return configuration
    }

    /// Makes sure that the file is in WAL mode, whatever GRDB believes.
    ///
    /// The pragma gives its answer before it commits. GRDB reads the answer and no further, and
    /// so goes on with a rollback journal if the disk fails at that moment.
    static func insistOnLog(_ db: Database) throws {
        guard try String.fetchAll(db, sql: "PRAGMA journal_mode = WAL") == ["wal"] else {
            throw DatabaseError(resultCode: .SQLITE_IOERR)
        }
    }

    /// Sets up the writer, after GRDB has switched the file to WAL.
    static func prepareWriter(_ db: Database, checkpointsItself: Bool) throws {
        // GRDB chooses NORMAL for WAL, which may lose the last commits when the power fails; but
        // a page that was answered 200 must be there.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try db.execute(sql: "PRAGMA cache_size = -\(writerCacheKibibytes)")
        // The server runs checkpoints itself, after its callers have gone on (GroupCommit).
        let pages = checkpointsItself ? 0 : GroupCommit.checkpointPages
        try db.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
    }
}

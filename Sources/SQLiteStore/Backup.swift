package import Audiences
import GRDB

/// Copies of a whole store, taken while a server writes to it.
package enum Backup {
    /// What is said while pages of the database are copied: how many of how many.
    package typealias Progress = (_ done: Int, _ total: Int) -> Void

    /// Pages copied between two words about the progress: a MiB.
    static let stepPages: Int32 = 256

    /// How long a restore waits for other commands, which mostly take less.
    static let othersPatienceSeconds = 1.0

    /// Copies the store of a directory, as it is at one moment, into a file.
    ///
    /// The copy is read through once, so that no damaged one is taken for a backup. The store is
    /// neither changed nor brought up to date, and the log grows meanwhile by what others write.
    ///
    /// - Parameters:
    ///   - directory: the data directory.
    ///   - path: an empty file, made private by the caller; a single whole database afterwards.
    ///   - progress: is told now and then how far it is.
    /// - Throws: `notFound` if there is no store; `conflict` if it is not ours or is newer than
    ///   this program; `internal` if it is damaged; `unavailable` if the disk fails or is full.
    package static func make(
        of directory: String, at path: String, progress: Progress
    ) throws(Failure) {
        try failing {
            let source = try reader("\(directory)/\(SQLiteStore.databaseName)")
            defer { try? source.close() }
            try source.read { source in
                try refuse(source, "The data directory", path: directory)
                try copy(source, to: path, progress)
            }
        }
    }

    /// Makes the store of a directory what a backup holds.
    ///
    /// The change is one transaction of SQLite's: wherever it is cut off, the old store is still
    /// there. A store that can't be opened any more is kept under another name instead.
    ///
    /// - Parameters:
    ///   - path: a file that ``make(of:at:progress:)`` made; it stays as it is.
    ///   - directory: the data directory, which nobody else may use meanwhile.
    ///   - files: makes missing files with private modes.
    ///   - exchange: gives a whole new file the name of the damaged one, and says where that is
    ///     kept.
    ///   - progress: is told now and then how far it is.
    /// - Returns: where the damaged store is kept; `nil` if there was none.
    /// - Throws: `notFound` if there is no such file; `conflict` if a server or another command
    ///   uses the directory, or the file is no backup of this or an earlier version; `internal` if
    ///   it is damaged; `unavailable` if a disk fails or is full.
    package static func restore(
        _ path: String, to directory: String, files: StoreFiles,
        exchange: (_ damaged: String, _ new: String) throws -> String, progress: Progress
    ) throws(Failure) -> String? {
        let database = "\(directory)/\(SQLiteStore.databaseName)"
        let lockPath = "\(directory)/\(SQLiteStore.lockName)"
        return try failing {
            let source = try backupReader(path)
            defer { try? source.close() }
            try files.createMissing(directory, [lockPath])
            let lock = try ServerLock(path: lockPath)
            defer { lock.release() }
            return try source.read { source in
                try refuse(source, "The file", path: path)
                guard try isWhole(source) else {
                    throw Failure(.internal, "The backup is damaged; use another one.")
                }
                try files.createMissing(directory, [database])
                if let target = try opened(database) {
                    defer { try? target.close() }
                    try write(source, into: target, progress)
                    return nil
                }
                let draft = database + ".restored"
                try files.createMissing(directory, [draft])
                try copy(source, to: draft, progress)
                return try exchange(database, draft)
            }
        }
    }

    // MARK: Copying

    private static func copy(
        _ source: Database, to path: String, _ progress: Progress
    ) throws {
        let target = try DatabaseQueue(path: path)
        defer { try? target.close() }
        try write(source, into: target, progress)
        try target.inDatabase { target in
            // Without it the copy would want a log beside it, for its first page says so.
            try target.prepared("PRAGMA journal_mode = DELETE").run()
            guard try isWhole(target) else { throw damage("quick_check of the copy") }
        }
    }

    /// All in one transaction; the reader's keeps the source as it is meanwhile.
    private static func write(
        _ source: Database, into target: DatabaseQueue, _ progress: Progress
    ) throws {
        try withoutActuallyEscaping(progress) { progress in
            try target.writeWithoutTransaction { target in
                try source.backup(to: target, pagesPerStep: stepPages) { step in
                    progress(step.completedPageCount, step.totalPageCount)
                }
            }
        }
    }

    private static func reader(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.label = "muster.backup"
        configuration.readonly = true
        configuration.busyMode = .timeout(Pragmas.busyTimeoutSeconds)
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            throw Failure(.notFound, "There is no store, or it can't be read.", detail: path)
        }
    }

    private static func backupReader(_ path: String) throws -> DatabaseQueue {
        do {
            return try reader(path)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
            throw Failure(.conflict, "The file is no backup of Muster.", detail: path)
        }
    }

    /// The store, without its log and used by nobody else; `nil` if it is damaged.
    private static func opened(_ path: String) throws -> DatabaseQueue? {
        var configuration = GRDB.Configuration()
        configuration.label = "muster.restore"
        configuration.busyMode = .timeout(othersPatienceSeconds)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { db in
                // Nobody else may have it open: a log that somebody writes to is not removed. And
                // with a journal in its place the pages may have another size.
                try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
                // The deleted journal must stay deleted when the power fails after the last word.
                try db.execute(sql: "PRAGMA synchronous = EXTRA")
                let mode = try db.prepared("PRAGMA journal_mode = DELETE").first { $0.text(0) }
                guard mode == "delete" else { throw DatabaseError(resultCode: .SQLITE_BUSY) }
            }
            return queue
        } catch let error as DatabaseError
            where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode)
        {
            return nil
        } catch  where SQLiteFailure.isBusy(error) {
            throw Failure(.conflict, "Another command uses this store; let it finish first.")
        }
    }

    // MARK: Refusing

    private static func refuse(_ db: Database, _ place: String, path: String) throws {
        guard try !Migrations.isEmpty(db) else {
            throw Failure(.conflict, "\(place) holds no store of Muster.", detail: path)
        }
        try Migrations.refuseForeign(db, place, path: path)
    }

    private static func isWhole(_ db: Database) throws -> Bool {
        try db.prepared("PRAGMA quick_check(1)").first { row in row.text(0) } == "ok"
    }

    private static func failing<Value>(_ body: () throws -> Value) throws(Failure) -> Value {
        do {
            return try body()
        } catch let error where error is Failure || error is DatabaseError {
            throw SQLiteFailure.failure(error)
        } catch {
            throw Failure(
                .unavailable, "A file can't be made; check the owner of its directory.",
                detail: "\(error)")
        }
    }
}

import Audiences
import GRDB

/// Turns what SQLite reports into the domain's ``Failure``.
///
/// The only place that reads result codes. No argument of a statement gets into a text, for
/// arguments are people's data.
enum SQLiteFailure {
    /// What a failed write means for the writes after it.
    enum Consequence: Sendable, Hashable {
        /// It may be tried again.
        case retry
        /// No write until the process has been restarted and the store has been read anew.
        case stop
    }

    /// While what an error came up.
    enum Moment: Sendable, Hashable {
        case statement
        /// A commit or a checkpoint: the moments of `fsync`.
        case sync
    }

    static func failure(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? DatabaseError else {
            // GRDB's reads throw CancellationError when their task is cancelled.
            return Failure(
                .unavailable, "The store's work was cancelled; try again.",
                detail: String(describing: type(of: error)))
        }
        let (code, message) = meaning(of: error.resultCode)
        return Failure(code, message, detail: detail(of: error))
    }

    /// Whether writes may go on after `error`.
    ///
    /// After a failed `fsync` the kernel may have dropped what it could not write and call the
    /// next one a success (Rebello et al., "Can Applications Recover from fsync Failures?",
    /// ATC '20), so nothing read through the page cache proves what is on the disk. Damage, too,
    /// only grows by writing on.
    static func consequence(of error: any Error, in moment: Moment) -> Consequence {
        guard let error = error as? DatabaseError else { return .retry }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return .stop
        case .SQLITE_IOERR:
            let isSync = [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC]
                .contains(error.extendedResultCode)
            return isSync || moment == .sync ? .stop : .retry
        default:
            return .retry
        }
    }

    /// Whether the error says that somebody else holds the lock.
    static func isBusy(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
    }

    /// Whether a transaction that was cut off must be rolled back before anything can be read.
    static func wantsRollback(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.extendedResultCode == .SQLITE_READONLY_ROLLBACK
    }

    /// Whether a row of that key was there already.
    static func isDuplicate(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY]
            .contains(error.extendedResultCode)
    }

    private static func meaning(of code: ResultCode) -> (Failure.Code, String) {
        switch code {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (.unavailable, "The store is busy; try again.")
        case .SQLITE_FULL:
            (.unavailable, "The store's disk is full; make room.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            (.unavailable, "The store's files can't be opened for writing; check their owner.")
        case .SQLITE_IOERR:
            (.unavailable, "The store's disk failed; check it.")
        case .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_ABORT, .SQLITE_PROTOCOL:
            (.unavailable, "The store could not finish; try again.")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            (.internal, "The store is damaged; restore a backup.")
        default:
            (.internal, "The store failed; see the log.")
        }
    }

    private static func detail(of error: DatabaseError) -> String {
        let code = "SQLite code \(error.extendedResultCode.rawValue)"
        return error.message.map { "\(code): \($0)" } ?? code
    }
}

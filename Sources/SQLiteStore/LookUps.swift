import GRDB
import GRDBSQLite
import Synchronization

/// What may be looked up on an event loop, each in one statement.
///
/// One statement is a transaction of its own, and so sees one committed state.
enum LookUp: CaseIterable, Sendable {
    case memberships, membershipsOfRecent, operatorKey, launches, publicKey, elementUser

    var sql: String {
        switch self {
        case .memberships: SQLiteStore.selectMemberships
        case .membershipsOfRecent: SQLiteStore.selectMembershipsOfRecent
        case .operatorKey: SQLiteStore.selectKeyByID
        case .launches: SQLiteStore.selectLaunches
        case .publicKey: SQLiteStore.selectByPublicKey
        case .elementUser: SQLiteStore.selectUserByID
        }
    }
}

/// Read-only connections that answer look-ups on the thread that asks.
///
/// A read of GRDB's pool hops to a queue and back, which takes ten times as long as to find a few
/// rows whose pages are in memory. Here the caller's event loop does it itself, and its other
/// connections wait meanwhile. So only what is short may come here: a few probes by key, never a
/// list. ``stepsMax`` bounds it, nothing here waits for a lock, and whatever can't be done in these
/// bounds is left to the pool. What remains is the disk: a page that is not in memory is read
/// while the loop waits. docs/decisions/0002-look-ups.md has the figures.
///
/// No read lasts longer than its look-up, so none keeps a checkpoint from its end.
final class LookUps: Sendable {
    /// How many connections are kept.
    ///
    /// A connection is opened when every other is in use, so there are as many as threads that
    /// look up at the same time: one for each event loop, and now and then another.
    static let connectionsMax = 64

    /// How many steps of SQLite's machine one look-up may take before it is left to the pool.
    ///
    /// Somebody in one audience takes about 50, and every further audience 20: so this is enough
    /// for 250 audiences, which take about a millisecond.
    static let stepsMax = 5000

    private struct State {
        var free: [LookUpConnection] = []
        var openCount = 0
        var isClosed = false
    }

    private let path: String
    private let stepsMax: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: of the database, which is in WAL mode and stays open elsewhere.
    ///   - stepsMax: see ``LookUps/stepsMax``.
    init(path: String, stepsMax: Int = LookUps.stepsMax) {
        self.path = path
        self.stepsMax = stepsMax
    }

    /// Runs one look-up at once.
    ///
    /// `nil` if that failed, for whatever reason: the pool can wait, tries again, and knows what to
    /// say if that fails too.
    func read<Value>(_ lookUp: LookUp, _ body: (Prepared) throws -> Value) -> Value? {
        guard let connection = take() else { return nil }
        defer { giveBack(connection) }
        return try? connection.read(lookUp, body)
    }

    /// Leaves every later look-up to the pool; closes what is not in use now, and the rest when its
    /// look-up ends.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.openCount -= state.free.count
            state.free = []
        }
    }

    /// How many connections are open.
    var openCount: Int { state.withLock { $0.openCount } }

    private enum Place {
        case free(LookUpConnection)
        case toOpen, none
    }

    private func take() -> LookUpConnection? {
        let place = state.withLock { state -> Place in
            if let connection = state.free.popLast() { return .free(connection) }
            guard !state.isClosed, state.openCount < Self.connectionsMax else { return .none }
            state.openCount += 1
            return .toOpen
        }
        switch place {
        case .free(let connection): return connection
        case .none: return nil
        case .toOpen: break
        }
        let opened = try? LookUpConnection(path: path, stepsMax: stepsMax)
        if opened == nil { state.withLock { $0.openCount -= 1 } }
        return opened
    }

    private func giveBack(_ connection: LookUpConnection) {
        state.withLock { state in
            if state.isClosed {
                state.openCount -= 1
            } else {
                state.free.append(connection)
            }
        }
    }
}

/// One connection and its statements.
///
/// GRDB opens and closes it. In between, its queue is left out: the statements are driven through
/// SQLite's own calls, by whoever took the connection from those that are free.
///
/// `@unchecked Sendable`: ``LookUps`` lends it to one thread at a time.
private final class LookUpConnection: @unchecked Sendable {
    /// After how many steps SQLite asks whether to go on.
    private static let stepsPerCheck = 1000

    private let statements: [LookUp: Prepared]
    private let checksMax: Int
    private var checksLeft = 0
    private let queue: DatabaseQueue

    init(path: String, stepsMax: Int) throws {
        queue = try DatabaseQueue(path: path, configuration: Pragmas.lookUpConfiguration())
        checksMax = stepsMax / Self.stepsPerCheck
        statements = try queue.read { db in
            try Dictionary(
                uniqueKeysWithValues: LookUp.allCases.map { ($0, try db.prepared($0.sql)) })
        }
        queue.unsafeRead { db in
            // The handler is called inside `read` only, and so while `self` is there.
            sqlite3_progress_handler(
                db.sqliteConnection, Int32(Self.stepsPerCheck),
                { context in
                    guard let context else { return 1 }
                    let connection = Unmanaged<LookUpConnection>.fromOpaque(context)
                        .takeUnretainedValue()
                    return connection.mayGoOn() ? 0 : 1
                }, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    func read<Value>(_ lookUp: LookUp, _ body: (Prepared) throws -> Value) throws -> Value? {
        checksLeft = checksMax
        return try statements[lookUp].map(body)
    }

    /// SQLite counts the steps of a statement over all its runs, so a short look-up may be asked
    /// too, once.
    private func mayGoOn() -> Bool {
        checksLeft -= 1
        return checksLeft >= 0
    }
}

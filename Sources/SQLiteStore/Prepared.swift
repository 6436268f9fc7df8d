import Audiences
import GRDB
import GRDBSQLite

/// A prepared statement of GRDB's cache, driven through SQLite's own calls.
///
/// Two reasons: GRDB takes blobs as Foundation's `Data` only, and cuts texts at a NUL, which a
/// cohort's name may hold. Transactions stay GRDB's. Never outlives the access to the database
/// it was made in, except in a connection that nobody else uses (``LookUps``); no pointer leaves
/// this file.
struct Prepared {
    private let statement: Statement

    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
    }

    /// Runs the statement to its end.
    func run<each Value: SQLValue>(_ values: repeat each Value) throws {
        try start(repeat each values)
        defer { finish() }
        while try step() {}
    }

    /// Runs the statement and returns how many rows it inserted, changed or deleted.
    func change<each Value: SQLValue>(_ values: repeat each Value) throws -> Int {
        try run(repeat each values)
        return Int(sqlite3_changes64(sqlite3_db_handle(statement.sqliteStatement)))
    }

    /// The first row, read by `read`; `nil` if there is none.
    func first<each Value: SQLValue, Result>(
        _ values: repeat each Value, read: (SQLRow) throws -> Result
    ) throws -> Result? {
        try start(repeat each values)
        defer { finish() }
        guard try step() else { return nil }
        return try read(SQLRow(raw: statement.sqliteStatement))
    }

    /// Every row, read by `read`.
    func all<each Value: SQLValue, Result>(
        _ values: repeat each Value, read: (SQLRow) throws -> Result
    ) throws -> [Result] {
        var results: [Result] = []
        try start(repeat each values)
        defer { finish() }
        while try step() {
            results.append(try read(SQLRow(raw: statement.sqliteStatement)))
        }
        return results
    }

    /// Every row, until `body` wants no more.
    func each<each Value: SQLValue>(
        _ values: repeat each Value, body: (SQLRow) throws -> Bool
    ) throws {
        try start(repeat each values)
        defer { finish() }
        while try step(), try body(SQLRow(raw: statement.sqliteStatement)) {}
    }

    private func start<each Value: SQLValue>(_ values: repeat each Value) throws {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            let code = value.bind(to: statement.sqliteStatement, at: index)
            guard code == SQLITE_OK else { throw error(code) }
        }
    }

    private func step() throws -> Bool {
        switch sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    /// Ends the read or write transaction the statement may hold, and forgets people's data.
    private func finish() {
        sqlite3_reset(statement.sqliteStatement)
        sqlite3_clear_bindings(statement.sqliteStatement)
    }

    private func error(_ code: Int32) -> DatabaseError {
        let message = sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement))
            .map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

/// One row while its statement stands on it.
struct SQLRow {
    fileprivate let raw: OpaquePointer

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(raw, column) == SQLITE_NULL
    }

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(raw, column)
    }

    func count(_ column: Int32) -> Int {
        Int(sqlite3_column_int64(raw, column))
    }

    func time(_ column: Int32) -> Timestamp {
        Timestamp(milliseconds: sqlite3_column_int64(raw, column))
    }

    func text(_ column: Int32) -> String {
        withText(column) { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Lends the text of a column; `nil` if it is NULL.
    func withText<Result>(
        _ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result? {
        // The pointer has to be asked for before the length: it may convert the value.
        guard let start = sqlite3_column_text(raw, column) else { return nil }
        let length = Int(sqlite3_column_bytes(raw, column))
        return try body(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// Whether a column is a text of these bytes.
    func isText(_ column: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        withText(column) { $0.hasSameBytes(as: bytes) } ?? false
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(raw, column) else { return [] }
        return Array(
            UnsafeRawBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(raw, column))))
    }

    // Each of these is `nil` if the column is NULL.

    func optionalInteger(_ column: Int32) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    func optionalCount(_ column: Int32) -> Int? {
        isNull(column) ? nil : count(column)
    }

    func optionalTime(_ column: Int32) -> Timestamp? {
        isNull(column) ? nil : time(column)
    }

    func optionalReal(_ column: Int32) -> Double? {
        isNull(column) ? nil : sqlite3_column_double(raw, column)
    }

    func optionalText(_ column: Int32) -> String? {
        isNull(column) ? nil : text(column)
    }
}

extension Database {
    func prepared(_ sql: String) throws -> Prepared {
        try Prepared(self, sql)
    }

    /// How many pages this connection has written to its files since it was last asked.
    func takePagesWritten() -> Int {
        var current: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(
            sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 1)
        return Int(current)
    }
}

// MARK: - Values

/// What can be bound to a `?`.
protocol SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

/// Tells SQLite to copy the bytes, for ours move.
///
/// `SQLITE_TRANSIENT` is a cast macro, which Swift does not import. A constant, and so safe to
/// share, though C function types are not `Sendable`.
nonisolated(unsafe) private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, self)
    }
}

extension Int: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, Int64(self))
    }
}

extension Double: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_double(statement, index, self)
    }
}

extension String: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text(
                    statement, index, characters.baseAddress, Int32(clamping: bytes.count), copied)
            }
        }
    }
}

/// A text that somebody else keeps until the statement has run, so that nothing is copied.
struct LentText: SQLValue {
    private let bytes: UnsafeRawBufferPointer

    /// `bytes`: of UTF-8, without a NUL.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_text(
            statement, index, bytes.assumingMemoryBound(to: CChar.self).baseAddress,
            Int32(clamping: bytes.count), nil)
    }
}

extension UnsafeRawBufferPointer {
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        // Without a way out in the middle it is a few instructions for sixteen bytes.
        var difference: UInt8 = 0
        for place in indices { difference |= self[place] ^ other[place] }
        return difference == 0
    }
}

extension Array: SQLValue where Element == UInt8 {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        guard !isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
        return withUnsafeBytes { bytes in
            sqlite3_bind_blob(
                statement, index, bytes.baseAddress, Int32(clamping: bytes.count), copied)
        }
    }
}

extension Optional: SQLValue where Wrapped: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        map { $0.bind(to: statement, at: index) } ?? sqlite3_bind_null(statement, index)
    }
}

extension Timestamp: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        milliseconds.bind(to: statement, at: index)
    }
}

extension ExternalID: SQLValue {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        text.bind(to: statement, at: index)
    }
}

import GRDB
import Synchronization

/// The different statements that a connection has run.
final class StatementLog: Sendable {
    private let statements = Mutex<Set<String>>([])

    func insert(_ event: Database.TraceEvent) {
        guard case .statement(let statement) = event else { return }
        let sql = statement.sql
        guard ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(where: sql.hasPrefix) else {
            return
        }
        statements.withLock { _ = $0.insert(sql) }
    }

    func sorted() -> [String] {
        statements.withLock { $0.sorted() }
    }
}

package import Audiences
import GRDB

extension SQLiteStore: OperatorKeyStore {
    package func create(
        _ key: OperatorKey, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            do {
                try db.prepared(
                    """
                    INSERT INTO operator_key
                        (public_id, name, scope, hash, created_at, revoked_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """
                ).run(
                    key.id.text, key.name, key.scope.rawValue, key.hash.phc, key.createdAt,
                    key.revokedAt)
            } catch  where SQLiteFailure.isDuplicate(error) {
                throw Failure(.conflict, "There is a key \(key.id.text) already.")
            }
            try db.log(
                AuditNote(.keyCreated), on: key.id.text, for: operation, at: key.createdAt)
        }
    }

    package func operatorKeys(
        _ range: ListRange
    ) async throws(Failure) -> ListPage<OperatorKey> {
        try range.validate()
        let after = try range.place(in: .operatorKeys)
        return try await read { db in
            let rows = try db.prepared("\(selectKey) WHERE id > ? ORDER BY id LIMIT ?")
                .all(after ?? 0, range.limit + 1) { row in
                    (id: row.integer(0), item: try OperatorKey(row))
                }
            return ListPage(rows, limit: range.limit) { last in
                Place(row: last).cursor(in: .operatorKeys)
            }
        }
    }

    package func operatorKey(_ id: OperatorKeyID) async throws(Failure) -> OperatorKey? {
        try await look(up: .operatorKey) { statement in
            try statement.first(id.text) { row in try OperatorKey(row) }
        }
    }

    package var keyEdition: UInt64? { known.edition }

    package func revoke(
        _ id: OperatorKeyID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            let key = try db.prepared(Self.selectKeyByID).first(id.text) { try OperatorKey($0) }
            guard let key else { throw Failure(.notFound, "There is no key \(id.text).") }
            guard key.revokedAt == nil else { return }
            try db.prepared("UPDATE operator_key SET revoked_at = ? WHERE public_id = ?")
                .run(now, id.text)
            try db.log(AuditNote(.keyRevoked), on: id.text, for: operation, at: now)
        }
    }
}

extension SQLiteStore {
    static let selectKeyByID = "\(selectKey) WHERE public_id = ?"
}

private let selectKey = """
    SELECT id, public_id, name, hash, created_at, revoked_at, scope FROM operator_key
    """

extension OperatorKey {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: OperatorKeyID(unchecked: row.text(1)), name: row.text(2), scope: try row.named(6),
            hash: try row.secretHash(3), createdAt: row.time(4),
            revokedAt: row.optionalTime(5))
    }
}

package import Audiences
import GRDB

extension SQLiteStore: ConnectionStore {
    package func create(_ connection: Connection) async throws(Failure) {
        try await writer.write { db in
            do {
                try db.prepared(
                    """
                    INSERT INTO connection
                        (public_id, name, reference_property, guard_max_removed, created_at,
                        updated_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """
                ).run(
                    connection.id.text, connection.name, connection.referenceProperty,
                    connection.guardMaxRemoved?.value, connection.createdAt,
                    connection.updatedAt)
            } catch  where SQLiteFailure.isDuplicate(error) {
                throw Failure(.conflict, "There is a connection \(connection.id.text) already.")
            }
            let row = db.lastInsertedRowID
            try db.save(traits: connection.traitsAllowed, of: row)
            if let cohortSync = connection.cohortSync {
                try db.setUp(cohortSync, for: row, at: connection.updatedAt)
            }
        }
    }

    package func connections(_ range: ListRange) async throws(Failure) -> ListPage<Connection> {
        try range.validate()
        let after = try range.place(in: .connections)
        return try await read { db in
            let rows = try db.prepared("\(selectConnection) WHERE id > ? ORDER BY id LIMIT ?")
                .all(after ?? 0, range.limit + 1) { row in
                    (id: row.integer(0), item: try db.connection(row))
                }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .connections) }
        }
    }

    package func connection(_ id: ConnectionID) async throws(Failure) -> Connection? {
        try await read { db in
            try db.prepared("\(selectConnection) WHERE public_id = ?")
                .first(id.text) { row in try db.connection(row) }
        }
    }

    package func setUp(
        _ cohortSync: CohortSync, for id: ConnectionID
    ) async throws(Failure) {
        try await writer.write { db in
            guard let row = try db.connectionRow(id) else {
                throw Failure(.notFound, "There is no connection \(id.text).")
            }
            try db.setUp(cohortSync, for: row, at: cohortSync.createdAt)
        }
    }
}

extension SQLiteStore {
    package func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp
    ) async throws(Failure) -> Connection {
        try await writer.write { db in
            let found = try db.prepared("\(selectConnection) WHERE public_id = ?").first(id.text) {
                row in (row: row.integer(0), connection: try db.connection(row))
            }
            guard let row = found?.row, var connection = found?.connection else {
                throw Failure(.notFound, "There is no connection \(id.text).")
            }
            connection.apply(edit, at: now)
            try db.prepared(
                """
                UPDATE connection SET name = ?, reference_property = ?, guard_max_removed = ?,
                    updated_at = ?
                WHERE id = ?
                """
            ).run(
                connection.name, connection.referenceProperty, connection.guardMaxRemoved?.value,
                connection.updatedAt, row)
            if edit.traitsAllowed != nil {
                try db.prepared("DELETE FROM connection_trait WHERE connection = ?").run(row)
                try db.save(traits: connection.traitsAllowed, of: row)
            }
            return connection
        }
    }
}

/// What ``GRDB/Database/connection(_:)`` reads.
private let selectConnection = """
    SELECT id, public_id, name, reference_property, username, sync_created_at, created_at,
        updated_at, guard_max_removed
    FROM connection
    """

extension Database {
    /// Throws `conflict` if the connection has a cohort sync.
    fileprivate func setUp(
        _ cohortSync: CohortSync, for connection: Int64, at now: Timestamp
    ) throws {
        let changed = try prepared(
            """
            UPDATE connection SET username = ?, sync_created_at = ?, updated_at = ?
            WHERE id = ? AND username IS NULL
            """
        ).change(cohortSync.username, cohortSync.createdAt, now, connection)
        guard changed == 1 else {
            throw Failure(.conflict, "The connection has a cohort sync already.")
        }
        let insert = try prepared(
            """
            INSERT INTO cohort_sync_secret (connection, position, hash, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?)
            """)
        for (position, secret) in cohortSync.secrets.enumerated() {
            try insert.run(
                connection, position, secret.hash.phc, secret.createdAt, secret.expiresAt)
        }
    }

    fileprivate func save(traits: [String], of connection: Int64) throws {
        let insert = try prepared(
            "INSERT INTO connection_trait (connection, position, name) VALUES (?, ?, ?)")
        for (position, name) in traits.enumerated() {
            try insert.run(connection, position, name)
        }
    }

    fileprivate func connection(_ row: SQLRow) throws -> Connection {
        let id = row.integer(0)
        let traits = try prepared(
            "SELECT name FROM connection_trait WHERE connection = ? ORDER BY position"
        ).all(id) { row in row.text(0) }
        var connection = Connection(
            id: ConnectionID(unchecked: row.text(1)), name: row.text(2),
            referenceProperty: row.text(3), traitsAllowed: traits,
            guardMaxRemoved: row.optionalReal(8).flatMap { RemovedFraction($0) },
            createdAt: row.time(6))
        connection.updatedAt = row.time(7)
        if !row.isNull(4) {
            connection.cohortSync = CohortSync(
                username: row.text(4), secrets: try secrets(of: id), createdAt: row.time(5))
        }
        return connection
    }

    private func secrets(of connection: Int64) throws -> [StoredSecret] {
        try prepared(
            """
            SELECT hash, created_at, expires_at FROM cohort_sync_secret
            WHERE connection = ? ORDER BY position
            """
        ).all(connection) { row in
            StoredSecret(
                hash: try row.secretHash(0), createdAt: row.time(1),
                expiresAt: row.optionalTime(2))
        }
    }
}

extension SQLRow {
    func secretHash(_ column: Int32) throws -> SecretHash {
        guard let hash = SecretHash(phc: text(column)) else {
            throw damage("the hash of a secret is malformed")
        }
        return hash
    }
}

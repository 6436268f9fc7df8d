package import Audiences
import GRDB

extension SQLiteStore {
    package func connections(_ range: ListRange) async throws(Failure) -> ListPage<Connection> {
        try range.validate()
        let after = try range.place(in: .connections)
        return try await read { db in
            let rows = try db.prepared(
                """
                \(selectConnection)
                WHERE connection.id > ? AND deleted_at IS NULL ORDER BY connection.id LIMIT ?
                """
            ).all(after ?? 0, range.limit + 1) { row in
                (id: row.integer(0), item: try db.connection(row))
            }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .connections) }
        }
    }

    package func connection(_ id: ConnectionID) async throws(Failure) -> Connection? {
        try await read { db in try db.storedConnection(id)?.connection }
    }
}

/// A connection and its row.
struct StoredConnection {
    let row: Int64
    var connection: Connection
}

extension Database {
    /// The row of a connection; `nil` if there is none.
    ///
    /// One that was deleted has another public id.
    func connectionRow(_ id: ConnectionID) throws -> Int64? {
        try prepared("SELECT id FROM connection WHERE public_id = ?")
            .first(id.text) { row in row.integer(0) }
    }

    func storedConnection(_ id: ConnectionID) throws -> StoredConnection? {
        try prepared("\(selectConnection) WHERE public_id = ?").first(id.text) { row in
            StoredConnection(row: row.integer(0), connection: try connection(row))
        }
    }

    /// Every connection that the configuration file declares.
    func declaredConnections() throws -> [StoredConnection] {
        try prepared("\(selectConnection) WHERE is_declared = 1 ORDER BY connection.id").all {
            row in
            StoredConnection(row: row.integer(0), connection: try connection(row))
        }
    }

    // MARK: Writing

    /// Throws `conflict` if there is a connection of this id.
    func insert(_ connection: Connection) throws {
        do {
            try prepared(
                """
                INSERT INTO connection (public_id, name, reference_property, created_at, updated_at)
                VALUES (?, '', '', ?, ?)
                """
            ).run(connection.id.text, connection.createdAt, connection.updatedAt)
        } catch  where SQLiteFailure.isDuplicate(error) {
            throw Failure(.conflict, "There is a connection \(connection.id.text) already.")
        }
        try save(StoredConnection(row: lastInsertedRowID, connection: connection))
    }

    /// Saves all of a connection but its id and when it was made.
    func save(_ stored: StoredConnection) throws {
        let connection = stored.connection
        let sync = connection.cohortSync
        try prepared(
            """
            UPDATE connection SET name = ?, reference_property = ?, guard_max_removed = ?,
                is_declared = ?, username = ?, sync_created_at = ?, switched_off_at = ?,
                first_page_at = ?, updated_at = ?
            WHERE id = ?
            """
        ).run(
            connection.name, connection.referenceProperty, connection.guardMaxRemoved?.value,
            connection.isDeclared ? 1 : 0, sync?.username, sync?.createdAt, sync?.switchedOffAt,
            sync?.firstPageAt, connection.updatedAt, stored.row)
        try removeParts(of: stored.row)
        let trait = try prepared(
            "INSERT INTO connection_trait (connection, position, name) VALUES (?, ?, ?)")
        for (position, name) in connection.traitsAllowed.enumerated() {
            try trait.run(stored.row, position, name)
        }
        try save(sync?.secrets ?? [], of: stored.row)
        if let account = connection.serviceAccount { try save(account, of: stored.row) }
    }

    /// Removes what stands beside the row of a connection and is about nothing else.
    func removeParts(of connection: Int64) throws {
        try prepared("DELETE FROM connection_trait WHERE connection = ?").run(connection)
        try prepared("DELETE FROM cohort_sync_secret WHERE connection = ?").run(connection)
        try prepared("DELETE FROM service_account WHERE connection = ?").run(connection)
    }

    /// Saves secrets, the newest of which comes first and gets the highest number.
    private func save(_ secrets: [StoredSecret], of connection: Int64) throws {
        let insert = try prepared(
            """
            INSERT INTO cohort_sync_secret
                (connection, public_id, hash, created_at, expires_at, last_used_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        for secret in secrets.reversed() {
            try insert.run(
                connection, secret.id.text, secret.hash.phc, secret.createdAt, secret.expiresAt,
                secret.lastUsedAt)
        }
    }

    private func save(_ account: ServiceAccount, of connection: Int64) throws {
        try prepared(
            """
            INSERT INTO service_account
                (connection, username, secret, status, message, projects, project, checked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        ).run(
            connection, account.username, account.secret.text, account.status.rawValue,
            account.message, ProjectList.encode(account.projects),
            ProjectList.encode([account.project].compactMap(\.self)), account.checkedAt)
    }
}

// MARK: - Rows

/// What ``GRDB/Database/connection(_:)`` reads.
private let selectConnection = """
    SELECT connection.id, public_id, name, reference_property, guard_max_removed, is_declared,
        created_at, updated_at, connection.username, sync_created_at, switched_off_at,
        first_page_at, account.username, account.secret, account.status, account.message,
        account.projects, account.project, account.checked_at
    FROM connection
    LEFT JOIN service_account AS account ON account.connection = connection.id
    """

extension Database {
    fileprivate func connection(_ row: SQLRow) throws -> Connection {
        let id = row.integer(0)
        let traits = try prepared(
            "SELECT name FROM connection_trait WHERE connection = ? ORDER BY position"
        ).all(id) { row in row.text(0) }
        var connection = Connection(
            id: ConnectionID(unchecked: row.text(1)), name: row.text(2),
            referenceProperty: row.text(3), traitsAllowed: traits,
            guardMaxRemoved: row.optionalReal(4).flatMap { RemovedFraction($0) },
            isDeclared: row.integer(5) == 1, createdAt: row.time(6))
        connection.updatedAt = row.time(7)
        if !row.isNull(8) {
            connection.cohortSync = CohortSync(
                username: row.text(8), secrets: try secrets(of: id), createdAt: row.time(9),
                switchedOffAt: row.optionalTime(10), firstPageAt: row.optionalTime(11))
        }
        if !row.isNull(12) {
            connection.serviceAccount = try ServiceAccount(row, at: 12)
        }
        return connection
    }

    private func secrets(of connection: Int64) throws -> [StoredSecret] {
        try prepared(
            """
            SELECT public_id, hash, created_at, expires_at, last_used_at FROM cohort_sync_secret
            WHERE connection = ? ORDER BY id DESC
            """
        ).all(connection) { row in
            StoredSecret(
                id: SecretID(unchecked: row.text(0)), hash: try row.secretHash(1),
                createdAt: row.time(2), expiresAt: row.optionalTime(3),
                lastUsedAt: row.optionalTime(4))
        }
    }
}

extension ServiceAccount {
    fileprivate init(_ row: SQLRow, at first: Int32) throws {
        let project = try row.decoded(first + 5, by: ProjectList.decode)
        self.init(
            username: row.text(first), secret: SealedSecret(row.text(first + 1)),
            status: try row.named(first + 2), message: row.optionalText(first + 3),
            projects: try row.decoded(first + 4, by: ProjectList.decode),
            project: project.first, checkedAt: row.time(first + 6))
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

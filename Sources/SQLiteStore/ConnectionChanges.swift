package import Audiences
import GRDB

extension SQLiteStore: ConnectionStore {
    package func create(
        _ connection: Connection, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            try db.insert(connection)
            try db.log(
                connection.creationNote, on: connection.id.text, for: operation,
                at: connection.createdAt)
        }
    }

    package func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) { try $0.change(by: edit, at: now) }
    }

    package func set(
        _ account: ServiceAccount?, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) { $0.set(account, at: now) }
    }

    package func refresh(
        _ account: ServiceAccount, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) { try $0.refresh(account, at: now) }
    }

    package func reseal(
        _ old: SealedSecret, as new: SealedSecret, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) {
        _ = try await change(id, at: now, for: operation) { $0.reseal(old, as: new) }
    }

    package func declare(
        _ connections: [Connection], at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            for file in connections {
                try db.declare(file, at: now, for: operation)
            }
            let declared = Set(connections.map(\.id))
            for stored in try db.declaredConnections()
            where !declared.contains(stored.connection.id) {
                try db.change(stored, at: now, for: operation) { $0.undeclare(at: now) }
            }
        }
    }
}

extension SQLiteStore: CohortSyncStore {
    package func setUp(
        _ cohortSync: CohortSync, of id: ConnectionID, for operation: Operation
    ) async throws(Failure) {
        _ = try await change(id, at: cohortSync.createdAt, for: operation) {
            try $0.setUp(cohortSync)
        }
    }

    package func add(
        _ secret: StoredSecret, to id: ConnectionID, overlapMilliseconds: Int64,
        at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) {
            try $0.add(secret, overlapMilliseconds: overlapMilliseconds, at: now)
        }
    }

    package func revoke(
        _ secret: SecretID?, of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) { try $0.revoke(secret, at: now) }
    }

    package func set(
        isOn: Bool, cohortSyncOf id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try await change(id, at: now, for: operation) {
            try $0.switchCohortSync(on: isOn, at: now)
        }
    }

    package func noteUse(
        of secret: SecretID, of id: ConnectionID, at now: Timestamp
    ) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            let found = try db.prepared(
                """
                UPDATE cohort_sync_secret SET last_used_at = max(coalesce(last_used_at, ?1), ?1)
                WHERE connection = ?2 AND public_id = ?3
                """
            ).change(now, connection, secret.text)
            guard found == 1 else {
                throw Failure(.notFound, "There is no secret \(secret.text).")
            }
            try db.prepared(
                "UPDATE connection SET first_page_at = ? WHERE id = ? AND first_page_at IS NULL"
            ).run(now, connection)
        }
    }
}

/// What is thrown for a connection that is not there, or not any more.
func noConnection(_ id: ConnectionID) -> Failure {
    Failure(.notFound, "There is no connection \(id.text).")
}

extension SQLiteStore {
    /// Lets `work` change a connection, and logs what it says.
    ///
    /// Throws `notFound` if there is none of this id.
    private func change(
        _ id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ work: @escaping @Sendable (inout Connection) throws -> AuditNote?
    ) async throws(Failure) -> Connection {
        try await administer(operation) { db in
            guard let stored = try db.storedConnection(id) else { throw noConnection(id) }
            return try db.change(stored, at: now, for: operation, work)
        }
    }
}

extension Database {
    /// Lets `work` change a connection; writes only if something is new.
    @discardableResult
    fileprivate func change(
        _ stored: StoredConnection, at now: Timestamp, for operation: Operation,
        _ work: (inout Connection) throws -> AuditNote?
    ) throws -> Connection {
        var changed = stored
        let note = try work(&changed.connection)
        if changed.connection != stored.connection { try save(changed) }
        if let note {
            try log(note, on: changed.connection.id.text, for: operation, at: now)
        }
        return changed.connection
    }

    fileprivate func declare(
        _ file: Connection, at now: Timestamp, for operation: Operation
    ) throws {
        if let stored = try storedConnection(file.id) {
            try change(stored, at: now, for: operation) { $0.declare(as: file, at: now) }
        } else {
            var new = file
            new.isDeclared = true
            try insert(new)
            try log(
                AuditNote(.connectionDeclared), on: file.id.text, for: operation, at: now)
        }
    }
}

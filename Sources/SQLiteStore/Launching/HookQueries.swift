package import Audiences
import GRDB

extension SQLiteStore: HookStore {
    package func hook(of id: ConnectionID) async throws(Failure) -> Hook? {
        try await read { db in try db.storedHook(of: id)?.hook }
    }

    @discardableResult
    package func changeHook(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Hook?) throws(Failure) -> Void
    ) async throws(Failure) -> Hook? {
        try await administer(operation) { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            let stored = try db.storedHook(of: id)
            var changed = stored?.hook
            try change(&changed)
            try db.save(changed, insteadOf: stored, of: connection, at: now, for: operation)
            return changed
        }
    }

    package func deliveries(
        of id: ConnectionID, status: HookDelivery.Status?, _ range: ListRange
    ) async throws(Failure) -> ListPage<HookDelivery> {
        try range.validate()
        let before = try range.place(in: .deliveries)
        return try await read { db in
            guard let stored = try db.storedHook(of: id) else { throw Failure.noHook }
            let select = try db.prepared(Self.selectDeliveries(status))
            let read = { (row: SQLRow) in
                (id: row.integer(0), item: try HookDelivery(row, of: id))
            }
            let limit = range.limit + 1
            let rows =
                if let status {
                    try select.all(stored.row, before ?? .max, limit, status.rawValue, read: read)
                } else {
                    try select.all(stored.row, before ?? .max, limit, read: read)
                }
            return ListPage(rows, limit: range.limit) { Place(row: $0).cursor(in: .deliveries) }
        }
    }

    package func replay(
        _ delivery: HookDeliveryID, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> HookDelivery {
        try await administer(operation) { db in
            guard let stored = try db.storedHook(of: id),
                var found = try db.delivery(delivery, of: stored)
            else { throw Failure.noDelivery }
            guard stored.hook.isOn else { throw Failure.hookIsOff }
            found.replay(at: now)
            try db.save(found)
            try db.log(
                AuditNote(.deliveryReplayed, [delivery.text]), on: id.text, for: operation, at: now)
            return found
        }
    }

    package func sendTest(
        _ delivery: HookDelivery, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            guard let stored = try db.storedHook(of: delivery.connectionID) else {
                throw Failure.noHook
            }
            guard stored.hook.isOn else { throw Failure.hookIsOff }
            let event = HookEvent(
                kind: delivery.kind, at: delivery.createdAt, subject: .nothing)
            try db.insert(delivery, telling: event, to: stored.row)
            try db.log(
                AuditNote(.hookTested), on: delivery.connectionID.text, for: operation,
                at: delivery.createdAt)
        }
    }

    /// Takes a hook, a number to end before, a limit, and the status if there is one.
    ///
    /// Without the hint SQLite would walk what has other statuses.
    static func selectDeliveries(_ status: HookDelivery.Status?) -> String {
        """
        \(selectDelivery) \(status == nil ? "" : "INDEXED BY hook_delivery_by_status")
        WHERE hook = ?1 AND number < ?2 \(status == nil ? "" : "AND status = ?4")
        ORDER BY number DESC LIMIT ?3
        """
    }
}

// MARK: - Rows of hooks

/// A hook and its row.
struct StoredHook {
    let row: Int64
    /// The row of its connection.
    let connection: Int64
    var hook: Hook
}

extension Database {
    func storedHook(of id: ConnectionID) throws -> StoredHook? {
        try prepared(SQLiteStore.selectHook).first(id.text) { row in
            let number = row.integer(0)
            guard let url = HookURL(row.text(2)) else { throw damage("a hook's url is malformed") }
            let events = try row.decoded(3, by: TextList.decode).map { name in
                guard let kind = HookEvent.Kind(rawValue: name) else {
                    throw damage("a hook wants unknown events")
                }
                return kind
            }
            var hook = Hook(
                connectionID: id, url: url, events: Set(events),
                secrets: try secrets(ofHook: number), isOn: row.integer(4) == 1,
                createdAt: row.time(5))
            hook.updatedAt = row.time(6)
            return StoredHook(row: number, connection: row.integer(1), hook: hook)
        }
    }

    private func secrets(ofHook hook: Int64) throws -> [HookSecret] {
        try prepared(
            """
            SELECT sealed, created_at, expires_at FROM hook_secret WHERE hook = ?
            ORDER BY position
            """
        ).all(hook) { row in
            HookSecret(
                sealed: SealedSecret(row.text(0)), createdAt: row.time(1),
                expiresAt: row.optionalTime(2))
        }
    }

    /// Writes a hook as it is to be, and the audit log, if anything is new.
    func save(
        _ hook: Hook?, insteadOf stored: StoredHook?, of connection: Int64, at now: Timestamp,
        for operation: Operation
    ) throws {
        guard let note = Hook.note(from: stored?.hook, to: hook) else { return }
        if let hook {
            let row = try stored?.row ?? insertHook(of: connection, at: hook.createdAt)
            try write(hook, to: row, isFollowing: stored?.hook.followsChanges ?? false)
        } else {
            try removeHook(of: connection)
        }
        let id = (stored?.hook ?? hook)?.connectionID
        try log(note, on: id?.text, for: operation, at: now)
    }

    private func insertHook(of connection: Int64, at now: Timestamp) throws -> Int64 {
        try prepared(
            """
            INSERT INTO hook (connection, url, events, is_on, follows, told_to, created_at,
                updated_at)
            VALUES (?1, '', x'', 0, 0, 0, ?2, ?2)
            """
        ).run(connection, now)
        return lastInsertedRowID
    }

    /// Who begins to follow the feed is told what happens from now on.
    private func write(_ hook: Hook, to row: Int64, isFollowing: Bool) throws {
        try prepared(
            """
            UPDATE hook SET url = ?, events = ?, is_on = ?, follows = ?, updated_at = ?
            WHERE id = ?
            """
        ).run(
            hook.url.text, TextList.encode(hook.events.map(\.rawValue).sorted()),
            hook.isOn ? 1 : 0, hook.followsChanges ? 1 : 0, hook.updatedAt, row)
        if hook.followsChanges, !isFollowing {
            try prepared("UPDATE hook SET told_to = ? WHERE id = ?").run(try latestChange(), row)
        }
        try prepared("DELETE FROM hook_secret WHERE hook = ?").run(row)
        let insert = try prepared("INSERT INTO hook_secret VALUES (?, ?, ?, ?, ?)")
        for (position, secret) in hook.secrets.enumerated() {
            try insert.run(row, position, secret.sealed.text, secret.createdAt, secret.expiresAt)
        }
    }

    /// Takes a connection's hook away, if it has one; its deliveries are nowhere to be seen, and
    /// housekeeping removes them.
    func removeHook(of connection: Int64) throws {
        try prepared(
            "DELETE FROM hook_secret WHERE hook = (SELECT id FROM hook WHERE connection = ?)"
        ).run(connection)
        try prepared(
            """
            UPDATE hook SET connection = NULL, url = '', is_on = 0, follows = 0
            WHERE connection = ?
            """
        ).run(connection)
    }
}

extension SQLiteStore {
    /// Takes a connection's public id.
    static let selectHook = """
        SELECT hook.id, hook.connection, url, events, is_on, hook.created_at, hook.updated_at
        FROM connection CROSS JOIN hook ON hook.connection = connection.id
        WHERE connection.public_id = ?
        """
}

package import Audiences
import GRDB

extension SQLiteStore {
    package func dueHooks(at now: Timestamp) async throws(Failure) -> [ConnectionID] {
        try await read { db in
            try db.prepared(Self.selectDueHooks).all(now) { row in
                ConnectionID(unchecked: row.text(0))
            }
        }
    }

    package func hookBacklog() async throws(Failure) -> HookBacklog {
        try await read { db in
            try db.prepared(Self.selectBacklog).first { row in
                HookBacklog(waiting: row.count(0), oldest: row.optionalTime(1))
            } ?? HookBacklog()
        }
    }

    /// A hook has some ten thousand waiting at most; see ``Limits/hookBacklogMax``.
    static let selectBacklog = """
        SELECT count(*), min(queued_at) FROM hook
        CROSS JOIN hook_delivery ON hook_delivery.hook = hook.id
            AND hook_delivery.status = 'waiting'
        WHERE is_on = 1 AND connection IS NOT NULL
        """

    package func claimDeliveries(
        of id: ConnectionID, limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> [HookMessage] {
        try await writer.write(touching: .noted) { db in
            guard let stored = try db.storedHook(of: id), stored.hook.isOn else { return [] }
            let due = try db.prepared(Self.selectDueDeliveries).all(stored.row, now, limit) { row in
                (
                    delivery: try HookDelivery(row, of: id),
                    told: ToldThing(
                        invite: row.optionalText(12), change: row.optionalInteger(13),
                        at: row.time(14))
                )
            }
            return try due.compactMap { delivery, told in
                var delivery = delivery
                let event = try db.event(delivery.kind, told)
                if event == nil {
                    delivery.giveUp(HookDelivery.nothingToTell)
                } else {
                    delivery.nextAttemptAt = leaseEnd
                }
                try db.save(delivery)
                return event.map { HookMessage(delivery: delivery, event: $0) }
            }
        }
    }

    package func conclude(
        _ delivery: HookDelivery, sentTo url: HookURL, at now: Timestamp
    ) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            let stored = try db.storedHook(of: delivery.connectionID)
            guard let stored, try db.delivery(delivery.id, of: stored) != nil else { return }
            try db.save(delivery)
            var hook = stored.hook
            hook.hear(of: delivery, from: url, at: now)
            try db.save(
                hook, insteadOf: stored, of: stored.connection, at: now,
                for: Operation(by: .server))
        }
    }

    /// Takes a time.
    static let selectDueHooks = """
        SELECT public_id FROM hook CROSS JOIN connection ON connection.id = hook.connection
        WHERE is_on = 1 AND EXISTS
            (SELECT 1 FROM hook_delivery WHERE hook_delivery.hook = hook.id
                AND next_attempt_at <= ?)
        """

    /// Takes a hook, a time, and a limit.
    static let selectDueDeliveries = """
        \(selectDelivery) WHERE hook = ? AND next_attempt_at <= ?
        ORDER BY next_attempt_at LIMIT ?
        """

    /// What ``Audiences/HookDelivery/init(_:of:)`` reads, and what is told.
    static let selectDelivery = """
        SELECT number, public_id, kind, created_at, queued_at, status, attempts, next_attempt_at,
            last_attempt_at, last_answer, last_problem, hook, invite, change, happened_at
        FROM hook_delivery
        """
}

/// What a delivery tells of: an invite, or a row of the feed, or nothing.
private struct ToldThing {
    let invite: String?
    let change: Int64?
    let at: Timestamp
}

extension HookDelivery {
    /// Reads a row of ``SQLiteStore/selectDelivery``.
    init(_ row: SQLRow, of connection: ConnectionID) throws {
        self.init(
            id: HookDeliveryID(unchecked: row.text(1)), connectionID: connection,
            kind: try row.named(2), createdAt: row.time(3))
        queuedAt = row.time(4)
        status = try row.named(5)
        attempts = row.count(6)
        nextAttemptAt = row.optionalTime(7)
        lastAttemptAt = row.optionalTime(8)
        lastAnswer = row.optionalCount(9)
        lastProblem = row.optionalText(10)
    }
}

extension Database {
    func delivery(_ id: HookDeliveryID, of hook: StoredHook) throws -> HookDelivery? {
        try prepared("\(SQLiteStore.selectDelivery) WHERE public_id = ? AND hook = ?")
            .first(id.text, hook.row) { row in
                try HookDelivery(row, of: hook.hook.connectionID)
            }
    }

    /// Writes everything of a delivery that may change.
    func save(_ delivery: HookDelivery) throws {
        try prepared(
            """
            UPDATE hook_delivery SET queued_at = ?, status = ?, attempts = ?, next_attempt_at = ?,
                last_attempt_at = ?, last_answer = ?, last_problem = ?
            WHERE public_id = ?
            """
        ).run(
            delivery.queuedAt, delivery.status.rawValue, delivery.attempts,
            delivery.nextAttemptAt, delivery.lastAttemptAt, delivery.lastAnswer,
            delivery.lastProblem, delivery.id.text)
    }

    /// `nil` if what it was about is not there any more.
    fileprivate func event(_ kind: HookEvent.Kind, _ told: ToldThing) throws -> HookEvent? {
        var subject: HookEvent.Subject? = .nothing
        if let code = told.invite {
            let found = try InviteCode(code).flatMap(storedInvite)
            subject = found.map { .invite($0.invite.asOf(told.at)) }
        } else if let sequence = told.change {
            subject = try change(sequence).map { .change($0) }
        }
        return subject.map { HookEvent(kind: kind, at: told.at, subject: $0) }
    }
}

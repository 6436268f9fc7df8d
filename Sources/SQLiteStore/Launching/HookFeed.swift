package import Audiences
import GRDB

extension SQLiteStore {
    package func followChanges(at now: Timestamp) async throws(Failure) -> Bool {
        // Most of the time there is nothing to tell, and nothing to write.
        let behind = try await read { db in try db.hooksBehind() }
        guard !behind.isEmpty else { return false }
        return try await writer.write(touching: .noted) { db in
            for hook in try db.hooksBehind() { try db.follow(hook, at: now) }
            return try !db.hooksBehind().isEmpty
        }
    }

    /// How many rows of the feed a step looks at for one hook: some milliseconds of work.
    static let changesFollowedMax: Int64 = 500

    /// Takes the largest number of waiting deliveries with which a hook is told more.
    static let selectHooksBehind = """
        SELECT hook.id, hook.connection, public_id, told_to, events
        FROM hook CROSS JOIN connection ON connection.id = hook.connection
        WHERE follows = 1 AND told_to < (SELECT max(seq) FROM change)
            AND (SELECT 1 FROM hook_delivery
                WHERE hook_delivery.hook = hook.id AND next_attempt_at IS NOT NULL
                LIMIT 1 OFFSET ?1) IS NULL
        """

    /// Takes a place in the feed, the last row to look at, and a connection.
    ///
    /// Who was erased can't be told of.
    static let selectFollowed = """
        SELECT seq, entered, change.at FROM change
        CROSS JOIN audience ON audience.id = change.audience
        CROSS JOIN person ON person.id = change.person
        WHERE seq > ?1 AND seq <= ?2 AND audience.connection = ?3 AND current_snapshot > 0
            AND person.connection = ?3
        ORDER BY seq
        """
}

/// A hook that has not been told everything in the feed.
private struct HookBehind {
    let row: Int64
    let connection: Int64
    let id: ConnectionID
    let toldTo: Int64
    let wanted: [String]
}

extension Database {
    /// Those that have room for more.
    fileprivate func hooksBehind() throws -> [HookBehind] {
        try prepared(SQLiteStore.selectHooksBehind).all(Limits.hookBacklogMax - 1) { row in
            HookBehind(
                row: row.integer(0), connection: row.integer(1),
                id: ConnectionID(unchecked: row.text(2)), toldTo: row.integer(3),
                wanted: try row.decoded(4, by: TextList.decode))
        }
    }

    fileprivate func follow(_ hook: HookBehind, at now: Timestamp) throws {
        let end = min(try latestChange(), hook.toldTo + SQLiteStore.changesFollowedMax)
        let changes = try prepared(SQLiteStore.selectFollowed)
            .all(hook.toldTo, end, hook.connection) { row in
                (
                    sequence: row.integer(0),
                    kind: HookEvent.Kind(row.integer(1) == 0 ? .left : .entered), at: row.time(2)
                )
            }
        for change in changes where hook.wanted.contains(change.kind.rawValue) {
            let delivery = HookDelivery(
                id: .random(), connectionID: hook.id, kind: change.kind, createdAt: now)
            try insert(
                delivery, telling: nil, change: change.sequence, happenedAt: change.at,
                to: hook.row)
        }
        try prepared("UPDATE hook SET told_to = ? WHERE id = ?").run(end, hook.row)
    }

    // MARK: Writing deliveries

    func insert(_ delivery: HookDelivery, telling event: HookEvent, to hook: Int64) throws {
        var code: InviteCode?
        if case .invite(let invite) = event.subject { code = invite.code }
        try insert(delivery, telling: code, change: nil, happenedAt: event.at, to: hook)
    }

    /// Each of a hook has the next number.
    private func insert(
        _ delivery: HookDelivery, telling invite: InviteCode?, change: Int64?,
        happenedAt: Timestamp, to hook: Int64
    ) throws {
        try prepared(
            """
            INSERT INTO hook_delivery (hook, number, public_id, kind, invite, change, happened_at,
                created_at, queued_at, status, attempts, next_attempt_at)
            VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM hook_delivery WHERE hook = ?1),
                ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """
        ).run(
            hook, delivery.id.text, delivery.kind.rawValue, invite?.text, change, happenedAt,
            delivery.createdAt, delivery.queuedAt, delivery.status.rawValue, delivery.attempts,
            delivery.nextAttemptAt)
    }

    /// A row of the feed, whose person was not erased; `nil` if it is not there.
    func change(_ sequence: Int64) throws -> MembershipChange? {
        let found = try prepared(SQLiteStore.selectChanges)
            .first(sequence - 1, sequence, Int64?.none, 1) { row in try MembershipChange(row) }
        return found?.person == nil ? nil : found
    }
}

extension HookDeliveryID {
    /// It names a delivery and opens nothing.
    static func random() -> HookDeliveryID {
        var random = SystemRandomNumberGenerator()
        return make(from: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
}

// MARK: - Housekeeping

extension Housekeeping {
    /// Something of the hooks that can be removed.
    func surplusDelivery(before limit: Timestamp) throws -> Chore? {
        let removed = try db.prepared(Self.selectRemovedHook).first { row in row.integer(0) }
        if let removed { return .removeHook(removed) }
        let old = try db.prepared(Self.selectOldDelivery).first(limit) { _ in true }
        if old != nil { return .removeOldDeliveries(until: limit) }
        return try db.prepared(Self.selectCrowdedHook).first(Limits.hookLogItemsMax) { row in
            .removeSurplusDeliveries(hook: row.integer(0), upTo: row.integer(1))
        }
    }

    /// Removes some deliveries of a hook that was taken away, and it with the last of them.
    func remove(hook: Int64) throws {
        let removed = try db.prepared(
            """
            DELETE FROM hook_delivery WHERE hook = ?1 AND number IN
                (SELECT number FROM hook_delivery WHERE hook = ?1 ORDER BY number LIMIT ?2)
            """
        ).change(hook, Self.stepRowsMax)
        guard removed < Self.stepRowsMax else { return }
        try db.prepared("DELETE FROM hook WHERE id = ?").run(hook)
    }

    func removeDeliveries(until limit: Timestamp) throws {
        try db.prepared(
            """
            DELETE FROM hook_delivery WHERE public_id IN
                (SELECT public_id FROM hook_delivery WHERE queued_at < ? LIMIT ?)
            """
        ).run(limit, Self.stepRowsMax)
    }

    func removeSurplus(of hook: Int64, upTo number: Int64) throws {
        try db.prepared(
            """
            DELETE FROM hook_delivery WHERE hook = ?1 AND number IN
                (SELECT number FROM hook_delivery WHERE hook = ?1
                    AND status IN ('delivered', 'failed') AND number <= ?2 LIMIT ?3)
            """
        ).run(hook, number, Self.stepRowsMax)
    }

    static let selectRemovedHook = "SELECT id FROM hook WHERE connection IS NULL LIMIT 1"

    /// Takes a time.
    static let selectOldDelivery = "SELECT 1 FROM hook_delivery WHERE queued_at < ? LIMIT 1"

    /// Takes how many are kept.
    static let selectCrowdedHook = """
        SELECT hook.id,
            (SELECT max(number) FROM hook_delivery WHERE hook_delivery.hook = hook.id) - ?1 AS last
        FROM hook
        WHERE EXISTS (SELECT 1 FROM hook_delivery WHERE hook_delivery.hook = hook.id
            AND status IN ('delivered', 'failed') AND number <= last)
        LIMIT 1
        """
}

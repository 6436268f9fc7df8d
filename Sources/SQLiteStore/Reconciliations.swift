package import Audiences
import GRDB

extension SQLiteStore: ReconciliationStore {
    package func start(
        _ reconciliation: Reconciliation, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            let audience = try db.audienceRow(reconciliation.audience)
            let isBusy = try db.prepared(SQLiteStore.selectOpenOfAudience)
                .first(audience) { _ in true }
            guard isBusy == nil else {
                throw Failure(.conflict, "The audience is being reconciled already.")
            }
            try db.prepared(
                """
                INSERT INTO reconciliation (public_id, audience, repairs, forced, status,
                    pages_read, people_read, restarts, stage, cursor, missing, extra, changed,
                    matching, created_at)
                VALUES (?, ?, ?, ?, ?, 0, 0, 0, 'reading', 0, 0, 0, 0, 0, ?)
                """
            ).run(
                reconciliation.id.text, audience, reconciliation.repairs ? 1 : 0,
                reconciliation.isForced ? 1 : 0, Reconciliation.Status.waiting.rawValue,
                reconciliation.createdAt)
            try db.log(
                AuditNote(.reconciliationStarted, reconciliation.settings),
                on: reconciliation.audience.text, for: operation, at: reconciliation.createdAt)
        }
    }

    package func reconciliations(
        of audience: AudienceID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Reconciliation> {
        try range.validate()
        let before = try range.place(in: .reconciliations)
        return try await read { db in
            let scope = try audience.map { try db.audienceRow($0) }
            let rows = try db.prepared(
                """
                \(selectReconciliation)
                WHERE reconciliation.id < ?1
                    AND (?2 IS NULL OR reconciliation.audience = ?2)
                ORDER BY reconciliation.id DESC LIMIT ?3
                """
            ).all(before ?? .max, scope, range.limit + 1) { row in
                let stored = try ReconciliationRow(row)
                return (id: stored.id, item: stored.reconciliation)
            }
            return ListPage(rows, limit: range.limit) { last in
                Place(row: last).cursor(in: .reconciliations)
            }
        }
    }

    package func reconciliation(
        _ id: ReconciliationID
    ) async throws(Failure) -> Reconciliation? {
        try await read { db in
            try db.prepared("\(selectReconciliation) WHERE reconciliation.public_id = ?")
                .first(id.text) { row in try ReconciliationRow(row).reconciliation }
        }
    }

    package func cancel(
        _ id: ReconciliationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Reconciliation {
        try await administer(operation) { db in
            var stored = try db.reconciliation(id)
            guard !stored.reconciliation.status.isFinal else {
                throw Failure(.conflict, "The reconciliation is finished already.")
            }
            try db.finish(&stored, as: .cancelled, message: nil, at: now)
            try db.log(
                AuditNote(.reconciliationCancelled), on: stored.reconciliation.audience.text,
                for: operation, at: now)
            return stored.reconciliation
        }
    }

    package func claim(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> Reconciliation? {
        // Most of the time there is nothing to do, and nothing to write.
        let isAny = try await read { db in try db.dueReconciliation(at: now) != nil }
        guard isAny else { return nil }
        return try await writer.write(touching: .noted) { db in
            guard var stored = try db.dueReconciliation(at: now) else { return nil }
            if stored.reading == nil, !stored.stage.isCompared { try db.beginReading(&stored) }
            stored.reconciliation.status = stored.stage.isCompared ? .repairing : .reading
            stored.reconciliation.message = nil
            stored.reconciliation.resumesAt = nil
            try db.save(stored)
            try db.lease(stored.id, to: worker, until: leaseEnd)
            return stored.reconciliation
        }
    }

    package func conclude(
        _ id: ReconciliationID, as status: Reconciliation.Status, message: String?,
        resumesAt: Timestamp?, by worker: String, at now: Timestamp
    ) async throws(Failure) {
        try await writer.write { db in
            var stored = try db.reconciliation(id, heldBy: worker)
            guard status.isFinal else {
                stored.reconciliation.status = .waiting
                stored.reconciliation.message = message
                stored.reconciliation.resumesAt = resumesAt
                if stored.reconciliation.progress.pagesRead == 0, !stored.stage.isCompared {
                    try db.endReading(&stored)
                }
                try db.save(stored)
                return try db.lease(stored.id, to: nil, until: nil)
            }
            if status == .finished { try db.trust(stored) }
            try db.finish(&stored, as: status, message: message, at: now)
            guard stored.stage == .done, stored.counted.missing + stored.counted.extra > 0 else {
                return
            }
            try db.log(
                stored.counted.repairNote, on: stored.reconciliation.audience.text,
                for: Operation(by: .server), at: now)
        }
    }

    /// Takes an audience.
    static let selectOpenOfAudience = """
        SELECT 1 FROM reconciliation WHERE audience = ? AND finished_at IS NULL
        """

    /// Takes the time, twice.
    static let selectDueReconciliation = """
        \(selectReconciliation)
        WHERE finished_at IS NULL AND (worker IS NULL OR lease_end <= ?1)
            AND (resumes_at IS NULL OR resumes_at <= ?1)
        ORDER BY reconciliation.id LIMIT 1
        """
}

extension Database {
    fileprivate func dueReconciliation(at now: Timestamp) throws -> ReconciliationRow? {
        try prepared(SQLiteStore.selectDueReconciliation).first(now) { row in
            try ReconciliationRow(row)
        }
    }

    fileprivate func finish(
        _ stored: inout ReconciliationRow, as status: Reconciliation.Status, message: String?,
        at now: Timestamp
    ) throws {
        stored.reconciliation.status = status
        stored.reconciliation.message = message
        stored.reconciliation.resumesAt = nil
        stored.reconciliation.finishedAt = now
        try endReading(&stored)
        try save(stored)
        try lease(stored.id, to: nil, until: nil)
    }

    /// Clears the audience's doubt, if everything is as Mixpanel's list says and nothing has
    /// raised a doubt since.
    fileprivate func trust(_ stored: ReconciliationRow) throws {
        let isSame = stored.counted.missing == 0 && stored.counted.extra == 0
        guard stored.stage == .done || (stored.stage.isCompared && isSame),
            let reading = stored.reading, try !isOvertaken(reading)
        else { return }
        try prepared(
            """
            UPDATE audience SET reconcile_reason = NULL
            WHERE id = ?1 AND EXISTS (SELECT 1 FROM reading WHERE id = ?2 AND doubted = 0)
            """
        ).run(stored.audience, reading)
    }
}

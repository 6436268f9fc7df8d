package import Audiences
import GRDB

extension SQLiteStore: AudienceControl {
    package func decide(
        _ decision: HeldDecision, on id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        let note = AuditNote(decision == .accept ? .replacementAccepted : .replacementRejected)
        try await control(id, at: now, for: operation, note) { transaction, audience in
            guard let held = audience.heldSession,
                var stored = try transaction.session(held)
            else { throw Failure(.conflict, "No replacement of the audience is held.") }
            switch decision {
            case .accept:
                try transaction.accept(&stored, of: &audience)
                try transaction.saveSession(stored)
            case .reject:
                try transaction.db.abandonSession(held, as: .rejected)
                audience.heldSession = nil
                audience.reconcile = .replacementRejected
            }
        }
    }

    package func restore(
        _ id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        let note = AuditNote(.audienceRestored)
        try await control(id, at: now, for: operation, note) { transaction, audience in
            guard let replaced = audience.replacedSnapshot,
                try transaction.isKept(replaced)
            else { throw Failure(.conflict, "No replaced membership of the audience is kept.") }
            try transaction.supersedeReplacement(of: &audience)
            try transaction.point(&audience, to: replaced, by: nil)
            audience.reconcile = .restored
        }
    }

    /// Loads an audience, lets `work` change it, saves and logs it.
    private func control(
        _ id: AudienceID, at now: Timestamp, for operation: Operation, _ note: AuditNote,
        _ work: @escaping @Sendable (SyncTransaction, inout AudienceRow) throws -> Void
    ) async throws(Failure) {
        try await administer(operation) { [hashing, recent, known] db in
            let row = try db.audienceRow(id)
            let found = try db.prepared("\(selectAudienceRow) WHERE audience.id = ?").first(row) {
                row in
                (connection: row.integer(12), audience: try AudienceRow(row))
            }
            guard let connection = found?.connection, var audience = found?.audience else { return }
            let transaction = SyncTransaction(
                db: db, hashing: hashing, recent: recent, known: known, connection: connection,
                now: now)
            try work(transaction, &audience)
            try transaction.saveAudience(audience)
            try db.log(note, on: id.text, for: operation, at: now)
        }
    }
}

extension SyncTransaction {
    fileprivate func session(_ row: Int64) throws -> SessionRow? {
        try db.prepared("\(selectSessionRow) WHERE id = ?").first(row) { row in
            try SessionRow(row)
        }
    }

    /// Whether a replaced snapshot is still there, all of it.
    fileprivate func isKept(_ snapshot: Int64) throws -> Bool {
        try db.prepared("SELECT 1 FROM snapshot WHERE id = ? AND state = 'retired'")
            .first(snapshot) { _ in true } ?? false
    }
}

package import Audiences

extension MemoryStore: ReconciliationStore {
    package func start(
        _ reconciliation: Reconciliation, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            let audience = try state.row(of: reconciliation.audience)
            let isBusy = state.reconciliations.contains {
                $0.audience == audience && !$0.reconciliation.status.isFinal
            }
            guard !isBusy else {
                throw Failure(.conflict, "The audience is being reconciled already.")
            }
            state.reconciliations.append(
                MemoryState.StoredReconciliation(
                    audience: audience, reconciliation: reconciliation))
            state.log(
                AuditNote(.reconciliationStarted, reconciliation.settings),
                on: reconciliation.audience.text, for: operation, at: reconciliation.createdAt)
        }
    }

    package func reconciliations(
        of audience: AudienceID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Reconciliation> {
        try access { state throws(Failure) in
            let only: Int? = if let audience { try state.row(of: audience) } else { nil }
            // Newest first: counted down.
            let rows = state.reconciliations.enumerated().reversed().filter {
                (only ?? $0.element.audience) == $0.element.audience
                    && !state.audiences[$0.element.audience].isDeleted
            }
            return try state.page(
                rows.map { (offset: Int.max - 1 - $0.offset, element: $0.element.reconciliation) },
                range, "reconciliations")
        }
    }

    package func reconciliation(
        _ id: ReconciliationID
    ) async throws(Failure) -> Reconciliation? {
        try access { state throws(Failure) in
            guard let position = try? state.position(of: id) else { return nil }
            return state.reconciliations[position].reconciliation
        }
    }

    package func differences(
        of id: ReconciliationID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Difference> {
        try access { state throws(Failure) in
            let stored = state.reconciliations[try state.position(of: id)]
            guard stored.isCompared, let reading = stored.reading else {
                throw Failure(.conflict, "Nothing has been compared yet.")
            }
            let missing = reading.missing.map {
                Difference(kind: .missing, distinctID: $0.distinctID, reference: $0.reference)
            }
            let extra = reading.extra.map { Difference(kind: .extra, distinctID: $0) }
            return try state.page(Array((missing + extra).enumerated()), range, "differences")
        }
    }

    package func cancel(
        _ id: ReconciliationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Reconciliation {
        try administer(operation) { state throws(Failure) in
            let position = try state.position(of: id)
            guard !state.reconciliations[position].reconciliation.status.isFinal else {
                throw Failure(.conflict, "The reconciliation is finished already.")
            }
            state.conclude(at: position, as: .cancelled, message: nil, resumesAt: nil, now)
            let reconciliation = state.reconciliations[position].reconciliation
            state.log(
                AuditNote(.reconciliationCancelled), on: reconciliation.audience.text,
                for: operation, at: now)
            return reconciliation
        }
    }

    package func claim(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> Reconciliation? {
        try access { state throws(Failure) in
            let position = state.reconciliations.firstIndex { stored in
                let isFree = stored.worker == nil || stored.leaseEnd.map { $0 <= now } ?? true
                let isDue = stored.reconciliation.resumesAt.map { $0 <= now } ?? true
                return isFree && isDue && !stored.reconciliation.status.isFinal
                    && !state.audiences[stored.audience].isDeleted
            }
            guard let position else { return nil }
            if state.reconciliations[position].reading == nil { state.beginReading(at: position) }
            state.reconciliations[position].worker = worker
            state.reconciliations[position].leaseEnd = leaseEnd
            let isCompared = state.reconciliations[position].isCompared
            state.reconciliations[position].reconciliation.status =
                isCompared ? .repairing : .reading
            state.reconciliations[position].reconciliation.message = nil
            state.reconciliations[position].reconciliation.resumesAt = nil
            return state.reconciliations[position].reconciliation
        }
    }

    package func keep(
        _ people: [MemberRecord], progress: Reconciliation.Progress,
        of id: ReconciliationID, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation {
        try held(id, by: worker, until: leaseEnd) { state, position throws(Failure) in
            let before = state.reconciliations[position].reconciliation.progress.peopleRead
            let read = try state.keep(people, at: position)
            state.reconciliations[position].reconciliation.progress = progress
            state.reconciliations[position].reconciliation.progress.peopleRead = before + read
            return state.reconciliations[position].reconciliation
        }
    }

    package func restart(
        _ id: ReconciliationID, by worker: String, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> Reconciliation {
        try held(id, by: worker, until: leaseEnd) { state, position throws(Failure) in
            let restarts = state.reconciliations[position].reconciliation.progress.restarts + 1
            state.reconciliations[position].reconciliation.progress = Reconciliation.Progress(
                restarts: restarts)
            state.beginReading(at: position)
            return state.reconciliations[position].reconciliation
        }
    }

    package func compare(
        _ id: ReconciliationID, notExported: Int?, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) -> Reconciliation.Differences? {
        try held(id, by: worker, until: leaseEnd) { state, position throws(Failure) in
            try state.compare(at: position, notExported: notExported)
        }
    }

    package func repair(
        _ id: ReconciliationID, limit: Int, by worker: String, until leaseEnd: Timestamp,
        at now: Timestamp
    ) async throws(Failure) -> Bool {
        try held(id, by: worker, until: leaseEnd) { state, position throws(Failure) in
            try state.repair(at: position, limit: limit, now)
        }
    }

    package func conclude(
        _ id: ReconciliationID, as status: Reconciliation.Status, message: String?,
        resumesAt: Timestamp?, by worker: String, at now: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let position = try state.position(of: id, heldBy: worker)
            let stored = state.reconciliations[position]
            state.conclude(at: position, as: status, message: message, resumesAt: resumesAt, now)
            guard status.isFinal, state.isMended(stored), let result = stored.reconciliation.result
            else { return }
            state.log(
                result.repairNote, on: stored.reconciliation.audience.text,
                for: Operation(by: .server), at: now)
        }
    }

    /// Does something for the worker who holds a reconciliation, and renews the lease.
    private func held<Value: Sendable>(
        _ id: ReconciliationID, by worker: String, until leaseEnd: Timestamp,
        _ work: (inout MemoryState, Int) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try access { state throws(Failure) in
            let position = try state.position(of: id, heldBy: worker)
            let value = try work(&state, position)
            state.reconciliations[position].leaseEnd = leaseEnd
            return value
        }
    }
}

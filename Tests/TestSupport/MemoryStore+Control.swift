package import Audiences

extension MemoryStore: AudienceControl {
    package func decide(
        _ decision: HeldDecision, on id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            try state.decide(decision, on: id, at: now)
            let note = AuditNote(
                decision == .accept ? .replacementAccepted : .replacementRejected)
            state.log(note, on: id.text, for: operation, at: now)
        }
    }

    package func restore(
        _ id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            try state.restore(id, at: now)
            state.log(AuditNote(.audienceRestored), on: id.text, for: operation, at: now)
        }
    }

    package func erase(
        matching matchID: ExternalID, staysErased: Bool, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Int {
        try administer(operation) { state throws(Failure) in
            let erased = state.erase(matching: matchID, staysErased: staysErased, at: now)
            let details = ["erased \(erased)"] + (staysErased ? ["stay_erased"] : [])
            state.log(AuditNote(.personErased, details), on: nil, for: operation, at: now)
            return erased
        }
    }
}

extension MemoryStore: ChangeStore {
    package func changes(
        after sequence: Int64, in audience: AudienceID?, limit: Int
    ) async throws(Failure) -> ChangePage {
        try access { state throws(Failure) in
            try state.changes(after: sequence, in: audience, limit: limit)
        }
    }

    package func latestChange() async throws(Failure) -> Int64 {
        try access { state throws(Failure) in state.feed.latest }
    }

    /// Looks again and again: readers of this store are few and can't wait long.
    package func awaitChange(after sequence: Int64, for timeout: Duration) async throws(Failure) {
        let end = ContinuousClock.now + timeout
        while try await latestChange() <= sequence, ContinuousClock.now < end {
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return }
        }
    }
}

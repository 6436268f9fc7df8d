package import Audiences
import Synchronization

/// The ports of the domain over dictionaries: the store of tests that are not about a store.
///
/// It keeps the same contract as a real one, proven by the same suite (``StoreConformance``), and
/// lets ``SyncSession`` decide just so.
package final class MemoryStore: SyncStore, AudienceStore {
    /// The one owner of all that is mutable.
    private let state: Mutex<MemoryState>

    package init(retention: Retention = Retention()) {
        state = Mutex(MemoryState(retention: retention))
    }

    /// Makes every call fail with this, until it is `nil` again.
    package func fail(with failure: Failure?) {
        state.withLock { $0.failure = failure }
    }

    func access<Value: Sendable>(
        _ body: (inout MemoryState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result = state.withLock { state -> Result<Value, Failure> in
            if let failure = state.failure { return .failure(failure) }
            // A failure leaves nothing behind.
            var copy = state
            do throws(Failure) {
                let value = try body(&copy)
                state = copy
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: SyncStore

    package func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> SyncOutcome {
        try access { state throws(Failure) in
            try state.record(page, from: connection, at: now)
        }
    }

    package func tidy(at now: Timestamp) async throws(Failure) -> Bool {
        try access { state throws(Failure) in
            state.tidy(at: now)
            return false
        }
    }

    package func checkWritable(at now: Timestamp) async throws(Failure) {
        try access { _ throws(Failure) in }
    }

    // MARK: AudienceStore

    package func audiences(
        matching filter: AudienceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Audience> {
        try access { state throws(Failure) in try state.audiences(matching: filter, range) }
    }

    package func audience(_ id: AudienceID) async throws(Failure) -> Audience? {
        try access { state throws(Failure) in
            state.visibleAudiences.first { $0.id == id }.map(state.audience)
        }
    }

    package func members(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Member> {
        try access { state throws(Failure) in try state.members(of: id, range) }
    }

    package func syncs(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<SyncSession> {
        try access { state throws(Failure) in try state.syncs(of: id, range) }
    }

    package func memberships(
        matching matchID: ExternalID, in audience: AudienceID?
    ) async throws(Failure) -> [Membership] {
        try access { state throws(Failure) in state.memberships(matching: matchID, in: audience) }
    }

    package func membershipsAtOnce(
        matching matchID: ExternalID, at now: Timestamp, write: ([Membership]) -> [UInt8]
    ) -> [UInt8]? {
        let found = try? access { state throws(Failure) in
            state.memberships(matching: matchID, in: nil)
        }
        return found.map(write)
    }

    package func memberships(
        matchingAny matchIDs: [ExternalID], in audiences: [AudienceID]
    ) async throws(Failure) -> MembershipTable {
        try access { state throws(Failure) in
            try state.memberships(matchingAny: matchIDs, in: audiences)
        }
    }

    package func memberships(
        matching matchID: ExternalID, in audience: AudienceID?, at moment: Timestamp
    ) async throws(Failure) -> [Membership] {
        try access { state throws(Failure) in
            try state.memberships(matching: matchID, in: audience, at: moment)
        }
    }

    package func sharedReferences(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<SharedReference> {
        try access { state throws(Failure) in try state.sharedReferences(of: id, range) }
    }
}

package import Audiences
import Synchronization

/// The ports of the domain over dictionaries: the store of tests that are not about a store.
///
/// It keeps the same contract as a real one, proven by the same suite (``StoreConformance``), and
/// lets ``SyncSession`` decide just so.
package final class MemoryStore: SyncStore, AudienceStore, ConnectionStore, OperatorKeyStore {
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
            state.audiences.first { $0.id == id }.map(state.audience)
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

    // MARK: ConnectionStore

    package func create(_ connection: Connection) async throws(Failure) {
        try access { state throws(Failure) in
            guard !state.connections.contains(where: { $0.id == connection.id }) else {
                throw Failure(.conflict, "There is a connection \(connection.id.text) already.")
            }
            state.connections.append(connection)
        }
    }

    package func connections(_ range: ListRange) async throws(Failure) -> ListPage<Connection> {
        try access { state throws(Failure) in
            try state.page(Array(state.connections.enumerated()), range, "connections")
        }
    }

    package func connection(_ id: ConnectionID) async throws(Failure) -> Connection? {
        try access { state throws(Failure) in state.connections.first { $0.id == id } }
    }

    package func setUp(_ cohortSync: CohortSync, for id: ConnectionID) async throws(Failure) {
        try access { state throws(Failure) in
            let index = try state.index(of: id)
            guard state.connections[index].cohortSync == nil else {
                throw Failure(.conflict, "The connection has a cohort sync already.")
            }
            state.connections[index].cohortSync = cohortSync
            state.connections[index].updatedAt = cohortSync.createdAt
        }
    }

    package func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp
    ) async throws(Failure) -> Connection {
        try access { state throws(Failure) in
            let index = try state.index(of: id)
            state.connections[index].apply(edit, at: now)
            return state.connections[index]
        }
    }

    // MARK: OperatorKeyStore

    package func create(_ key: OperatorKey) async throws(Failure) {
        try access { state throws(Failure) in
            guard !state.keys.contains(where: { $0.id == key.id }) else {
                throw Failure(.conflict, "There is a key \(key.id.text) already.")
            }
            state.keys.append(key)
        }
    }

    package func operatorKeys(_ range: ListRange) async throws(Failure) -> ListPage<OperatorKey> {
        try access { state throws(Failure) in
            try state.page(Array(state.keys.enumerated()), range, "keys")
        }
    }

    package func operatorKey(_ id: OperatorKeyID) async throws(Failure) -> OperatorKey? {
        try access { state throws(Failure) in state.keys.first { $0.id == id } }
    }

    package func revoke(_ id: OperatorKeyID, at now: Timestamp) async throws(Failure) {
        try access { state throws(Failure) in
            guard let index = state.keys.firstIndex(where: { $0.id == id }) else {
                throw Failure(.notFound, "There is no key \(id.text).")
            }
            state.keys[index].revokedAt = state.keys[index].revokedAt ?? now
        }
    }
}

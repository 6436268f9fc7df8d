package import Audiences

// For tests that are not about who does something.

extension Operation {
    package static let test = Operation(by: .commandLine)
}

extension ConnectionStore {
    package func create(_ connection: Connection) async throws(Failure) {
        try await create(connection, for: .test)
    }

    package func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp
    ) async throws(Failure) -> Connection {
        try await update(id, with: edit, at: now, for: .test)
    }

    package func delete(_ id: ConnectionID, at now: Timestamp) async throws(Failure) {
        try await delete(id, at: now, for: .test)
    }
}

extension CohortSyncStore {
    package func setUp(_ cohortSync: CohortSync, of id: ConnectionID) async throws(Failure) {
        try await setUp(cohortSync, of: id, for: .test)
    }

    package func revoke(
        _ secret: SecretID?, of id: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> Connection {
        try await revoke(secret, of: id, at: now, for: .test)
    }
}

extension OperatorKeyStore {
    package func create(_ key: OperatorKey) async throws(Failure) {
        try await create(key, for: .test)
    }

    package func revoke(_ id: OperatorKeyID, at now: Timestamp) async throws(Failure) {
        try await revoke(id, at: now, for: .test)
    }
}

extension AudienceControl {
    package func decide(
        _ decision: HeldDecision, on id: AudienceID, at now: Timestamp
    ) async throws(Failure) {
        try await decide(decision, on: id, at: now, for: .test)
    }

    package func restore(_ id: AudienceID, at now: Timestamp) async throws(Failure) {
        try await restore(id, at: now, for: .test)
    }

    package func erase(
        matching matchID: ExternalID, staysErased: Bool, at now: Timestamp
    ) async throws(Failure) -> Int {
        try await erase(matching: matchID, staysErased: staysErased, at: now, for: .test)
    }
}

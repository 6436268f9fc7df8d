package import Audiences

extension MemoryStore: ConnectionStore {
    package func create(
        _ connection: Connection, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            guard !state.connections.contains(where: { $0.id == connection.id }) else {
                throw Failure(.conflict, "There is a connection \(connection.id.text) already.")
            }
            state.connections.append(connection)
            state.log(
                connection.creationNote, on: connection.id.text, for: operation,
                at: connection.createdAt)
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

    package func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            try connection.change(by: edit, at: now)
        }
    }

    package func delete(
        _ id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            let index = try state.index(of: id)
            try state.connections[index].refuseDeclared()
            let audiences = state.deleteConnection(at: index)
            let note = AuditNote(.connectionDeleted, ["audiences \(audiences)"])
            state.log(note, on: id.text, for: operation, at: now)
        }
    }

    package func set(
        _ account: ServiceAccount?, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            connection.set(account, at: now)
        }
    }

    package func refresh(
        _ account: ServiceAccount, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            try connection.refresh(account, at: now)
        }
    }

    package func reseal(
        _ old: SealedSecret, as new: SealedSecret, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) {
        _ = try change(id, at: now, for: operation) { connection throws(Failure) in
            connection.reseal(old, as: new)
        }
    }

    package func declare(
        _ connections: [Connection], at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            for file in connections {
                let index = state.connections.firstIndex { $0.id == file.id }
                var note: AuditNote? = AuditNote(.connectionDeclared)
                if let index {
                    note = state.connections[index].declare(as: file, at: now)
                } else {
                    state.connections.append(file)
                    state.connections[state.connections.count - 1].isDeclared = true
                }
                if let note { state.log(note, on: file.id.text, for: operation, at: now) }
            }
            let declared = Set(connections.map(\.id))
            for index in state.connections.indices {
                let id = state.connections[index].id
                guard !declared.contains(id),
                    let note = state.connections[index].undeclare(at: now)
                else { continue }
                state.log(note, on: id.text, for: operation, at: now)
            }
        }
    }

    private func change(
        _ id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ work: (inout Connection) throws(Failure) -> AuditNote?
    ) throws(Failure) -> Connection {
        try administer(operation) { state throws(Failure) in
            let index = try state.index(of: id)
            let note = try work(&state.connections[index])
            if let note { state.log(note, on: id.text, for: operation, at: now) }
            return state.connections[index]
        }
    }
}

extension MemoryStore: CohortSyncStore {
    package func setUp(
        _ cohortSync: CohortSync, of id: ConnectionID, for operation: Operation
    ) async throws(Failure) {
        _ = try change(id, at: cohortSync.createdAt, for: operation) {
            connection throws(Failure) in try connection.setUp(cohortSync)
        }
    }

    package func add(
        _ secret: StoredSecret, to id: ConnectionID, overlapMilliseconds: Int64,
        at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            try connection.add(secret, overlapMilliseconds: overlapMilliseconds, at: now)
        }
    }

    package func revoke(
        _ secret: SecretID?, of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            try connection.revoke(secret, at: now)
        }
    }

    package func set(
        isOn: Bool, cohortSyncOf id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection {
        try change(id, at: now, for: operation) { connection throws(Failure) in
            try connection.switchCohortSync(on: isOn, at: now)
        }
    }

    package func noteUse(
        of secret: SecretID, of id: ConnectionID, at now: Timestamp
    ) async throws(Failure) {
        _ = try change(id, at: now, for: .test) { connection throws(Failure) in
            try connection.noteUse(of: secret, at: now)
            return nil
        }
    }
}

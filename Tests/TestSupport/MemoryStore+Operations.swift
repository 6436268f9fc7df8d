package import Audiences

extension MemoryStore {
    /// Makes a change unless its answer is kept already; keeps the answer with it.
    func administer<Value: Sendable>(
        _ operation: Operation, _ work: (inout MemoryState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try access { state throws(Failure) in
            if let answer = operation.answer { try state.keep(answer) }
            return try work(&state)
        }
    }
}

extension MemoryStore: AnswerStore {
    package func keptAnswer(
        _ key: String, at now: Timestamp
    ) async throws(Failure) -> KeptAnswer? {
        try access { state throws(Failure) in
            state.answers[key].flatMap { $0.isKept(at: now) ? $0 : nil }
        }
    }
}

extension MemoryStore {
    package func resealAnswers(
        _ reseal: @escaping @Sendable (SealedSecret) throws(Failure) -> SealedSecret
    ) async throws(Failure) -> Int {
        try access { state throws(Failure) in
            var count = 0
            for (key, answer) in state.answers {
                let resealed = try reseal(answer.body)
                guard resealed != answer.body else { continue }
                state.answers[key]?.body = resealed
                count += 1
            }
            return count
        }
    }
}

extension MemoryStore: AuditStore {
    package func auditLog(
        matching filter: AuditFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<AuditEntry> {
        try access { state throws(Failure) in
            let entries = state.audit.enumerated().filter { _, entry in
                (filter.action ?? entry.action) == entry.action
                    && (filter.target == nil || filter.target == entry.target)
            }
            // Newest first: counted down from the number after all.
            let rows = entries.reversed().map {
                (offset: Int.max - 1 - $0.offset, element: $0.element)
            }
            return try state.page(rows, range, "audit")
        }
    }
}

extension MemoryStore: OperatorKeyStore {
    package func create(_ key: OperatorKey, for operation: Operation) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            guard !state.keys.contains(where: { $0.id == key.id }) else {
                throw Failure(.conflict, "There is a key \(key.id.text) already.")
            }
            state.keys.append(key)
            state.log(AuditNote(.keyCreated), on: key.id.text, for: operation, at: key.createdAt)
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

    /// Keys come and are revoked, and nothing else becomes of them.
    package var keyEdition: UInt64? {
        try? access { state throws(Failure) in
            UInt64(state.keys.count + state.keys.count { $0.revokedAt != nil })
        }
    }

    package func revoke(
        _ id: OperatorKeyID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            guard let index = state.keys.firstIndex(where: { $0.id == id }) else {
                throw Failure(.notFound, "There is no key \(id.text).")
            }
            guard state.keys[index].revokedAt == nil else { return }
            state.keys[index].revokedAt = now
            state.log(AuditNote(.keyRevoked), on: id.text, for: operation, at: now)
        }
    }
}

extension MemoryState {
    mutating func log(
        _ note: AuditNote, on target: String?, for operation: Operation, at now: Timestamp
    ) {
        audit.append(
            AuditEntry(
                sequence: Int64(audit.count + 1), at: now, actor: operation.actor,
                requestID: operation.requestID, action: note.action, target: target,
                details: note.details))
    }

    fileprivate mutating func keep(_ answer: KeptAnswer) throws(Failure) {
        if let kept = answers[answer.key], kept.isKept(at: answer.createdAt) {
            throw Failure.answeredAlready
        }
        answers[answer.key] = answer
    }

    /// Removes a connection and all that is its; returns how many audiences that were.
    mutating func deleteConnection(at index: Int) -> Int {
        let id = connections.remove(at: index).id
        let own = audiences.indices.filter {
            !audiences[$0].isDeleted && audiences[$0].connection == id
        }
        for audience in own { audiences[audience].isDeleted = true }
        for person in people.indices where people[person].connection == id {
            people[person].isErased = true
        }
        positions = positions.filter { $0.key.connection != id }
        removeStudies(of: id)
        hooks[id] = nil
        elements.part(from: id)
        return own.count
    }
}

extension KeptAnswer {
    func isKept(at now: Timestamp) -> Bool {
        now.since(createdAt) <= Limits.keptAnswerMillisecondsMax
    }
}

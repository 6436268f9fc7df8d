package import Audiences
import GRDB

extension SQLiteStore {
    /// Makes an administrative change: everything of it, its entries in the audit log and its kept
    /// answer are one write.
    func administer<Value: Sendable>(
        _ operation: Operation, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        try await writeChanges { db in
            // First of all: what was answered already must not find out anything else.
            if let answer = operation.answer { try db.keep(answer) }
            return try work(db)
        }
    }
}

extension Database {
    /// Writes an entry of the audit log.
    ///
    /// Its number is the largest one plus one; no entry is ever removed.
    func log(
        _ note: AuditNote, on target: String?, for operation: Operation, at now: Timestamp
    ) throws {
        let (actor, id) = operation.actor.columns
        try prepared(
            """
            INSERT INTO audit (at, actor, actor_key, request_id, action, target, details)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        ).run(
            now, actor.rawValue, id, operation.requestID, note.action.rawValue, target,
            TextList.encode(note.details))
    }

    fileprivate func keep(_ answer: KeptAnswer) throws {
        let kept = try prepared(
            """
            INSERT INTO kept_answer (key, request, status, body, created_at)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET request = excluded.request, status = excluded.status,
                body = excluded.body, created_at = excluded.created_at
            WHERE created_at < excluded.created_at - ?
            """
        ).change(
            answer.key, answer.request, answer.status, answer.body.text, answer.createdAt,
            Limits.keptAnswerMillisecondsMax)
        guard kept == 1 else { throw Failure.answeredAlready }
    }
}

extension SQLiteStore: AnswerStore {
    package func keptAnswer(
        _ key: String, at now: Timestamp
    ) async throws(Failure) -> KeptAnswer? {
        let answer = try await read { db in
            try db.prepared(
                "SELECT key, request, status, body, created_at FROM kept_answer WHERE key = ?"
            ).first(key) { row in
                KeptAnswer(
                    key: row.text(0), request: row.text(1), status: row.count(2),
                    body: SealedSecret(row.text(3)), createdAt: row.time(4))
            }
        }
        guard let answer,
            now.since(answer.createdAt) <= Limits.keptAnswerMillisecondsMax
        else { return nil }
        return answer
    }
}

extension SQLiteStore {
    /// How many answers one write exchanges: a few milliseconds of work.
    static let resealedAnswersMax = 50
    /// The pause between two of them: a server waits for the lock by looking now and then.
    private static let resealingPause = Duration.milliseconds(5)

    package func resealAnswers(
        _ reseal: @escaping @Sendable (SealedSecret) throws(Failure) -> SealedSecret
    ) async throws(Failure) -> Int {
        var (count, place) = (0, "")
        while true {
            let key = place
            let answers = try await read { db in try db.sealedAnswers(after: key) }
            guard let last = answers.last else { return count }
            place = last.key
            // Not while others wait: the key is read from its file again and again.
            var exchanges: [AnswerExchange] = []
            for (key, old) in answers {
                let new = try reseal(old)
                if new != old { exchanges.append(AnswerExchange(key: key, old: old, new: new)) }
            }
            guard !exchanges.isEmpty else { continue }
            let due = exchanges
            count += try await writer.write { db in try db.exchange(due) }
            try? await Task.sleep(for: Self.resealingPause)
        }
    }
}

private struct AnswerExchange: Sendable {
    let key: String
    let old: SealedSecret
    let new: SealedSecret
}

extension Database {
    fileprivate func sealedAnswers(after key: String) throws -> [(key: String, SealedSecret)] {
        try prepared("SELECT key, body FROM kept_answer WHERE key > ? ORDER BY key LIMIT ?")
            .all(key, SQLiteStore.resealedAnswersMax) { row in
                (key: row.text(0), SealedSecret(row.text(1)))
            }
    }

    /// Returns how many there still were to exchange.
    fileprivate func exchange(_ exchanges: [AnswerExchange]) throws -> Int {
        let update = try prepared("UPDATE kept_answer SET body = ? WHERE key = ? AND body = ?")
        return try exchanges.reduce(0) { count, exchange in
            try count + update.change(exchange.new.text, exchange.key, exchange.old.text)
        }
    }
}

extension SQLiteStore: AuditStore {
    package func auditLog(
        matching filter: AuditFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<AuditEntry> {
        try range.validate()
        let before = try range.place(in: .audit) ?? .max
        return try await read { db in
            let statement = try db.prepared(Self.selectAudit(filter))
            let entries =
                switch (filter.target, filter.action?.rawValue) {
                case (let target?, let action?):
                    try statement.all(before, range.limit + 1, target, action) { try Entry($0) }
                case (let only?, nil), (nil, let only?):
                    try statement.all(before, range.limit + 1, only) { try Entry($0) }
                case (nil, nil):
                    try statement.all(before, range.limit + 1) { try Entry($0) }
                }
            return ListPage(
                entries.map { (id: $0.sequence, item: $0) }, limit: range.limit
            ) { Place(row: $0).cursor(in: .audit) }
        }
    }

    private typealias Entry = AuditEntry

    /// Takes a sequence number to end before, a limit, and what the filter has: target, action.
    ///
    /// A text for each filter, for one text with optional terms would use no index.
    static func selectAudit(_ filter: AuditFilter) -> String {
        let terms = [
            filter.target.map { _ in "target = ?" }, filter.action.map { _ in "action = ?" },
        ].compactMap(\.self).enumerated().map { index, term in " AND \(term)\(index + 3)" }
        return """
            SELECT seq, at, actor, actor_key, request_id, action, target, details FROM audit
            WHERE seq < ?1\(terms.joined()) ORDER BY seq DESC LIMIT ?2
            """
    }
}

// MARK: - Rows

/// The kinds of ``Operation/Actor``.
private enum ActorKind: String {
    case key
    case elementUser = "element_user"
    case commandLine = "command_line"
    case configuration
    case server
}

extension Operation.Actor {
    fileprivate var columns: (kind: ActorKind, id: String?) {
        switch self {
        case .key(let id): (.key, id.text)
        case .elementUser(let id): (.elementUser, id.text)
        case .commandLine: (.commandLine, nil)
        case .configuration: (.configuration, nil)
        case .server: (.server, nil)
        }
    }

    fileprivate init(_ kind: ActorKind, id: String) {
        self =
            switch kind {
            case .key: .key(OperatorKeyID(unchecked: id))
            case .elementUser: .elementUser(ElementUserID(unchecked: id))
            case .commandLine: .commandLine
            case .configuration: .configuration
            case .server: .server
            }
    }
}

extension AuditEntry {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            sequence: row.integer(0), at: row.time(1),
            actor: Operation.Actor(try row.named(2), id: row.text(3)),
            requestID: row.optionalText(4), action: try row.named(5),
            target: row.optionalText(6), details: try row.decoded(7, by: TextList.decode))
    }
}

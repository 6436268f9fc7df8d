/// One administrative change as its store has to know it: who makes it, and what to answer if the
/// same request comes again.
///
/// Stores write it into the audit log, and the kept answer, in the transaction of the change:
/// either all of it happened or nothing.
package struct Operation: Sendable, Hashable {
    package var actor: Actor
    /// The request it came with; `nil` for the command line.
    package var requestID: String?
    /// `nil` unless the request carried an `Idempotency-Key`.
    package var answer: KeptAnswer?

    package init(by actor: Actor, requestID: String? = nil, answer: KeptAnswer? = nil) {
        self.actor = actor
        self.requestID = requestID
        self.answer = answer
    }

    /// What somebody does with a command.
    package static let commandLine = Operation(by: .commandLine)

    /// Who changes something.
    package enum Actor: Sendable, Hashable {
        case key(OperatorKeyID)
        /// Somebody of the element API.
        case elementUser(ElementUserID)
        /// Somebody with access to the data directory.
        case commandLine
        /// The configuration file, when the server started.
        case configuration
        /// The server itself, for example when it checks a service account.
        case server
    }
}

/// The answer to a request that must not act twice (`Idempotency-Key`,
/// draft-ietf-httpapi-idempotency-key-header).
package struct KeptAnswer: Sendable, Hashable {
    /// SHA-256 of who asked and the key they chose, in hexadecimal.
    package var key: String
    /// SHA-256 of method, path and body, in hexadecimal: the key is for this request only.
    package var request: String
    /// The HTTP status.
    package var status: Int
    /// The body, encrypted, for it may hold a secret that is shown once.
    package var body: SealedSecret
    package var createdAt: Timestamp

    /// What the body is sealed for.
    package static let sealingContext = "answer"

    package init(
        key: String, request: String, status: Int, body: SealedSecret, createdAt: Timestamp
    ) {
        self.key = key
        self.request = request
        self.status = status
        self.body = body
        self.createdAt = createdAt
    }
}

extension Failure {
    /// What a store throws, and changes nothing, if the answer of an ``Operation`` is kept already:
    /// the same request was faster, and its answer is to be given once more.
    package static let answeredAlready = Failure(
        .conflict, "A request with this Idempotency-Key has just been answered; send it again.")
}

/// Reads the answers that ``Operation``s kept.
package protocol AnswerStore: Sendable {
    /// The answer kept under this key; `nil` if there is none, or it is older than
    /// ``Limits/keptAnswerMillisecondsMax``.
    func keptAnswer(_ key: String, at now: Timestamp) async throws(Failure) -> KeptAnswer?

    /// Exchanges each sealed body for what `reseal` makes of it, some at a time, so that pages get
    /// in between.
    ///
    /// What `reseal` throws ends it; those before are exchanged then.
    ///
    /// - Returns: how many are others now.
    func resealAnswers(
        _ reseal: @escaping @Sendable (SealedSecret) throws(Failure) -> SealedSecret
    ) async throws(Failure) -> Int
}

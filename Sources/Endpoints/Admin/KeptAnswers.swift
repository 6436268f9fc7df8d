import Audiences
import HTTPWire
import JSON
import Routing

/// Lets a request to make something act once, however often it is sent with the same
/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
///
/// Only what was done is kept: a request that failed may be sent again with the same key.
struct KeptAnswers: Sendable {
    /// Longer than any UUID or hash that clients use.
    static let keyBytesMax = 255

    private let answers: any AnswerStore
    private let sealing: Sealing
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        answers = parts.answers
        sealing = parts.sealing
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    /// - Parameters:
    ///   - request: admitted already.
    ///   - key: by whom; others may use the same `Idempotency-Key` for something else.
    ///   - create: acts, and hands its answer to the store by ``Creation/operation(answering:)``.
    /// - Returns: the answer of the first such request.
    /// - Throws: ``IdempotencyKeyReused`` if the key was used for another request; `invalid` if
    ///   it can't be one; what `create` throws.
    func once(
        _ request: Request, by key: OperatorKeyID, _ create: APIRoutes.CreatingEndpoint
    ) async throws -> Response {
        let body = try await request.collectBody(limits.apiBody, inflate: limits.inflate)
        var creation = Creation(request: request, body: body, actor: key)
        var response: Response
        if let name = try Self.idempotencyKey(of: request) {
            let slot = try slot(name, of: key, for: request, body)
            creation.keep = { [sealing, now] response throws(Failure) in
                try slot.answer(response, sealedBy: sealing, at: now())
            }
            response = try await once(creation, in: slot, create)
        } else {
            response = try await create(creation)
        }
        // Nearly all of them hold a secret.
        response.headers.append(("Cache-Control", "no-store"))
        return response
    }

    private func once(
        _ creation: Creation, in slot: Slot, _ create: APIRoutes.CreatingEndpoint
    ) async throws -> Response {
        if let response = try await replay(slot) { return response }
        do {
            return try await create(creation)
        } catch let failure as Failure where failure.code == .conflict {
            // Perhaps its twin was faster by a moment: then there is an answer, or the very thing
            // that stands against making it.
            let response = try await replay(slot)
            guard let response else { throw failure }
            return response
        }
    }

    private func replay(_ slot: Slot) async throws -> Response? {
        let kept = try await answers.keptAnswer(slot.key, at: now())
        guard let kept else { return nil }
        guard kept.request == slot.request else { throw IdempotencyKeyReused() }
        return .json(
            .success(kept.status), try sealing.open(kept.body, KeptAnswer.sealingContext),
            headers: [("Idempotency-Replayed", "true")])
    }

    private func slot(
        _ name: [UInt8], of key: OperatorKeyID, for request: Request, _ body: BodyBuffer
    ) throws -> Slot {
        let path = request.head.target.segments.joined(separator: "/")
        let head = Array("\(request.head.method.name) \(path)\n".utf8)
        return Slot(
            key: try secrets.digest(of: Array("\(key.text) ".utf8) + name),
            request: try secrets.digest(of: head + body.withUnsafeBytes { Array($0) }))
    }

    /// The value of the field; `nil` if there is none.
    private static func idempotencyKey(of request: Request) throws(Failure) -> [UInt8]? {
        let values = request.head.headers.values("idempotency-key")
        guard let value = values.first else { return nil }
        let isVisible = value.allSatisfy { (0x21...0x7E).contains($0) }
        guard values.count == 1, (1...keyBytesMax).contains(value.count), isVisible else {
            throw Failure(
                .invalid,
                "Idempotency-Key must be one text of 1 to \(keyBytesMax) visible ASCII characters.")
        }
        return Array(value)
    }
}

/// One request to make something.
struct Creation: Sendable {
    let request: Request
    private let body: BodyBuffer
    private let actor: OperatorKeyID
    /// What the store is to keep of an answer; `nil` without an `Idempotency-Key`.
    fileprivate var keep: (@Sendable (Response) throws(Failure) -> KeptAnswer)?

    fileprivate init(request: Request, body: BodyBuffer, actor: OperatorKeyID) {
        self.request = request
        self.body = body
        self.actor = actor
    }

    /// The body as a JSON object with no other keys than `keys`; see ``Request/object(_:keys:)``.
    func object(keys: [String]) throws(Failure) -> JSONObject {
        try JSONObject(reading: body, keys: keys)
    }

    /// The same, for a body that may be missing.
    func objectIfAny(keys: [String]) throws(Failure) -> JSONObject {
        body.count == 0 ? JSONObject([]) : try object(keys: keys)
    }

    /// The same, for what is done beside it and needs no answer kept.
    var bystanding: Operation {
        Operation(by: .key(actor), requestID: request.id.description)
    }

    /// What to tell the store: who makes it, and which answer to give if it is asked for again.
    func operation(answering response: Response) throws(Failure) -> Operation {
        Operation(
            by: .key(actor), requestID: request.id.description, answer: try keep?(response))
    }
}

/// Where an answer is kept, and what it answers.
private struct Slot: Sendable {
    let key: String
    let request: String

    func answer(
        _ response: Response, sealedBy sealing: Sealing, at now: Timestamp
    ) throws(Failure) -> KeptAnswer {
        guard case .bytes(let body) = response.body else {
            throw Failure(.internal, "This answer can't be kept.", detail: "it is streamed")
        }
        return KeptAnswer(
            key: key, request: request, status: response.status.code,
            body: try sealing.seal(body, KeptAnswer.sealingContext), createdAt: now)
    }
}

/// The caller used the `Idempotency-Key` of another request.
struct IdempotencyKeyReused: CallersMistake {}

extension Status {
    /// One of the statuses that an answer is kept with.
    fileprivate static func success(_ code: Int) -> Status {
        [Status.created, .accepted].first { $0.code == code } ?? .ok
    }
}

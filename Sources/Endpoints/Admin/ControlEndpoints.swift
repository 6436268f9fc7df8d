import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// What operators do to audiences and people by hand.
struct ControlEndpoints: Sendable {
    private let control: any AudienceControl
    private let audiences: any AudienceStore
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        control = parts.control
        audiences = parts.audiences
        now = parts.now
    }

    /// Switches a held replacement in.
    @Sendable func accept(_ request: Request, _ operation: Operation) async throws -> Response {
        try await decide(.accept, request, operation)
    }

    /// Gives a held replacement up.
    @Sendable func reject(_ request: Request, _ operation: Operation) async throws -> Response {
        try await decide(.reject, request, operation)
    }

    private func decide(
        _ decision: HeldDecision, _ request: Request, _ operation: Operation
    ) async throws -> Response {
        let id = try request.audienceID()
        try await control.decide(decision, on: id, at: now(), for: operation)
        request.logger.notice(
            "held replacement decided",
            metadata: [
                "audience.id": .string(id.text), "decision": .string(decision.rawValue),
            ])
        return try await show(id)
    }

    /// Puts the snapshot back that was replaced last.
    @Sendable func restore(_ request: Request, _ operation: Operation) async throws -> Response {
        let id = try request.audienceID()
        try await control.restore(id, at: now(), for: operation)
        request.logger.notice(
            "audience restored", metadata: ["audience.id": .string(id.text)])
        return try await show(id)
    }

    /// Erases everybody who matches an id; 200 also for nobody, so that it can be repeated.
    @Sendable func erase(_ request: Request, _ operation: Operation) async throws -> Response {
        guard let matchID = try request.externalID("match_id") else {
            throw Failure(.invalid, "The query parameter match_id is missing.")
        }
        let staysErased = try request.flag("stay_erased")
        let erased = try await control.erase(
            matching: matchID, staysErased: staysErased, at: now(), for: operation)
        // How many, never whom.
        request.logger.notice(
            "people erased",
            metadata: [
                "erased": .stringConvertible(erased),
                "stay_erased": .stringConvertible(staysErased),
            ])
        return .object { json in
            json.beginObject()
            json.key("erased")
            json.int(erased)
            json.endObject()
        }
    }

    private func show(_ id: AudienceID) async throws -> Response {
        guard let audience = try await audiences.audience(id) else {
            throw Failure.noSuchAudience
        }
        return .object { json in json.audience(audience, at: now()) }
    }
}

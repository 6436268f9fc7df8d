import HTTPWire
import JSON
import Routing

/// What probes ask.
///
/// Unauthenticated, and without a word about the data.
struct HealthEndpoints: Sendable {
    private let readiness: Readiness

    init(_ parts: Dependencies) {
        readiness = parts.readiness
    }

    /// "Should I be restarted?" Touches no disk: a full one must not cause a restart loop.
    static let alive = Response.json(.ok, Array("{\"status\":\"alive\"}".utf8))

    /// "Should I get traffic?" Proves that the store can take a write.
    @Sendable func ready(_ request: Request) async -> Response {
        let state = await readiness.state()
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.string(state.rawValue)
        json.endObject()
        return .json(
            state == .ready ? .ok : .serviceUnavailable, json.bytes,
            headers: state == .ready ? [] : Problem.retryAfter)
    }
}

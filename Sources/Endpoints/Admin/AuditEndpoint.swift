import Audiences
import HTTPWire
import Routing

/// The log of administrative changes.
struct AuditEndpoint: Sendable {
    private let audit: any AuditStore

    init(_ parts: Dependencies) {
        audit = parts.audit
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        var filter = AuditFilter()
        if let text = try request.query("action"), !text.isEmpty {
            guard let action = AuditEntry.Action(rawValue: text) else {
                throw Failure(.invalid, "There is no action of this name in the audit log.")
            }
            filter.action = action
        }
        if let target = try request.query("target"), !target.isEmpty { filter.target = target }
        let page = try await audit.auditLog(matching: filter, request.listRange())
        return .list(page) { json, entry in json.auditEntry(entry) }
    }
}

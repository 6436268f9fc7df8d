import Audiences
import JSON

/// The body of `POST /sdk/v1/launches`.
struct LaunchBody {
    static let keys = [
        "source", "event_name", "invite_code", "rule_id", "reference_id", "identity", "attempt_id",
    ]

    /// What is asked for.
    enum Wish {
        case event(EventName)
        /// The app's own entry to a rule.
        case rule(LaunchRuleID)
        case accept(InviteCode, attempt: ExternalID?)
        /// An id or a code that there can't be.
        case nothing
    }

    let wish: Wish
    let referenceID: ExternalID?
    let identity: String?

    init(_ body: JSONObject) throws(Failure) {
        referenceID = try body.externalID("reference_id")?.ofSomebody
        identity = try Self.identity(body)
        guard let source = try body.choice("source", LaunchSource.self) else {
            throw Failure(.invalid, "source must be one of event, audience, link.")
        }
        let event = try body.text("event_name", "a text")
        let rule = try body.text("rule_id", "a text")
        if let code = try body.text("invite_code", "a text") {
            guard event == nil, rule == nil else {
                throw Failure(
                    .invalid, "invite_code accepts an invite: leave event_name and rule_id out.")
            }
            let attempt = try body.externalID("attempt_id")
            wish = InviteCode(code).map { .accept($0, attempt: attempt) } ?? .nothing
        } else {
            wish = try Self.wish(from: source, event, rule)
        }
    }

    /// Who is not signed in has none, in whatever way the app writes that.
    private static func identity(_ body: JSONObject) throws(Failure) -> String? {
        switch body["identity"] {
        case nil, .null, .string(""): return nil
        case .string(let text): return text
        default: throw Failure(.invalid, "identity must be a text.")
        }
    }

    private static func wish(
        from source: LaunchSource, _ event: String?, _ rule: String?
    ) throws(Failure) -> Wish {
        switch (source, event, rule) {
        case (.event, let event?, nil):
            return EventName(event).map { .event($0) } ?? .nothing
        case (.link, nil, let rule?):
            return LaunchRuleID(rule).map { .rule($0) } ?? .nothing
        case (.event, _, _): throw Failure(.invalid, "source event goes with event_name.")
        case (.audience, _, _): throw Failure(.invalid, "source audience goes with invite_code.")
        case (.link, _, _):
            throw Failure(.invalid, "source link goes with rule_id or invite_code.")
        }
    }
}

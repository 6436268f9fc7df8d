package import Audiences
package import JSON

extension JSONWriter {
    /// - Parameters:
    ///   - hook: what to write; never its sealed secrets.
    ///   - secret: a new one, which is shown this once.
    ///   - now: which secrets are valid.
    package mutating func hook(_ hook: Hook, secret: String? = nil, at now: Timestamp) {
        beginObject()
        key("connection_id")
        string(hook.connectionID.text)
        key("url")
        string(hook.url.text)
        key("events")
        beginArray()
        for kind in HookEvent.Kind.wanted where hook.events.contains(kind) { string(kind.rawValue) }
        endArray()
        key("enabled")
        bool(hook.isOn)
        if let secret {
            key("secret")
            string(secret)
        }
        key("secrets")
        beginArray()
        for stored in hook.validSecrets(at: now) {
            beginObject()
            key("created_at")
            time(stored.createdAt)
            key("expires_at")
            time(stored.expiresAt)
            endObject()
        }
        endArray()
        key("created_at")
        time(hook.createdAt)
        key("updated_at")
        time(hook.updatedAt)
        endObject()
    }

    package mutating func hookDelivery(_ delivery: HookDelivery) {
        beginObject()
        key("id")
        string(delivery.id.text)
        key("type")
        string(delivery.kind.rawValue)
        key("status")
        string(delivery.status.rawValue)
        key("attempts")
        int(delivery.attempts)
        key("next_attempt_at")
        time(delivery.nextAttemptAt)
        key("last_attempt_at")
        time(delivery.lastAttemptAt)
        key("last_status")
        optional(delivery.lastAnswer)
        key("last_problem")
        optional(delivery.lastProblem)
        key("created_at")
        time(delivery.createdAt)
        endObject()
    }

    /// What is posted to a hook (Standard Webhooks, "Payload structure").
    package mutating func hookEvent(_ event: HookEvent, of connection: ConnectionID) {
        beginObject()
        key("type")
        string(event.kind.rawValue)
        key("timestamp")
        time(event.at)
        key("data")
        switch event.subject {
        case .invite(let invite): self.invite(invite)
        case .change(let change): toldChange(change, of: connection)
        case .nothing:
            beginObject()
            key("connection_id")
            string(connection.text)
            endObject()
        }
        endObject()
    }

    private mutating func toldChange(_ change: MembershipChange, of connection: ConnectionID) {
        beginObject()
        key("connection_id")
        string(connection.text)
        key("audience_id")
        string(change.audience.text)
        key("mixpanel_distinct_id")
        optional(change.person?.distinctID)
        key("reference_id")
        optional(change.person?.referenceID)
        key("match_id")
        optional(change.person?.matchID)
        key("session_id")
        optional(change.sessionID)
        key("seq")
        int(Int(change.sequence))
        endObject()
    }
}

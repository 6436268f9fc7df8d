package import Audiences
package import JSON

extension JSONWriter {
    /// - Parameters:
    ///   - key: what to write; never its hash.
    ///   - secret: the key itself, which is shown once.
    package mutating func operatorKey(_ key: OperatorKey, secret: String? = nil) {
        beginObject()
        self.key("id")
        string(key.id.text)
        self.key("name")
        string(key.name)
        self.key("scope")
        string(key.scope.rawValue)
        self.key("created_at")
        time(key.createdAt)
        self.key("revoked_at")
        time(key.revokedAt)
        if let secret {
            self.key("key")
            string(secret)
        }
        endObject()
    }

    package mutating func auditEntry(_ entry: AuditEntry) {
        beginObject()
        key("seq")
        int(entry.sequence)
        key("at")
        time(entry.at)
        key("actor")
        actor(entry.actor)
        key("request_id")
        optional(entry.requestID)
        key("action")
        string(entry.action.rawValue)
        key("target")
        optional(entry.target)
        key("details")
        beginArray()
        for detail in entry.details { string(detail) }
        endArray()
        endObject()
    }

    private mutating func actor(_ actor: Operation.Actor) {
        let (type, id): (String, String?) =
            switch actor {
            case .key(let id): ("key", id.text)
            case .elementUser(let id): ("element_user", id.text)
            case .commandLine: ("command_line", nil)
            case .configuration: ("configuration", nil)
            case .server: ("server", nil)
            }
        beginObject()
        key("type")
        string(type)
        key("id")
        optional(id)
        endObject()
    }
}

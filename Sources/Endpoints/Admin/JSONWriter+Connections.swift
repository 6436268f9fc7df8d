package import Audiences
package import JSON

extension JSONWriter {
    /// - Parameters:
    ///   - connection: what to write.
    ///   - base: where the server is reached; `nil` leaves the webhook's URL out.
    package mutating func connection(_ connection: Connection, _ base: String?) {
        beginObject()
        key("id")
        string(connection.id.text)
        key("name")
        string(connection.name)
        key("status")
        optional(connection.serviceAccount?.status.rawValue)
        key("reference_property")
        string(connection.referenceProperty)
        key("traits")
        beginArray()
        for trait in connection.traitsAllowed { string(trait) }
        endArray()
        key("guard_max_removed_fraction")
        if let fraction = connection.guardMaxRemoved {
            rawNumber("\(fraction.value)")
        } else {
            null()
        }
        key("declared")
        bool(connection.isDeclared)
        key("service_account")
        if let account = connection.serviceAccount { serviceAccount(account) } else { null() }
        key("cohort_sync")
        cohortSync(of: connection, base)
        key("created_at")
        time(connection.createdAt)
        key("updated_at")
        time(connection.updatedAt)
        endObject()
    }

    /// Everything but its secret.
    private mutating func serviceAccount(_ account: ServiceAccount) {
        beginObject()
        key("username")
        string(account.username)
        key("status")
        string(account.status.rawValue)
        key("message")
        optional(account.message)
        key("project")
        if let project = account.project { self.project(project) } else { null() }
        key("projects")
        beginArray()
        for project in account.projects { self.project(project) }
        endArray()
        key("checked_at")
        time(account.checkedAt)
        endObject()
    }

    private mutating func project(_ project: MixpanelProject) {
        beginObject()
        key("id")
        string(project.id.text)
        key("name")
        optional(project.name)
        key("region")
        optional(project.region?.rawValue)
        endObject()
    }

    /// The cohort sync of a connection; null if it has none.
    ///
    /// - Parameters:
    ///   - connection: whose.
    ///   - base: where the server is reached; `nil` leaves the webhook's URL out.
    ///   - secret: a new one, which is shown this once.
    package mutating func cohortSync(
        of connection: Connection, _ base: String?, secret: String? = nil
    ) {
        guard let sync = connection.cohortSync else {
            null()
            return
        }
        beginObject()
        key("connection_id")
        string(connection.id.text)
        if let base {
            key("webhook_url")
            string(base + connection.webhookPath)
        }
        key("webhook_path")
        string(connection.webhookPath)
        key("username")
        string(sync.username)
        if let secret {
            key("secret")
            string(secret)
        }
        key("enabled")
        bool(sync.switchedOffAt == nil)
        key("switched_off_at")
        time(sync.switchedOffAt)
        key("first_page_at")
        time(sync.firstPageAt)
        key("secrets")
        beginArray()
        for stored in sync.secrets { storedSecret(stored, isDeclared: connection.isDeclared) }
        endArray()
        key("created_at")
        time(sync.createdAt)
        endObject()
    }

    private mutating func storedSecret(_ secret: StoredSecret, isDeclared: Bool) {
        beginObject()
        key("id")
        string(secret.id.text)
        key("created_at")
        time(secret.createdAt)
        key("expires_at")
        time(secret.expiresAt)
        key("last_used_at")
        time(secret.lastUsedAt)
        key("declared")
        bool(isDeclared)
        endObject()
    }
}

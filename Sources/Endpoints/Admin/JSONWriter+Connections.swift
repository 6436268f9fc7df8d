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
        key("cohort_sync")
        if let sync = connection.cohortSync {
            beginObject()
            cohortSync(sync, connection, base)
            endObject()
        } else {
            null()
        }
        key("created_at")
        time(connection.createdAt)
        key("updated_at")
        time(connection.updatedAt)
        endObject()
    }

    mutating func cohortSync(
        _ sync: CohortSync, _ connection: Connection, _ base: String?
    ) {
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
        key("created_at")
        time(sync.createdAt)
    }
}

import Audiences
import JSON
import Mixpanel

extension JSONWriter {
    /// An instance with the field names, and in the order, of the original's published example.
    mutating func instance(_ instance: ElementInstance, token: String) {
        beginObject()
        key("id")
        int(instance.id)
        key("name")
        string(instance.name)
        key("createdDate")
        string(instance.createdAt.inSeconds)
        key("token")
        string(token)
        key("element")
        value(Catalogue.element)
        key("elementId")
        int(Catalogue.id)
        key("tags")
        beginArray()
        for tag in instance.tags { string(tag) }
        endArray()
        key("provisionInteractions")
        beginArray()
        endArray()
        key("valid")
        bool(instance.check.isValid)
        key("disabled")
        bool(instance.isDisabled)
        key("maxCacheSize")
        int(0)
        key("cacheTimeToLive")
        int(0)
        key("configuration")
        configuration(of: instance)
        key("eventsEnabled")
        bool(false)
        key("traceLoggingEnabled")
        bool(false)
        key("cachingEnabled")
        bool(false)
        key("externalAuthentication")
        string("none")
        key("user")
        beginObject()
        key("id")
        int(instance.user)
        endObject()
        endObject()
    }

    /// What was configured, secrets masked; and what is to be known of the credential.
    private mutating func configuration(of instance: ElementInstance) {
        beginObject()
        for item in ConfigurationItem.allCases {
            guard let value = item.value(of: instance) else { continue }
            key(utf8: item.rawValue.utf8)
            string(value)
        }
        key("credential.type")
        string(instance.credential.kind.rawValue)
        if instance.credential.kind == .projectSecret {
            key("credential.ends")
            string(ProjectSecret.endDay)
        }
        if let warning = instance.warning {
            key("credential.warning")
            string(warning)
        }
        endObject()
    }

    /// - Parameters:
    ///   - item: what may be configured.
    ///   - instance: of which; `nil` for the catalogue.
    mutating func configurationItem(_ item: ConfigurationItem, of instance: ElementInstance?) {
        beginObject()
        key("id")
        int(item.number)
        key("key")
        string(item.rawValue)
        key("name")
        string(item.name)
        key("description")
        string(item.about)
        key("type")
        string(item.kind)
        if let instance {
            key("propertyValue")
            optional(item.value(of: instance))
        } else {
            key("defaultValue")
            optional(item == .dropsNulls ? "true" : nil)
        }
        key("required")
        bool(item.isRequired)
        key("active")
        bool(true)
        key("hideFromConsole")
        bool(false)
        endObject()
    }
}

extension Timestamp {
    /// RFC 3339 without milliseconds, as the original writes it.
    var inSeconds: String { String(rfc3339.prefix(19)) + "Z" }
}

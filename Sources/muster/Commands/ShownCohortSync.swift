import Audiences
import JSON

/// What has to be pasted into Mixpanel, with the secret that is shown this once.
struct ShownCohortSync {
    private let connection: Connection
    private let username: String
    private let secret: String
    private let publicURL: String?

    init(
        _ connection: Connection, _ username: String, _ secret: String,
        _ configuration: MusterConfiguration
    ) {
        self.connection = connection
        self.username = username
        self.secret = secret
        publicURL = configuration.publicURL
    }

    /// The words that scripts rely on.
    func write(to json: inout JSONWriter) {
        json.key("webhook_path")
        json.string(connection.webhookPath)
        if let publicURL {
            json.key("webhook_url")
            json.string(publicURL + connection.webhookPath)
        }
        json.key("username")
        json.string(username)
        json.key("secret")
        json.string(secret)
    }

    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("connection_id")
        json.string(connection.id.text)
        write(to: &json)
        json.endObject()
        return json.bytes + [0x0A]
    }

    var text: [UInt8] {
        let url = (publicURL ?? "<your server>") + connection.webhookPath
        return Array(
            """
            Connection   \(connection.id.text)
            Webhook URL  \(url)
            Username     \(username)
            Secret       \(secret)

            The secret is shown this once.

            """.utf8)
    }
}

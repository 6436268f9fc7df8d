import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct ConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Links to Mixpanel projects.",
        subcommands: [
            Create.self, List.self, Show.self, Edit.self, SetUp.self, SwitchOff.self,
            SwitchOn.self, Verify.self, Cohorts.self, Delete.self, MakeID.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a connection, with its webhook if asked.",
            discussion: """
                The secret of the webhook is shown this once. A running server honours it at \
                once. With --username, Mixpanel is asked which projects the service account can \
                see; the connection is made whatever it says, and `connection edit` takes another \
                account.
                """)

        @Option(help: "What people call it.")
        var name: String

        @Flag(help: "Set up the cohort sync: webhook, Basic username and secret.")
        var cohortSync = false

        @Option(help: "The exported property that holds your own user id.")
        var referenceProperty: String?

        @Option(name: .customLong("trait"), help: "A property to keep; may be repeated.")
        var traits: [String] = []

        @OptionGroup(title: "Service account") var account: ServiceAccountOptions
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard account.project == nil || account.username != nil else {
                throw ValidationError("--project needs --username.")
            }
        }

        func run() async throws {
            let shown = cohortSync ? listing : nil
            try await options.withStore(showingSecrets: shown) { store, configuration in
                let now = Composition.now()
                var connection = try Connection.make(
                    name: name, referenceProperty: referenceProperty, traitsAllowed: traits,
                    at: now, by: Composition.secrets)
                connection.serviceAccount = try await account.account(
                    of: connection, Composition.accounts(store, configuration))
                try await store.create(connection, for: .commandLine)
                var issued: Issued<CohortSync>?
                if cohortSync {
                    let sync = try CohortSync.issue(at: now, by: Composition.secrets)
                    try await store.setUp(sync.stored, of: connection.id, for: .commandLine)
                    issued = sync
                }
                let shown = issued.map {
                    ShownCohortSync(connection, $0.stored.username, $0.secret, configuration)
                }
                if listing.json {
                    Terminal.out(Self.json(connection, shown))
                } else {
                    Terminal.out(
                        shown?.text ?? Array("Connection  \(connection.id.text)\n".utf8))
                    if let account = connection.serviceAccount { Terminal.out(account.text) }
                }
            }
        }

        private static func json(
            _ connection: Connection, _ shown: ShownCohortSync?
        ) -> [UInt8] {
            var json = JSONWriter()
            json.beginObject()
            json.key("connection_id")
            json.string(connection.id.text)
            json.key("name")
            json.string(connection.name)
            if let account = connection.serviceAccount {
                json.key("status")
                json.string(account.status.rawValue)
                json.key("message")
                if let message = account.message { json.string(message) } else { json.null() }
            }
            shown?.write(to: &json)
            json.endObject()
            return json.bytes + [0x0A]
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the connections.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, configuration in
                let connections = try await everything { try await store.connections($0) }
                if listing.json {
                    Terminal.out(
                        Listing.json(connections) { json, connection in
                            json.connection(connection, configuration.publicURL)
                        })
                } else {
                    let rows = connections.map { connection in
                        [
                            connection.id.text, connection.name,
                            connection.cohortSync?.username ?? "-",
                            connection.serviceAccount?.status.rawValue ?? "-",
                            connection.createdAt.rfc3339,
                        ]
                    }
                    let header = ["CONNECTION", "NAME", "USERNAME", "ACCOUNT", "CREATED"]
                    Terminal.out(Terminal.table(header, rows))
                }
            }
        }
    }
}

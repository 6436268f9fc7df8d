import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct ConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Links to Mixpanel projects.",
        subcommands: [
            Create.self, List.self, Show.self, Edit.self, SwitchOff.self, SwitchOn.self,
            MakeID.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a connection, with its webhook if asked.",
            discussion: "The secret is shown this once. A running server honours it at once.")

        @Option(help: "What people call it.")
        var name: String

        @Flag(help: "Set up the cohort sync: webhook, Basic username and secret.")
        var cohortSync = false

        @Option(help: "The exported property that holds your own user id.")
        var referenceProperty: String?

        @Option(name: .customLong("trait"), help: "A property to keep; may be repeated.")
        var traits: [String] = []

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            let shown = cohortSync ? listing : nil
            try await options.withStore(showingSecrets: shown) { store, configuration in
                let now = Composition.now()
                let connection = try Connection.make(
                    name: name, referenceProperty: referenceProperty, traitsAllowed: traits,
                    at: now, by: Composition.secrets)
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
                            connection.createdAt.rfc3339,
                        ]
                    }
                    Terminal.out(
                        Terminal.table(["CONNECTION", "NAME", "USERNAME", "CREATED"], rows))
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one connection.")

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, configuration in
                let unknown = Failure(.notFound, "There is no connection of this id.")
                guard let id = ConnectionID(id) else { throw unknown }
                let found = try await store.connection(id)
                guard let found else { throw unknown }
                Self.show(found, listing, configuration)
            }
        }

        static func show(
            _ connection: Connection, _ listing: ListingOptions,
            _ configuration: MusterConfiguration
        ) {
            if listing.json {
                var json = JSONWriter()
                json.connection(connection, configuration.publicURL)
                Terminal.out(json.bytes + [0x0A])
            } else {
                Terminal.out(text(connection, configuration))
            }
        }

        private static func guardText(_ fraction: RemovedFraction?) -> String {
            fraction.map { "holds what removes more than \($0.value) of an audience" } ?? "-"
        }

        private static func text(
            _ connection: Connection, _ configuration: MusterConfiguration
        ) -> String {
            let url = (configuration.publicURL ?? "<your server>") + connection.webhookPath
            return """
                Connection          \(connection.id.text)
                Name                \(connection.name)
                Webhook URL         \(connection.cohortSync == nil ? "-" : url)
                Username            \(connection.cohortSync?.username ?? "-")
                Reference property  \(connection.referenceProperty)
                Traits              \(connection.traitsAllowed.joined(separator: ", "))
                Guard               \(guardText(connection.guardMaxRemoved))
                Created             \(connection.createdAt.rfc3339)
                """
        }
    }
}

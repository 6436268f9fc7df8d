import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Keys that open the API.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key.",
            discussion: "The key is shown this once. A running server honours it at once.")

        @Option(help: "What the key is for.")
        var name: String

        @Option(help: "What it may do: admin, or read for app back ends.")
        var scope = OperatorKey.Scope.admin

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, _ in
                let issued = try OperatorKey.issue(
                    name: name, scope: scope, at: Composition.now(), by: Composition.secrets)
                try await store.create(issued.stored, for: .commandLine)
                if listing.json {
                    var json = JSONWriter()
                    json.beginObject()
                    json.key("key_id")
                    json.string(issued.stored.id.text)
                    json.key("key")
                    json.string(issued.secret)
                    json.endObject()
                    Terminal.out(json.bytes + [0x0A])
                } else {
                    Terminal.out(
                        """
                        Key id  \(issued.stored.id.text)
                        Key     \(issued.secret)

                        The key is shown this once.
                        """)
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the keys, revoked ones too; never the keys themselves.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let keys = try await everything { try await store.operatorKeys($0) }
                if listing.json {
                    Terminal.out(Listing.json(keys) { json, key in json.operatorKey(key) })
                } else {
                    let rows = keys.map { key in
                        [
                            key.id.text, key.name, key.scope.rawValue, key.createdAt.rfc3339,
                            key.revokedAt?.rfc3339 ?? "-",
                        ]
                    }
                    Terminal.out(
                        Terminal.table(["KEY", "NAME", "SCOPE", "CREATED", "REVOKED"], rows))
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key open nothing any more.")

        @Argument(help: "The key's id, as `key list` shows it.")
        var id: String

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let id = OperatorKeyID(id) else {
                    throw Failure(.notFound, "There is no key of this id.")
                }
                try await store.revoke(id, at: Composition.now(), for: .commandLine)
                Terminal.error("revoked \(id.text)")
            }
        }
    }
}

extension OperatorKey.Scope: ExpressibleByArgument {}

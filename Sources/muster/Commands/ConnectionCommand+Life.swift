import ArgumentParser
import Audiences
import Mixpanel
import SQLiteStore

extension ConnectionCommand {
    struct SetUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets up the cohort sync: webhook URL, username and secret.",
            discussion: """
                The secret is shown this once; `secret regenerate` makes another one. URL and \
                username never change.
                """)

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, configuration in
                let connection = try await store.needed(try ConnectionID(argument: id))
                let sync = try CohortSync.issue(at: Composition.now(), by: Composition.secrets)
                try await store.setUp(sync.stored, of: connection.id, for: .commandLine)
                let shown = ShownCohortSync(
                    connection, sync.stored.username, sync.secret, configuration)
                Terminal.out(listing.json ? shown.json : shown.text)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks Mixpanel about the service account again.")

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, configuration in
                let connection = try await store.needed(try ConnectionID(argument: id))
                let account = try await Composition.accounts(store, configuration)
                    .verify(connection.neededAccount(), of: connection.id)
                let verified = try await store.refresh(
                    account, of: connection.id, at: Composition.now(), for: .commandLine)
                Show.show(verified, listing, configuration)
                if account.status != .connected { throw Ending.unavailable }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a connection with its audiences, people, changes and logs.",
            discussion: """
                Mixpanel is answered 404 then, which pauses its syncs to this connection. What can \
                be undone is `connection switch-off`.
                """)

        @Argument(help: "The connection's id.")
        var id: String

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let connection = try await store.needed(try ConnectionID(argument: id))
                try connection.refuseDeclared()
                try Question.confirm(
                    "\(connection.name) (\(connection.id.text)) and all its audiences will be "
                        + "gone. Go on?", isAnswered: yes)
                try await store.delete(
                    connection.id, at: Composition.now(), for: .commandLine)
                Terminal.error("deleted \(connection.id.text)")
            }
        }
    }
}

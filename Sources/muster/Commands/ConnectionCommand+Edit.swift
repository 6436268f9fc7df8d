import ArgumentParser
import Audiences
import SQLiteStore

extension ConnectionCommand {
    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes what may be chosen about a connection.",
            discussion: """
                What is not named stays. Pages that arrive from now on are read by the new \
                rules; its URL, username and secret never change.
                """)

        @Argument(help: "The connection's id.")
        var id: String

        @Option(help: "What people call it.")
        var name: String?

        @Option(help: "The exported property that holds your own user id.")
        var referenceProperty: String?

        @Option(
            name: .customLong("trait"),
            help: "A property to keep, instead of those kept until now; may be repeated.")
        var traits: [String] = []

        @Flag(help: "Keep no properties.")
        var noTraits = false

        @Option(
            help: "Hold replacements that remove more than this share of an audience, 0 to 1.")
        var guardMaxRemoved: Double?

        @Flag(help: "Hold nothing.")
        var noGuard = false

        @OptionGroup(title: "Service account") var account: ServiceAccountOptions

        @Flag(help: "Take the service account away.")
        var noServiceAccount = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard !noServiceAccount || account.isEmpty else {
                throw ValidationError(
                    "--no-service-account excludes --username and --project.")
            }
            // As the API has it: an empty name says nothing, and no property is called so.
            guard !([name, referenceProperty] + traits).contains("") else {
                throw ValidationError("A name and a property must not be empty.")
            }
            guard guardMaxRemoved.map({ RemovedFraction($0) != nil }) ?? true else {
                throw ValidationError("--guard-max-removed must be 0 to 1.")
            }
            guard guardMaxRemoved == nil || !noGuard else {
                throw ValidationError("--guard-max-removed and --no-guard exclude each other.")
            }
            guard traits.isEmpty || !noTraits else {
                throw ValidationError("--trait and --no-traits exclude each other.")
            }
        }

        func run() async throws {
            try await options.withStore { store, configuration in
                let id = try ConnectionID(argument: id)
                var connection = try await store.needed(id)
                // Mixpanel is asked before anything is changed.
                let wanted =
                    noServiceAccount
                    ? nil
                    : try await account.account(
                        of: connection, Composition.accounts(store, configuration))
                let now = Composition.now()
                if edit != ConnectionEdit() {
                    connection = try await store.update(id, with: edit, at: now, for: .commandLine)
                }
                if let wanted, account.isChoice {
                    connection = try await store.refresh(
                        wanted, of: id, at: now, for: .commandLine)
                } else if noServiceAccount || !account.isEmpty {
                    connection = try await store.set(wanted, of: id, at: now, for: .commandLine)
                }
                Show.show(connection, listing, configuration)
            }
        }

        private var edit: ConnectionEdit {
            ConnectionEdit(
                name: name, referenceProperty: referenceProperty,
                traitsAllowed: traits.isEmpty && !noTraits ? nil : traits,
                guardMaxRemoved: guardMaxRemoved.map { .some(RemovedFraction($0)) }
                    ?? (noGuard ? .some(nil) : nil))
        }
    }
}

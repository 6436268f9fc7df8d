import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct SDKCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sdk", abstract: "What your apps may ask: their key, and who their users are.",
        subcommands: [
            SetUp.self, Show.self, Edit.self, NewKey.self, NewSecret.self,
        ])

    struct SetUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the public key that your apps carry.",
            discussion: "It is no secret. If there is one already, it is shown.")

        @OptionGroup var place: SDKPlace
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try await store.connection(named: place.connection).id
                let made = SDKSettings(publicKey: try PublicKey.make(by: Composition.secrets))
                let settings = try await store.changeSDK(
                    of: id, at: Composition.now(), for: .commandLine
                ) { before throws(Failure) in before ?? made }
                SDKCommand.show(settings, of: id, listing)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the public key, and what was chosen.")

        @OptionGroup var place: SDKPlace
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let (id, settings) = try await SDKCommand.settings(place, store)
                SDKCommand.show(settings, of: id, listing)
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes how often people are asked, and whether their ids must be signed.")

        @OptionGroup var place: SDKPlace

        @Option(help: "So long between invitations by two different rules; none: no such pause.")
        var cooldownHours: Bound?

        @Flag(
            inversion: .prefixedNo,
            help: "Whether a user's id counts only with the signature of your server.")
        var requireIdentity: Bool?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            _ = try cooldownHours?.checked("--cooldown-hours", most: Limits.cooldownHoursMax)
        }

        func run() async throws {
            try await options.withStore { store, _ in
                var edit = SDKEdit()
                edit.requiresIdentity = requireIdentity
                edit.cooldownHours = cooldownHours.map(\.value)
                let edited = edit
                let (id, settings) = try await SDKCommand.change(place, store) {
                    settings throws(Failure) in
                    if edited.requiresIdentity == true, settings.identitySecret == nil {
                        throw Failure(
                            .conflict,
                            "There is nothing to sign with yet: `muster sdk new-secret` makes it.")
                    }
                    try edited.apply(to: &settings)
                }
                SDKCommand.show(settings, of: id, listing)
            }
        }
    }

    struct NewKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes another public key; apps that have the old one are refused at once.")

        @OptionGroup var place: SDKPlace

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                _ = try await SDKCommand.settings(place, store)
                try Question.confirm(
                    "Apps that are installed with the old key invite nobody any more. Go on?",
                    isAnswered: yes)
                let key = try PublicKey.make(by: Composition.secrets)
                let (id, settings) = try await SDKCommand.change(place, store) {
                    settings throws(Failure) in settings.publicKey = key
                }
                SDKCommand.show(settings, of: id, listing)
            }
        }
    }

    struct NewSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the secret with which your server signs users' ids.",
            discussion: "It is shown this once. One made before is dead at once.")

        @OptionGroup var place: SDKPlace
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, configuration in
                let id = try await SDKCommand.settings(place, store).0
                let secret = try Composition.secrets.makeIdentitySecret()
                let sealed = try configuration.keyRing.sealing.seal(
                    Array(secret.utf8), SDKSettings.sealingContext(of: id))
                let (_, settings) = try await SDKCommand.change(place, store) {
                    settings throws(Failure) in settings.identitySecret = sealed
                }
                SDKCommand.show(settings, of: id, secret: secret, listing)
            }
        }
    }

    fileprivate static func settings(
        _ place: SDKPlace, _ store: SQLiteStore
    ) async throws -> (ConnectionID, SDKSettings) {
        let id = try await store.connection(named: place.connection).id
        let settings = try await store.sdkSettings(of: id)
        guard let settings else { throw nothingSetUp }
        return (id, settings)
    }

    /// Changes what was set up, and nothing else that somebody may be changing meanwhile.
    fileprivate static func change(
        _ place: SDKPlace, _ store: SQLiteStore,
        _ change: @escaping @Sendable (inout SDKSettings) throws(Failure) -> Void
    ) async throws -> (ConnectionID, SDKSettings) {
        let id = try await store.connection(named: place.connection).id
        let settings = try await store.changeSDK(
            of: id, at: Composition.now(), for: .commandLine
        ) { before throws(Failure) in
            guard var settings = before else { throw nothingSetUp }
            try change(&settings)
            return settings
        }
        return (id, settings)
    }

    private static let nothingSetUp = Failure(
        .notFound, "Nothing was set up for apps yet: `muster sdk set-up` does it.")

    fileprivate static func show(
        _ settings: SDKSettings, of id: ConnectionID, secret: String? = nil,
        _ listing: ListingOptions
    ) {
        guard !listing.json else {
            var json = JSONWriter()
            json.sdkSettings(settings, of: id, secret: secret)
            return Terminal.out(json.bytes + [0x0A])
        }
        let identity =
            settings.requiresIdentity
            ? "needed" : settings.identitySecret == nil ? "-" : "checked if it is sent"
        let pause = settings.cooldownHours.map { "\($0) hours between two rules" }
        Terminal.out(
            """
            Public key       \(settings.publicKey.text)
            Connection       \(id.text)
            Signed identity  \(identity)
            Cooldown         \(pause ?? "-")
            First call       \(settings.firstSeenAt?.rfc3339 ?? "-")
            """)
        if let secret {
            Terminal.out(Array("Identity secret  \(secret)\n\nIt is shown this once.\n".utf8))
        }
    }
}

/// Whose apps.
struct SDKPlace: ParsableArguments {
    @Argument(help: "A connection's id or name; the only one without.")
    var connection: String?
}

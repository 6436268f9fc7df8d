import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

/// The outgoing webhooks of connections.
struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Where a connection's events are posted to.",
        subcommands: [
            Create.self, Show.self, Edit.self, Remove.self, Secret.self, Test.self,
            Deliveries.self, Replay.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a connection's events posted to an address.",
            discussion: """
                The signing secret is shown this once. A running server sends from now on; \
                `hook test` tries it.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "An https:// address, or http:// of this machine.")
        var url: String

        @Option(name: .customLong("event"), help: "\(HookCommand.kinds); may be repeated.")
        var events: [String] = [HookEvent.Kind.inviteStarted, .inviteCompleted, .inviteDismissed]
            .map(\.rawValue)

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, configuration in
                let id = try ConnectionID(argument: connection)
                let now = Composition.now()
                let (url, kinds) = (try hookURL(url), try hookEvents(events))
                let issued = try HookSecret.issue(
                    for: id, at: now, by: Composition.secrets, configuration.keyRing.sealing)
                let made = Hook(
                    connectionID: id, url: url, events: kinds, secrets: [issued.stored],
                    createdAt: now)
                try await store.changeHook(of: id, at: now, for: .commandLine) {
                    hook throws(Failure) in
                    guard hook == nil else {
                        throw Failure(
                            .conflict, "The connection has a hook already; `hook edit` changes it.")
                    }
                    hook = made
                }
                HookCommand.show(made, secret: issued.secret, listing)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a connection's hook.")

        @Argument(help: "The connection's id.")
        var connection: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let hook = try await store.hook(of: ConnectionID(argument: connection))
                guard let hook else { throw Failure.noHook }
                HookCommand.show(hook, listing)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a connection's hook away, with what waits for it.")

        @Argument(help: "The connection's id.")
        var connection: String

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try ConnectionID(argument: connection)
                try await store.changeHook(of: id, at: Composition.now(), for: .commandLine) {
                    hook throws(Failure) in
                    guard hook != nil else { throw Failure.noHook }
                    hook = nil
                }
                Terminal.error("removed the hook of \(id.text)")
            }
        }
    }

    // MARK: What the commands share

    static let kinds = HookEvent.Kind.wanted.map(\.rawValue).joined(separator: ", ")

    static func show(_ hook: Hook, secret: String? = nil, _ listing: ListingOptions) {
        if listing.json {
            var json = JSONWriter()
            json.hook(hook, secret: secret, at: Composition.now())
            return Terminal.out(json.bytes + [0x0A])
        }
        let events = HookEvent.Kind.wanted.filter(hook.events.contains).map(\.rawValue)
        var lines = [
            "Connection    \(hook.connectionID.text)",
            "URL           \(hook.url.text)",
            "Events        \(events.joined(separator: ", "))",
            "State         \(hook.isOn ? "on" : "switched off")",
        ]
        for stored in hook.validSecrets(at: Composition.now()) {
            let end = stored.expiresAt.map { ", until \($0.rfc3339)" } ?? ""
            lines.append("Signed since  \(stored.createdAt.rfc3339)\(end)")
        }
        if let secret {
            lines += ["Secret        \(secret)", "", "The secret is shown this once."]
        }
        Terminal.out(lines.joined(separator: "\n"))
    }
}

func hookURL(_ text: String) throws(Failure) -> HookURL {
    guard let url = HookURL(text) else {
        throw Failure(.invalid, "--url must be \(HookURL.rule).")
    }
    return url
}

func hookEvents(_ names: [String]) throws(Failure) -> Set<HookEvent.Kind> {
    var kinds: Set<HookEvent.Kind> = []
    for name in names {
        let kind = HookEvent.Kind.wanted.first { $0.rawValue.utf8.elementsEqual(name.utf8) }
        guard let kind else {
            throw Failure(.invalid, "--event must be one of \(HookCommand.kinds).")
        }
        kinds.insert(kind)
    }
    return kinds
}

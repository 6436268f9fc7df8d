import ArgumentParser
import Audiences
import SQLiteStore

extension HookCommand {
    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a connection's hook, or switches it off or on.",
            discussion: """
                What is not named stays. What happens while a hook is off is never told; what \
                waited then is sent when it is on again.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "An https:// address, or http:// of this machine.")
        var url: String?

        @Option(
            name: .customLong("event"),
            help: "\(HookCommand.kinds), instead of those until now; may be repeated.")
        var events: [String] = []

        @Flag(help: "Send.")
        var on = false

        @Flag(help: "Send nothing.")
        var off = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard !on || !off else {
                throw ValidationError("--on and --off exclude each other.")
            }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try ConnectionID(argument: connection)
                let wanted = (
                    url: try url.map(hookURL), kinds: try hookEvents(events),
                    isOn: on ? true : off ? false : nil
                )
                let now = Composition.now()
                let changed = try await store.changeHook(of: id, at: now, for: .commandLine) {
                    hook throws(Failure) in
                    guard let old = hook else { throw Failure.noHook }
                    hook?.edit(
                        url: wanted.url ?? old.url,
                        events: wanted.kinds.isEmpty ? old.events : wanted.kinds,
                        isOn: wanted.isOn ?? old.isOn, at: now)
                }
                guard let changed else { throw Failure.noHook }
                HookCommand.show(changed, listing)
            }
        }
    }

    struct Secret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new signing secret, instead of those there are.",
            discussion: """
                It is shown this once. Those before it end at once, or after the overlap, during \
                which everything is signed with all of them: so there is time to tell the receiver.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "How long the secrets before it are used, 0 to 604800 (a week).")
        var overlapSeconds = 0

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard (0...Limits.secretOverlapSecondsMax).contains(overlapSeconds) else {
                throw ValidationError(
                    "--overlap-seconds must be 0 to \(Limits.secretOverlapSecondsMax).")
            }
        }

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, configuration in
                let id = try ConnectionID(argument: connection)
                let (now, overlap) = (Composition.now(), Int64(overlapSeconds) * 1000)
                let issued = try HookSecret.issue(
                    for: id, at: now, by: Composition.secrets, configuration.keyRing.sealing)
                let changed = try await store.changeHook(of: id, at: now, for: .commandLine) {
                    hook throws(Failure) in
                    guard hook != nil else { throw Failure.noHook }
                    try hook?.add(issued.stored, overlapMilliseconds: overlap, at: now)
                }
                guard let changed else { throw Failure.noHook }
                HookCommand.show(changed, secret: issued.secret, listing)
            }
        }
    }
}

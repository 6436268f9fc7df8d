import ArgumentParser
import Audiences

/// The secrets that are kept encrypted.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Secrets that are kept encrypted.",
        subcommands: [RekeyCommand.self])

    struct RekeyCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rekey",
            abstract: "Encrypts them anew under a new key, and removes the old one.",
            discussion: """
                While a server runs, too. The new key is made in encryption.key in the data \
                directory, or is encryption_key if that is set. Cut off at any moment, nothing is \
                lost: call it again and it goes on.
                """)

        @OptionGroup var options: StoreOptions

        /// A server that encrypted something under the old key has stored it by then.
        private static let settling = Duration.seconds(5)

        func run() async throws {
            try await options.withStore { store, configuration in
                let outcome = try await Rekey(
                    store: store, ring: configuration.keyRing, now: Composition.now,
                    settle: { try await Task.sleep(for: Self.settling) }
                ).run()
                Terminal.error(
                    "\(outcome.resealed) encrypted anew under the key \(outcome.keyID); "
                        + "\(outcome.keysRemoved) old keys removed from the file")
                if !configuration.previousEncryptionKeys.isEmpty {
                    Terminal.error("encryption_key_previous can be taken out now")
                }
            }
        }
    }
}

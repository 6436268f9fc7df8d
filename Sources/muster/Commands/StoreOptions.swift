import ArgumentParser
import Audiences
import Foundation
import Logging
import SQLiteStore

/// The options of every command that opens the store.
struct StoreOptions: ParsableArguments {
    @Option(help: "The data directory (MUSTER_DATA_DIR; default ./data).")
    var dataDir: String?

    @Option(help: "The configuration file (MUSTER_CONFIG).")
    var config: String?

    func readConfiguration() async throws(ConfigurationProblems) -> ConfigurationReading {
        try await MusterConfiguration.readWithOrigins(
            flags: ConfigurationFlags(configFile: config, dataDirectory: dataDir))
    }

    /// Opens the store beside a running server, runs `body`, and closes it.
    ///
    /// - Parameters:
    ///   - listing: of a command whose answer has a secret, which is refused before anything
    ///     happens if the answer could be left lying about.
    ///   - body: what the command does.
    /// - Returns: what `body` returns.
    /// - Throws: an exit code.
    func withStore<Value>(
        showingSecrets listing: ListingOptions? = nil,
        _ body: (SQLiteStore, MusterConfiguration) async throws -> Value
    ) async throws -> Value {
        try await explainingFailures {
            if let listing, !listing.json, !Terminal.isTerminal(.standardOutput) {
                throw Failure(
                    .invalid,
                    """
                    Nothing was done: the answer has a secret, and stdout is not a terminal; add \
                    --json to have it written there.
                    """)
            }
            let configuration = try await readConfiguration().configuration
            let logger = Logger(label: "muster") { label in
                LineLogHandler(label: label, level: .warning, format: .text)
            }
            let store = try Composition.openStore(configuration, as: .tool, logger)
            do {
                let value = try await body(store, configuration)
                try await store.close()
                return value
            } catch {
                try? await store.close()
                throw error
            }
        }
    }
}

/// How a listing is printed.
struct ListingOptions: ParsableArguments {
    @Flag(help: "Print JSON instead of a table.")
    var json = false
}

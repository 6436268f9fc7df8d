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
            let configuration = try await MusterConfiguration.read(
                flags: ConfigurationFlags(configFile: config, dataDirectory: dataDir))
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

/// Runs `body`; a `Failure` becomes one line on stderr and an exit code of sysexits.
func explainingFailures<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let failure as Failure {
        let detail = failure.detail.isEmpty ? "" : " (\(failure.detail))"
        Terminal.error("muster: \(failure.message)\(detail)")
        throw failure.exitCode
    }
}

extension Failure {
    /// sysexits(3).
    var exitCode: ExitCode {
        switch code {
        case .invalid: ExitCode(64)  // EX_USAGE
        case .notFound, .gone: ExitCode(66)  // EX_NOINPUT
        case .conflict: ExitCode(73)  // EX_CANTCREAT
        case .unavailable: ExitCode(69)  // EX_UNAVAILABLE
        case .internal: ExitCode(70)  // EX_SOFTWARE
        }
    }
}

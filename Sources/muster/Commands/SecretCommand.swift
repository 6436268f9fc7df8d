import ArgumentParser
import Audiences
import Foundation
import Platform
import SQLiteStore

/// The secrets of cohort syncs.
struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Secrets with which Mixpanel opens a webhook.",
        subcommands: [Regenerate.self, Revoke.self, Hash.self])

    struct Regenerate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new secret, instead of those there are.",
            discussion: """
                It is shown this once. Those before it end at once, or after the overlap: so there \
                is time to change it in Mixpanel, and the sync does not pause.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "How long the secrets before it stay valid, 0 to 604800 (a week).")
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
                let now = Composition.now()
                let issued = try StoredSecret.issue(at: now, by: Composition.secrets)
                let changed = try await store.add(
                    issued.stored, to: id, overlapMilliseconds: Int64(overlapSeconds) * 1000,
                    at: now, for: .commandLine)
                let shown = ShownCohortSync(
                    changed, changed.cohortSync?.username ?? "", issued.secret, configuration)
                Terminal.out(listing.json ? shown.json : shown.text)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a secret at once, or all secrets of a connection.",
            discussion: """
                Mixpanel is answered 401 then, and pauses its sync: `secret regenerate` first, or \
                `connection switch-off`, avoids that.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "The secret's id, as `connection show` has it; all of them without.")
        var id: String?

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let secret = try id.map { text throws(Failure) in
                    guard let secret = SecretID(text) else {
                        throw Failure(.notFound, "There is no secret of this id.")
                    }
                    return secret
                }
                let connection = try ConnectionID(argument: connection)
                _ = try await store.revoke(
                    secret, of: connection, at: Composition.now(), for: .commandLine)
                Terminal.error("revoked \(secret?.text ?? "all secrets of \(connection.text)")")
            }
        }
    }

    struct Hash: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hashes a secret that you chose, for a connection in the configuration file.",
            discussion: "Asks for it twice, on a terminal and without showing it.")

        @Flag(help: "Read one line from stdin instead.")
        var stdin = false

        func run() async throws {
            try await explainingFailures {
                let secret = stdin ? try Self.line() : try Self.ask()
                try Self.refuseUnsendable(secret)
                do {
                    Terminal.out(try Composition.secrets.hashSlowly(secret).phc)
                } catch let error as PlatformError {
                    throw Failure(
                        .internal, "The secret can't be hashed; is there memory for it?",
                        detail: "\(error)")
                }
            }
        }

        /// What an operator can be asked to type, and Mixpanel's field to hold.
        static let secretBytesMax = 1024
        /// A secret that is shorter than this is guessed however slow its hash is.
        static let secretCharactersMin = 12

        private static func refuseUnsendable(_ secret: [UInt8]) throws(Failure) {
            guard String(decoding: secret, as: UTF8.self).count >= secretCharactersMin else {
                throw Failure(
                    .invalid, "The secret must have at least \(secretCharactersMin) characters.")
            }
            // RFC 7617 section 2 forbids them in Basic credentials.
            guard secret.count <= secretBytesMax, secret.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else {
                throw Failure(
                    .invalid,
                    "The secret must have at most \(secretBytesMax) bytes and no control character."
                )
            }
        }

        /// One byte more than the longest secret, which tells that there is more.
        static func line() throws(Failure) -> [UInt8] {
            var line: [UInt8] = []
            while line.count <= secretBytesMax,
                let byte = try? FileHandle.standardInput.read(upToCount: 1)?.first,
                byte != UInt8(ascii: "\n")
            {
                line.append(byte)
            }
            return line
        }

        private static func ask() throws -> [UInt8] {
            guard HiddenInput.isPossible else {
                throw Failure(
                    .invalid, "There is no terminal to ask on; use --stdin to pipe the secret in.")
            }
            func answer(to prompt: String) throws -> [UInt8] {
                let line = try HiddenInput.read(prompt: prompt, bytesMax: secretBytesMax + 1)
                guard let line else { throw ExitCode(130) }
                return line
            }
            let secret = try answer(to: "Secret: ")
            try refuseUnsendable(secret)
            guard secret == (try answer(to: "Again: ")) else {
                throw Failure(.invalid, "The two are not the same.")
            }
            return secret
        }
    }
}

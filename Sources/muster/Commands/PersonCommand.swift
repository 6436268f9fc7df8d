import ArgumentParser
import Audiences
import SQLiteStore

struct PersonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "People, whatever audience they are in.",
        subcommands: [Erase.self])

    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erases everybody who matches an id, everywhere.",
            discussion: """
                The person, their traits, every membership and their name in the change feed. \
                Without --stay-erased the next page of Mixpanel that names them brings them back.
                """)

        @Option(help: "The reference id, or the distinct id of somebody who has none.")
        var matchID: String

        @Flag(help: "Keep hashes of their ids, so that later pages can't bring them back.")
        var stayErased = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let matchID = ExternalID(matchID) else {
                    throw Failure(.invalid, "--match-id must be 1 to 1024 bytes without NUL.")
                }
                let erased = try await store.erase(
                    matching: matchID, staysErased: stayErased, at: Composition.now(),
                    for: .commandLine)
                Terminal.out(listing.json ? "{\"erased\":\(erased)}" : "erased \(erased)")
            }
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct PersonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "People, whatever audience they are in.",
        subcommands: [Audiences.self, Eligibility.self, Erase.self])

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

    struct Audiences: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the audiences that somebody is in, or was in.")

        @Argument(help: "The reference id, or the distinct id of somebody who has none.")
        var matchID: String

        @Option(help: "Only this audience.")
        var audience: String?

        @Option(help: "The moment asked about, as in 2026-11-22T04:00:00Z; now without.")
        var at: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let matchID = ExternalID(matchID) else {
                    throw Failure(.invalid, "A match id must be 1 to 1024 bytes without NUL.")
                }
                let now = Composition.now()
                let audience = try audience.map { text throws(Failure) in try audienceID(text) }
                let moment = try at.map { text throws(Failure) in try Self.moment(text, now) }
                let found: [Membership]
                if let moment {
                    found = try await store.memberships(
                        matching: matchID, in: audience, at: moment)
                } else {
                    found = try await store.memberships(matching: matchID, in: audience)
                }
                if listing.json {
                    Terminal.out(
                        Listing.json(found) { json, membership in
                            json.membership(membership, at: now)
                        })
                } else {
                    let rows = found.map { membership in
                        [
                            membership.audience.text, membership.name ?? "-",
                            membership.enteredAt.rfc3339,
                            membership.freshness.status(at: now).rawValue,
                            membership.source?.sessionID?.text ?? "-",
                        ]
                    }
                    let header = ["AUDIENCE", "NAME", "ENTERED", "STATUS", "SESSION"]
                    Terminal.out(Terminal.table(header, rows))
                }
            }
        }

        private static func moment(_ text: String, _ now: Timestamp) throws(Failure) -> Timestamp {
            guard let moment = Timestamp(rfc3339: text), moment <= now else {
                throw Failure(
                    .invalid, "--at must be a past moment, as in 2026-11-22T04:00:00Z.")
            }
            return moment
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes", abstract: "Shows who entered and left, oldest first.",
        discussion: "A line of JSON for each change with --json.")

    @Option(help: "Only changes after this sequence number.")
    var after: Int64 = 0

    @Option(help: "Only changes of this audience.")
    var audience: String?

    @Option(help: "How many at most, 1 to 1000.")
    var limit = Limits.listItemsDefault

    @OptionGroup var listing: ListingOptions
    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard (1...Limits.listItemsMax).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(Limits.listItemsMax).")
        }
    }

    func run() async throws {
        try await options.withStore { store, _ in
            let audience = try audience.map { text throws(Failure) in try audienceID(text) }
            var found: [MembershipChange] = []
            var next = after
            var hasMore = true
            while hasMore, found.count < limit {
                let page = try await store.changes(
                    after: next, in: audience, limit: limit - found.count)
                found += page.changes
                next = page.next
                hasMore = page.hasMore
            }
            if listing.json {
                for change in found {
                    var json = JSONWriter()
                    json.change(change)
                    Terminal.out(json.bytes + [0x0A])
                }
            } else {
                let rows = found.map { change in
                    [
                        String(change.sequence), change.at.rfc3339, change.kind.rawValue,
                        change.audience.text, change.person?.matchID.text ?? "(erased)",
                    ]
                }
                Terminal.out(
                    Terminal.table(["SEQ", "AT", "CHANGE", "AUDIENCE", "MATCH ID"], rows))
                if hasMore { Terminal.error("… and more: muster changes --after \(next)") }
            }
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the administrative changes, newest first.",
            discussion: "No secret and nobody's id is in it.")

        @Option(help: "Only this action, as in connection.created.")
        var action: String?

        @Option(help: "Only changes of what has this id.")
        var target: String?

        @Option(help: "How many at most, 1 to 1000.")
        var limit = Limits.listItemsDefault

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard (1...Limits.listItemsMax).contains(limit) else {
                throw ValidationError("--limit must be 1 to \(Limits.listItemsMax).")
            }
            guard action.map({ AuditEntry.Action(rawValue: $0) != nil }) ?? true else {
                let all = AuditEntry.Action.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--action must be one of \(all).")
            }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let filter = AuditFilter(
                    action: action.flatMap(AuditEntry.Action.init(rawValue:)), target: target)
                let page = try await store.auditLog(matching: filter, ListRange(limit: limit))
                if listing.json {
                    Terminal.out(
                        Listing.json(page.items) { json, entry in json.auditEntry(entry) })
                } else {
                    let rows = page.items.map { entry in
                        [
                            String(entry.sequence), entry.at.rfc3339, entry.actor.text,
                            entry.action.rawValue, entry.target ?? "-",
                            entry.details.joined(separator: " "),
                        ]
                    }
                    let header = ["SEQ", "AT", "BY", "ACTION", "TARGET", "DETAILS"]
                    Terminal.out(Terminal.table(header, rows))
                    if page.next != nil { Terminal.error("… and more: --limit") }
                }
            }
        }
    }
}

extension Operation.Actor {
    fileprivate var text: String {
        switch self {
        case .key(let id): id.text
        case .elementUser(let id): id.text
        case .commandLine: "command line"
        case .configuration: "configuration"
        case .server: "server"
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct ReconciliationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconciliation",
        abstract: "Comparisons of audiences with Mixpanel's own lists.",
        discussion: "`muster audience reconcile` begins one.",
        subcommands: [List.self, Show.self, Differences.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the reconciliations, newest first.")

        @Option(help: "Only those of this audience.")
        var audience: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try audience.map(audienceID)
                let found = try await everything { range in
                    try await store.reconciliations(of: id, range)
                }
                if listing.json {
                    Terminal.out(Listing.json(found) { json, item in json.reconciliation(item) })
                } else {
                    Terminal.out(ReconciliationCommand.table(found))
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one reconciliation.")

        @Argument(help: "The reconciliation's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let found = try await store.reconciliation(reconciliationID(id))
                guard let found else { throw noReconciliation }
                ReconciliationCommand.show(found, listing)
            }
        }
    }

    struct Differences: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists whom an audience and its cohort differ in, missing people first.")

        @Argument(help: "The reconciliation's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try reconciliationID(id)
                let found = try await everything { try await store.differences(of: id, $0) }
                if listing.json {
                    Terminal.out(Listing.json(found) { json, item in json.difference(item) })
                } else {
                    let rows = found.map { [$0.kind.rawValue, $0.distinctID.text] }
                    Terminal.out(Terminal.table(["KIND", "DISTINCT ID"], rows))
                }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a reconciliation; what it mended stays.")

        @Argument(help: "The reconciliation's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let ended = try await store.cancel(
                    reconciliationID(id), at: Composition.now(), for: .commandLine)
                ReconciliationCommand.show(ended, listing)
            }
        }
    }

    static func show(_ reconciliation: Reconciliation, _ listing: ListingOptions) {
        if listing.json {
            var json = JSONWriter()
            json.reconciliation(reconciliation)
            Terminal.out(json.bytes + [0x0A])
        } else {
            Terminal.out(AudienceCommand.Reconcile.text(reconciliation))
        }
    }

    static func table(_ reconciliations: [Reconciliation]) -> String {
        let rows = reconciliations.map { item in
            [
                item.id.text, item.audience.text, item.status.rawValue,
                item.repairs ? "yes" : "no",
                item.result.map { String($0.missing) } ?? "-",
                item.result.map { String($0.extra) } ?? "-", item.createdAt.rfc3339,
            ]
        }
        return Terminal.table(
            ["RECONCILIATION", "AUDIENCE", "STATUS", "REPAIRS", "MISSING", "EXTRA", "CREATED"],
            rows)
    }
}

private let noReconciliation = Failure(.notFound, "There is no reconciliation of this id.")

private func reconciliationID(_ text: String) throws(Failure) -> ReconciliationID {
    guard let id = ReconciliationID(text) else { throw noReconciliation }
    return id
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension AudienceCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one audience.")

        @OptionGroup var target: ControlTarget

        func run() async throws {
            // Nothing is done to it.
            try await target.control { _, _, _ in }
        }
    }

    struct Syncs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what arrived for an audience, newest first.")

        @Argument(help: "The audience's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let page = try await store.syncs(
                    of: audienceID(id), ListRange(limit: Limits.listItemsDefault))
                if listing.json {
                    Terminal.out(Listing.json(page.items) { json, sync in json.sync(sync) })
                } else {
                    let rows = page.items.map { sync in
                        [
                            sync.startedAt.rfc3339, sync.action.rawValue, sync.status.rawValue,
                            "\(sync.pagesReceived)/\(sync.pagesTotal.map(String.init) ?? "?")",
                            String(sync.membersReceived), String(sync.notes.unusableCount),
                            sync.sessionID?.text ?? "-",
                        ]
                    }
                    Terminal.out(
                        Terminal.table(
                            [
                                "STARTED", "ACTION", "STATUS", "PAGES", "MEMBERS", "UNUSABLE",
                                "SESSION",
                            ], rows))
                }
            }
        }
    }

    struct SharedReferences: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists reference ids that several members have.")

        @Argument(help: "The audience's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try audienceID(id)
                let all = try await everything { try await store.sharedReferences(of: id, $0) }
                if listing.json {
                    Terminal.out(
                        Listing.json(all) { json, shared in json.sharedReference(shared) })
                } else {
                    let rows = all.map { shared in
                        [
                            shared.referenceID.text,
                            shared.distinctIDs.map(\.text).joined(separator: ", "),
                        ]
                    }
                    Terminal.out(
                        Terminal.table(["REFERENCE ID", "DISTINCT IDS"], rows))
                }
            }
        }
    }
}

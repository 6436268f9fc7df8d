import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension AudienceCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one audience.")

        @Argument(help: "The audience's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let found = try await store.audience(try audienceID(id))
                guard let audience = found else {
                    throw Failure(.notFound, "There is no audience of this id.")
                }
                let now = Composition.now()
                if listing.json {
                    var json = JSONWriter()
                    json.audience(audience, at: now)
                    Terminal.out(json.bytes + [0x0A])
                } else {
                    Terminal.out(Self.text(audience, at: now))
                }
            }
        }

        private static func text(_ audience: Audience, at now: Timestamp) -> String {
            """
            Audience         \(audience.id.text)
            Name             \(audience.cohort.name ?? "-")
            Connection       \(audience.connectionID.text)
            Project          \(audience.cohort.projectID?.text ?? "-")
            Cohort           \(audience.cohort.cohortID.text)
            Members          \(audience.memberCount)
            Status           \(audience.freshness.status(at: now).rawValue)
            As of            \(audience.asOf?.rfc3339 ?? "-")
            Needs reconcile  \(audience.needsReconcile?.rawValue ?? "-")
            """
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

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct AudienceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audience", abstract: "Cohorts as received.",
        subcommands: [
            List.self, Show.self, Members.self, Syncs.self, SharedReferences.self, Export.self,
            Accept.self, Reject.self, Restore.self,
            Reconcile.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the audiences.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let audiences = try await everything {
                    try await store.audiences(matching: AudienceFilter(), $0)
                }
                let now = Composition.now()
                if listing.json {
                    Terminal.out(
                        Listing.json(audiences) { json, audience in
                            json.audience(audience, at: now)
                        })
                } else {
                    let rows = audiences.map { audience in
                        [
                            audience.id.text, audience.cohort.name ?? "-",
                            audience.cohort.cohortID.text, String(audience.memberCount),
                            audience.freshness.status(at: now).rawValue,
                            audience.asOf?.rfc3339 ?? "-",
                        ]
                    }
                    Terminal.out(
                        Terminal.table(
                            ["AUDIENCE", "NAME", "COHORT", "MEMBERS", "STATUS", "AS OF"], rows))
                }
            }
        }
    }

    struct Members: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the first members of an audience.")

        @Argument(help: "The audience's id.")
        var id: String

        @Option(help: "How many, 1 to 1000.")
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
                let id = try audienceID(id)
                let page = try await store.members(of: id, ListRange(limit: limit))
                if listing.json {
                    Terminal.out(
                        Listing.json(page.items) { json, member in json.member(member) })
                } else {
                    let rows = page.items.map { member in
                        [
                            member.person.matchID.text, member.person.distinctID.text,
                            member.enteredAt.rfc3339,
                        ]
                    }
                    Terminal.out(Terminal.table(["MATCH ID", "DISTINCT ID", "ENTERED"], rows))
                    if page.next != nil {
                        Terminal.error("… and more: muster audience export \(id.text)")
                    }
                }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes all members of an audience to stdout.")

        @Argument(help: "The audience's id.")
        var id: String

        @Option(help: "ndjson or csv.")
        var format: ExportFormat = .ndjson

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let id = try audienceID(id)
                var range = ListRange(limit: Limits.listItemsMax)
                let export = MemberExport(format: format)
                var head = export.header
                repeat {
                    let page = try await store.members(of: id, range)
                    Terminal.out(head + export.lines(page.items))
                    head = []
                    range.after = page.next
                } while range.after != nil
            }
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}

func audienceID(_ text: String) throws(Failure) -> AudienceID {
    guard let id = AudienceID(text) else {
        throw Failure(.notFound, "There is no audience of this id.")
    }
    return id
}

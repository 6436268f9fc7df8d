import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Who was invited, where from, and what became of it.",
        subcommands: [List.self, Show.self, Export.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists invites, newest first.")

        @OptionGroup var wanted: InviteOptions

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
                let page = try await store.invites(
                    matching: wanted.filter(store), ListRange(limit: limit))
                guard !listing.json else {
                    return Terminal.out(
                        Listing.json(page.items) { json, invite in json.invite(invite) })
                }
                let rows = page.items.map { invite in
                    [
                        invite.code.text, invite.matchID.text, invite.status.rawValue,
                        invite.source.rawValue, invite.ruleID.text, invite.createdAt.rfc3339,
                    ]
                }
                let header = ["CODE", "PERSON", "STATUS", "SOURCE", "RULE", "CREATED"]
                Terminal.out(Terminal.table(header, rows))
                if page.next != nil { Terminal.error("… and more: muster invite export") }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one invite.")

        @Argument(help: "The invite's code.")
        var code: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let none = Failure(.notFound, "There is no invite of this code.")
                guard let code = InviteCode(code) else { throw none }
                let found = try await store.invite(code)
                guard let invite = found else { throw none }
                guard !listing.json else {
                    var json = JSONWriter()
                    json.invite(invite)
                    return Terminal.out(json.bytes + [0x0A])
                }
                Terminal.out(
                    """
                    Code        \(invite.code.text)
                    Person      \(invite.matchID.text)
                    Status      \(invite.status.rawValue)
                    Source      \(invite.source.rawValue)
                    Study       \(invite.studyID.text)
                    Rule        \(invite.ruleID.text)
                    Audience    \(invite.audienceID?.text ?? "-")
                    Created     \(invite.createdAt.rfc3339)
                    Shown       \(invite.shownAt?.rfc3339 ?? "-")
                    Dismissed   \(invite.dismissedAt?.rfc3339 ?? "-")
                    Started     \(invite.startedAt?.rfc3339 ?? "-")
                    Completed   \(invite.completedAt?.rfc3339 ?? "-")
                    """)
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes invites with their attribution to stdout, newest first.",
            discussion: """
                Those of studies that were closed long ago (store.invites_retention_days) are gone.
                """)

        @OptionGroup var wanted: InviteOptions

        @Option(help: "ndjson or csv.")
        var format: ExportFormat = .ndjson

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let filter = try await wanted.filter(store)
                let export = InviteExport(format: format)
                var range = ListRange(limit: Limits.listItemsMax)
                var head = export.header
                repeat {
                    let page = try await store.invites(matching: filter, range)
                    Terminal.out(head + export.lines(page.items))
                    head = []
                    range.after = page.next
                } while range.after != nil
            }
        }
    }
}

/// Which invites are wanted.
struct InviteOptions: ParsableArguments {
    @Option(help: "Only to this study: its id or name.")
    var study: String?

    @Option(help: "Only by this rule: its id or name.")
    var rule: String?

    @Option(help: "Only of this person: the id that the app gives.")
    var person: String?

    func validate() throws {
        guard person.map({ ExternalID($0) != nil }) ?? true else {
            throw ValidationError("--person must be 1 to 1024 bytes without NUL.")
        }
    }

    func filter(_ store: SQLiteStore) async throws -> InviteFilter {
        var filter = InviteFilter(matchID: person.flatMap(ExternalID.init))
        if let study { filter.study = try await store.study(named: study).id }
        if let rule { filter.rule = try await store.rule(named: rule).id }
        return filter
    }
}

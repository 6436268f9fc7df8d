import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "What people are invited to.",
        subcommands: [
            Create.self, List.self, Show.self, Edit.self, Activate.self, Pause.self, Close.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a study.",
            discussion: """
                A draft, unless you say --active. Who is invited to it is said by launch rules: \
                `muster rule create`.
                """)

        @Option(help: "What you call it; nobody invited sees it.")
        var name: String

        @OptionGroup var settings: StudyOptions

        @Option(help: "Whose people are invited: a connection's id or name; the only one without.")
        var connection: String?

        @Flag(help: "Let people start at once.")
        var active = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard !name.isEmpty else { throw ValidationError("A name must not be empty.") }
            guard settings.url != nil else {
                throw ValidationError("--url is needed: where the study is opened.")
            }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let connection = try await store.connection(named: connection)
                var edit = settings.edit
                edit.name = name
                edit.status = active ? .active : .draft
                let study = try edit.makeStudy(
                    of: connection.id, at: Composition.now(), by: Composition.secrets)
                try await store.create(study, for: .commandLine)
                Show.show(study, listing)
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a study; what is not named stays.")

        @Argument(help: "The study's id or name.")
        var study: String

        @Option(help: "What you call it.")
        var name: String?

        @OptionGroup var settings: StudyOptions
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard name != "" else { throw ValidationError("A name must not be empty.") }
        }

        func run() async throws {
            var edit = settings.edit
            edit.name = name
            try await StudyCommand.change(study, by: edit, listing, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the studies.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let studies = try await everything { try await store.studies(of: nil, $0) }
                if listing.json {
                    Terminal.out(Listing.json(studies) { json, study in json.study(study) })
                } else {
                    let rows = studies.map { study in
                        [
                            study.id.text, study.name, study.status.rawValue,
                            study.launchURL.template,
                        ]
                    }
                    Terminal.out(Terminal.table(["STUDY", "NAME", "STATUS", "OPENS"], rows))
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one study, and how many have started it.")

        @Argument(help: "The study's id or name.")
        var study: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let study = try await store.study(named: study)
                let starts = try await store.starts(of: study.id, at: Composition.now())
                Self.show(study, starts: starts, listing)
            }
        }

        static func show(
            _ study: Study, starts: StudyStarts? = nil, _ listing: ListingOptions
        ) {
            guard !listing.json else {
                var json = JSONWriter()
                json.study(study, starts: starts)
                return Terminal.out(json.bytes + [0x0A])
            }
            func most(_ limit: Int?, _ count: Int?) -> String {
                let limit = limit.map(String.init) ?? "any number"
                return count.map { "\($0) of \(limit)" } ?? limit
            }
            Terminal.out(
                """
                Study            \(study.id.text)
                Name             \(study.name)
                Status           \(study.status.rawValue)
                Opens            \(study.launchURL.template), in \(study.opensIn.place)
                Starts a week    \(most(study.capacity.weekly, starts?.thisWeek))
                Starts a month   \(most(study.capacity.monthly, starts?.thisMonth))
                Connection       \(study.connectionID.text)
                Created          \(study.createdAt.rfc3339)
                """)
        }
    }

    static func change(
        _ name: String, by edit: StudyEdit, _ listing: ListingOptions, _ options: StoreOptions
    ) async throws {
        try await options.withStore { store, _ in
            let study = try await store.study(named: name)
            let changed = try await store.update(
                study.id, at: Composition.now(), for: .commandLine
            ) { study throws(Failure) in edit.apply(to: &study) }
            Show.show(changed, listing)
        }
    }
}

/// What may be chosen about a study, beside its name.
struct StudyOptions: ParsableArguments {
    @Option(
        help: "Where it is opened, https; {invite_code} and {reference_id} are filled in.",
        transform: Self.address)
    var url: LaunchURL?

    @Option(help: "webview (in the app) or external_browser.")
    var opensIn: LaunchSurface?

    @Option(help: "How many may start from Monday to Sunday (UTC), or none for any number.")
    var weeklyMax: Bound?

    @Option(help: "How many may start in a month (UTC), or none for any number.")
    var monthlyMax: Bound?

    func validate() throws {
        _ = try weeklyMax?.checked("--weekly-max", most: Limits.startsMax)
        _ = try monthlyMax?.checked("--monthly-max", most: Limits.startsMax)
    }

    private static func address(_ text: String) throws -> LaunchURL {
        guard let url = LaunchURL(text) else { throw ValidationError(LaunchURL.rule) }
        return url
    }

    var edit: StudyEdit {
        var edit = StudyEdit()
        edit.launchURL = url
        edit.opensIn = opensIn
        edit.weeklyStartsMax = weeklyMax.map(\.value)
        edit.monthlyStartsMax = monthlyMax.map(\.value)
        return edit
    }
}

extension LaunchSurface: ExpressibleByArgument {
    fileprivate var place: String {
        switch self {
        case .webview: "the app"
        case .externalBrowser: "the browser"
        }
    }
}

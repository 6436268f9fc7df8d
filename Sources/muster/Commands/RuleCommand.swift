import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct RuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Launch rules: who is offered a study, when, and how often.",
        subcommands: [
            Create.self, List.self, Show.self, Edit.self, Activate.self, Pause.self, Archive.self,
            Funnel.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a launch rule.",
            discussion: """
                For the members of an audience, who are asked when they open the app, or for \
                whoever does something in it (--event). A draft, unless you say --active.
                """)

        @Option(help: "What you call it; nobody invited sees it.")
        var name: String

        @Option(help: "What it offers: a study's id or name.")
        var study: String

        @OptionGroup var settings: RuleOptions

        @Flag(help: "Let it act at once.")
        var active = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard !name.isEmpty else { throw ValidationError("A name must not be empty.") }
            guard settings.hasTrigger else {
                throw ValidationError("Say --audience or --event: whom it is for.")
            }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let study = try await store.study(named: study)
                var edit = try await settings.edit(of: study.connectionID, store)
                edit.name = name
                edit.status = active ? .active : .draft
                let rule = try edit.makeRule(
                    for: study, at: Composition.now(), by: Composition.secrets)
                try await store.create(rule, for: .commandLine)
                try await Show.show(rule, store, listing)
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a launch rule; what is not named stays.",
            discussion: "Its event or audience can be changed while it is a draft or paused.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @Option(help: "What you call it.")
        var name: String?

        @OptionGroup var settings: RuleOptions
        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard name != "" else { throw ValidationError("A name must not be empty.") }
        }

        func run() async throws {
            try await RuleCommand.change(rule, listing, options) { rule, store in
                var edit = try await settings.edit(of: rule.connectionID, store)
                edit.name = name
                return edit
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the launch rules.")

        @Option(help: "Only of this study: its id or name.")
        var study: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                var filter = LaunchRuleFilter()
                if let study { filter.study = try await store.study(named: study).id }
                let rules = try await everything { try await store.rules(matching: filter, $0) }
                guard !listing.json else {
                    return Terminal.out(Listing.json(rules) { json, rule in json.launchRule(rule) })
                }
                let rows = rules.map { rule in
                    [
                        rule.id.text, rule.name, rule.status.rawValue, rule.trigger.text,
                        String(rule.priority), rule.studyID.text,
                    ]
                }
                Terminal.out(
                    Terminal.table(
                        ["RULE", "NAME", "STATUS", "TRIGGER", "PRIORITY", "STUDY"], rows))
            }
        }
    }

    static func change(
        _ name: String, _ listing: ListingOptions, _ options: StoreOptions,
        _ edit: (LaunchRule, SQLiteStore) async throws -> LaunchRuleEdit
    ) async throws {
        try await options.withStore { store, _ in
            let rule = try await store.rule(named: name)
            let edit = try await edit(rule, store)
            let changed = try await store.update(
                rule.id, at: Composition.now(), for: .commandLine
            ) { rule throws(Failure) in try edit.apply(to: &rule) }
            try await Show.show(changed, store, listing)
        }
    }
}

extension LaunchRule.Trigger {
    var text: String {
        switch self {
        case .event(let name): "event \(name.text)"
        case .audience(let id): "audience \(id.text)"
        }
    }
}

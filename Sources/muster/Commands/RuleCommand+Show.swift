import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension RuleCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one launch rule.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                try await Self.show(try await store.rule(named: rule), store, listing)
            }
        }

        static func show(
            _ rule: LaunchRule, _ store: SQLiteStore, _ listing: ListingOptions
        ) async throws {
            guard !listing.json else {
                var json = JSONWriter()
                json.launchRule(rule)
                return Terminal.out(json.bytes + [0x0A])
            }
            let study = try await store.study(rule.studyID)
            Terminal.out(text(rule, study))
            // An active rule of a study that is none does nothing, which is easily overlooked.
            if rule.status == .active, let study, study.status != .active {
                let status = study.status == .draft ? "a draft" : study.status.rawValue
                Terminal.error(
                    "The study is \(status), so nobody is invited yet: "
                        + "muster study activate \(study.id.text)")
            }
        }

        private static func text(_ rule: LaunchRule, _ study: Study?) -> String {
            func most(_ starts: Int?) -> String { starts.map(String.init) ?? "any number" }
            let (pacing, prompt) = (rule.pacing, rule.prompt)
            let begin = rule.schedule.startsAt?.rfc3339 ?? "at once"
            let end = rule.schedule.endsAt?.rfc3339 ?? "without end"
            let way =
                rule.surface == .sdkPrompt ? "the SDK's prompt" : "a link of the app's own"
            let pause =
                pacing.cooldownHours.map { "\($0) hours" } ?? "a dismissal is for good"
            let except = rule.excludedAudiences.map(\.text).joined(separator: ", ")
            return """
                Rule                \(rule.id.text)
                Name                \(rule.name)
                Status              \(rule.status.rawValue)
                Study               \(rule.studyID.text)  \(study?.name ?? "")
                Trigger             \(rule.trigger.text)
                Asks by             \(way)
                Title               \(prompt.title ?? "-")
                Message             \(prompt.message ?? "-")
                Buttons             \(prompt.startLabel ?? "-") / \(prompt.dismissLabel ?? "-")
                Priority            \(rule.priority)
                Cooldown            \(pause)
                Starts per person   \(most(pacing.startsPerPersonMax))
                Starts in all       \(most(pacing.startsTotalMax))
                Time                \(begin), \(end)
                Share of people     \(rule.sample.percent) %
                Except              \(except.isEmpty ? "-" : except)
                """
        }
    }

    struct Funnel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what became of a rule's invites.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let rule = try await store.rule(named: rule)
                let funnel = try await store.funnel(of: rule.id)
                guard !listing.json else {
                    var json = JSONWriter()
                    json.funnel(funnel, of: rule.id)
                    return Terminal.out(json.bytes + [0x0A])
                }
                Terminal.out(
                    """
                    Audience   \(funnel.audienceMembers.map(String.init) ?? "-")
                    Invited    \(funnel.invited)
                    Shown      \(funnel.shown)
                    Dismissed  \(funnel.dismissed)
                    Started    \(funnel.started)
                    Completed  \(funnel.completed)
                    """)
            }
        }
    }
}

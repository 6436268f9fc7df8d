import ArgumentParser
import Audiences

extension RuleCommand {
    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a rule act.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await change(rule, listing, options) { _, _ in LaunchRuleEdit(status: .active) }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a rule invite nobody; who has started may finish.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await change(rule, listing, options) { _, _ in LaunchRuleEdit(status: .paused) }
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a rule for good; its open invites are dead, its history stays.")

        @Argument(help: "The rule's id or name.")
        var rule: String

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await explainingFailures {
                try Question.confirm(
                    "An archived rule can't be used again. Go on?", isAnswered: yes)
            }
            try await change(rule, listing, options) { _, _ in
                LaunchRuleEdit(status: .archived)
            }
        }
    }
}

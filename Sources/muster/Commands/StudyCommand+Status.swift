import ArgumentParser
import Audiences

extension StudyCommand {
    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets people start a study.")

        @Argument(help: "The study's id or name.")
        var study: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await change(study, by: StudyEdit(status: .active), listing, options)
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets nobody new start a study; who has started may finish.")

        @Argument(help: "The study's id or name.")
        var study: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await change(study, by: StudyEdit(status: .paused), listing, options)
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a study for good; who has started may finish.")

        @Argument(help: "The study's id or name.")
        var study: String

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await explainingFailures {
                try Question.confirm(
                    "A closed study can't be opened again. Go on?", isAnswered: yes)
            }
            try await change(study, by: StudyEdit(status: .closed), listing, options)
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension PersonCommand {
    struct Eligibility: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what somebody would be offered now, and why not the rest.",
            discussion: "Every event is taken to have happened. Nothing is changed by asking.")

        @Argument(help: "The id that the app gives: the reference id, as a rule.")
        var matchID: String

        @Option(help: "Only by this connection: its id or name.")
        var connection: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let matchID = ExternalID(matchID) else {
                    throw Failure(.invalid, "A match id must be 1 to 1024 bytes without NUL.")
                }
                var only: ConnectionID?
                if let connection { only = try await store.connection(named: connection).id }
                let found = try await store.verdicts(
                    for: matchID, of: only, at: Composition.now())
                guard !listing.json else {
                    return Terminal.out(
                        Listing.json(found) { json, found in
                            json.verdict(found.verdict, of: found.connection)
                        })
                }
                let rules = try await everything {
                    try await store.rules(matching: LaunchRuleFilter(connection: only), $0)
                }
                let names = Dictionary(uniqueKeysWithValues: rules.map { ($0.id, $0.name) })
                let rows = found.flatMap { found in
                    let offered = found.verdict.chosen.map { [($0, "offered", "")] } ?? []
                    let refused = found.verdict.refusals.map {
                        ($0.rule, $0.reason.rawValue, $0.reason.words)
                    }
                    return (offered + refused).map { rule, answer, why in
                        [rule.text, names[rule] ?? "-", answer, why]
                    }
                }
                Terminal.out(Terminal.table(["RULE", "NAME", "ANSWER", "WHY"], rows))
            }
        }
    }
}

extension LaunchRefusal {
    /// For people, as in docs/launch-rules.md.
    var words: String {
        switch self {
        case .ruleDraft: "the rule is a draft"
        case .rulePaused: "the rule is paused"
        case .ruleArchived: "the rule was archived"
        case .studyDraft: "the study is a draft"
        case .studyPaused: "the study is paused"
        case .studyClosed: "the study was closed"
        case .notYet: "the rule has not begun"
        case .ended: "the rule has ended"
        case .otherEvent: "it is for another event"
        case .waitsForEvent: "it waits for an event"
        case .waitsForConfigurationLoad: "it waits until the app is opened"
        case .directLink: "it is an entry of the app's own"
        case .notAMember: "not in the audience"
        case .excluded: "in an audience that is left out"
        case .notSampled: "not in the share of people"
        case .alreadyCompleted: "has completed the study"
        case .alreadyStarted: "has started it"
        case .personsStartsUsedUp: "has started it as often as one may"
        case .startsUsedUp: "all its starts are used up"
        case .studyFullThisWeek: "the study is full until Monday"
        case .studyFullThisMonth: "the study is full until the 1st"
        case .dismissed: "has said no"
        case .coolingDown: "has seen it too recently"
        case .connectionCoolingDown: "has seen another one too recently"
        case .outranked: "another rule comes first"
        case .unknownPerson: "nobody is named"
        case .unknownInvite: "there is no such invite"
        }
    }
}

import ArgumentParser
import Audiences
import Endpoints
import SQLiteStore

/// What may be chosen about a launch rule, beside its name.
struct RuleOptions: ParsableArguments {
    @Option(help: "For the members of this audience: its id or name.")
    var audience: String?

    @Option(help: "For whoever does this in the app: the event as the app names it.")
    var event: String?

    @Flag(help: "Ask by the SDK's prompt, or leave it to an entry of the app's own.")
    var surface: SurfaceFlag?

    @Option(help: "The prompt's heading; an empty one leaves it to the SDK.")
    var title: String?

    @Option(help: "What the prompt says.")
    var message: String?

    @Option(help: "The button that says yes.")
    var startLabel: String?

    @Option(help: "The button that says no.")
    var dismissLabel: String?

    @Option(help: "The highest wins; of equals the oldest.")
    var priority: Int?

    @Option(help: "Offer it again so long after it was seen; none: a dismissal is for good.")
    var cooldownHours: Bound?

    @Option(help: "How often one person may start it, or none for any number; 1 in the beginning.")
    var perPerson: Bound?

    @Option(help: "How often all people together may start it, or none for any number.")
    var total: Bound?

    @Option(help: "Not before, as in 2026-12-01T08:00:00Z; none: at once.")
    var from: Moment?

    @Option(help: "Not from then on; none: without end.")
    var until: Moment?

    @Option(help: "Which share of people, always the same ones: 0 to 100.")
    var percent: Double?

    @Option(
        name: .customLong("except"),
        help: "Leave the members of this audience out; may be repeated.")
    var exceptions: [String] = []

    @Flag(help: "Leave nobody out.")
    var noExceptions = false

    var hasTrigger: Bool { audience != nil || event != nil }

    func validate() throws {
        guard audience == nil || event == nil else {
            throw ValidationError("--audience and --event exclude each other.")
        }
        guard event.map({ EventName($0) != nil }) ?? true else {
            throw ValidationError("--event must be 1 to \(Limits.eventNameBytesMax) bytes.")
        }
        guard exceptions.isEmpty || !noExceptions else {
            throw ValidationError("--except and --no-exceptions exclude each other.")
        }
        guard exceptions.count <= Limits.excludedAudiencesMax else {
            throw ValidationError("--except may be said \(Limits.excludedAudiencesMax) times.")
        }
        guard percent.map({ LaunchSample(percent: $0) != nil }) ?? true else {
            throw ValidationError("--percent must be 0 to 100, with two decimals at most.")
        }
        guard (priority ?? 0).magnitude <= Limits.priorityMax else {
            throw ValidationError(
                "--priority must be \(-Limits.priorityMax) to \(Limits.priorityMax).")
        }
        for text in [title, message, startLabel, dismissLabel].compactMap(\.self)
        where text.utf8.count > Limits.promptTextBytesMax {
            throw ValidationError(
                "A text of the prompt has \(Limits.promptTextBytesMax) bytes at most.")
        }
        _ = try cooldownHours?.checked("--cooldown-hours", most: Limits.cooldownHoursMax)
        _ = try perPerson?.checked("--per-person", most: Limits.startsMax)
        _ = try total?.checked("--total", most: Limits.startsMax)
    }

    func edit(of connection: ConnectionID, _ store: SQLiteStore) async throws -> LaunchRuleEdit {
        var edit = LaunchRuleEdit()
        if let audience {
            edit.trigger = .audience(try await store.audience(named: audience, of: connection).id)
        }
        if let name = event.flatMap(EventName.init) { edit.trigger = .event(name) }
        edit.surface = surface?.surface
        edit.title = title.map(Self.text)
        edit.message = message.map(Self.text)
        edit.startLabel = startLabel.map(Self.text)
        edit.dismissLabel = dismissLabel.map(Self.text)
        edit.priority = priority
        edit.cooldownHours = cooldownHours.map(\.value)
        edit.startsPerPersonMax = perPerson.map(\.value)
        edit.startsTotalMax = total.map(\.value)
        edit.startsAt = from.map(\.value)
        edit.endsAt = until.map(\.value)
        edit.sample = percent.flatMap { LaunchSample(percent: $0) }
        if noExceptions { edit.excludedAudiences = [] }
        if !exceptions.isEmpty {
            var ids: [AudienceID] = []
            for name in exceptions {
                ids.append(try await store.audience(named: name, of: connection).id)
            }
            edit.excludedAudiences = ids
        }
        return edit
    }

    private static func text(_ text: String) -> String? { text.isEmpty ? nil : text }
}

enum SurfaceFlag: EnumerableFlag {
    case sdkPrompt
    case directLink

    var surface: LaunchRule.Surface {
        switch self {
        case .sdkPrompt: .sdkPrompt
        case .directLink: .directLink
        }
    }
}

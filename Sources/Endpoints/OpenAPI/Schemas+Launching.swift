import Audiences

/// What operators are told of studies, launch rules and invites.
extension Component {
    static let study = Component(
        "Study", "A piece of research that people are invited to; it is opened elsewhere.",
        studyProperties)

    static let countedStudy = Component(
        "CountedStudy", "A study, and how full it is.",
        studyProperties + [
            Property("weekly_starts", .count("People who started since Monday, 00:00 UTC.", 12)),
            Property("monthly_starts", .count("The same since the 1st, 00:00 UTC.", 31)),
        ])

    static let newStudy = Component(
        "NewStudy", "A study to be made.",
        [
            Property("connection_id", .id(ConnectionID.self, "Whose people are to be invited.")),
            Property("name", name), Property("launch_url", launchURL),
        ]
            + studySettings(of: [.draft, .active], Property.settable)
            .filter { !["name", "launch_url"].contains($0.name) },
        isClosed: true)

    static let studyEdit = Component(
        "StudyEdit", "What to change; what is missing stays. Null takes a limit away.",
        studySettings(Property.settable), isClosed: true)

    static let launchRule = Component(
        "LaunchRule", "Who is offered a study, when, and how often.",
        [
            Property("id", .id(LaunchRuleID.self, "Made by Muster.")),
            Property("connection_id", .id(ConnectionID.self, "The study's.")),
            Property("study_id", .id(StudyID.self, "What it offers.")),
            Property("event_name", eventName.orNull), Property("audience_id", audienceID.orNull),
            Property("prompt", .reference(to: .prompt)),
        ] + ruleSettings(Property.init) + [
            Property("created_at", .time("When it was made.")),
            Property("updated_at", .time("When it was last changed.")),
        ])

    static let newLaunchRule = Component(
        "NewLaunchRule", "A launch rule to be made, with an event or an audience.",
        [
            Property("study_id", .id(StudyID.self, "What it is to offer.")),
            Property("name", name),
        ] + ruleTarget + ruleSettings(Property.settable).filter { $0.name != "name" },
        isClosed: true)

    static let launchRuleEdit = Component(
        "LaunchRuleEdit",
        "What to change; what is missing stays. Null takes a cooldown, a limit or a time away.",
        ruleTarget + ruleSettings(Property.settable), isClosed: true)

    static let prompt = Component(
        "Prompt", "The texts of the prompt; what is null the SDK fills in.",
        promptTexts.map { Property($0.name, $0.schema.orNull) })

    static let promptEdit = Component(
        "PromptEdit", "Texts to change; null takes one away.",
        promptTexts.map { .optional($0.name, $0.schema.orNull) }, isClosed: true)

    static let funnel = Component(
        "Funnel", "What became of a rule's invites.",
        [
            Property("rule_id", .id(LaunchRuleID.self, "The rule.")),
            Property(
                "audience_members",
                .count("How many its audience has; null for an event.", 1204).orNull),
            Property("invited", .count("Invites that were made.", 310)),
            Property("shown", .count("Of those, shown.", 288)),
            Property("dismissed", .count("Dismissed.", 120)),
            Property("started", .count("Started.", 97)),
            Property("completed", .count("Completed.", 61)),
        ])

    static let invite = Component(
        "Invite", "One person's invitation to a study by one rule, with where it came from.",
        [
            Property("code", inviteCode),
            Property("status", .word("How far it is.", Invite.Status.allCases.map(\.rawValue))),
            Property("source", .word("What made it.", LaunchSource.allCases.map(\.rawValue))),
            Property("connection_id", .id(ConnectionID.self, "The connection.")),
            Property("study_id", .id(StudyID.self, "The study.")),
            Property("rule_id", .id(LaunchRuleID.self, "The rule.")),
            Property("audience_id", .id(AudienceID.self, "The rule's, if it has one.").orNull),
            Property("match_id", .externalID("The id that the app gave.", "user-42")),
            Property("mixpanel_distinct_id", distinctID.orNull),
            Property("traits", traits),
            Property("created_at", .time("When the person was first offered it.")),
            Property("shown_at", .time("When the prompt was last shown.").orNull),
            Property("dismissed_at", .time("When the person said no.").orNull),
            Property("started_at", .time("When it was accepted, or its link opened.").orNull),
            Property("completed_at", .time("When the app said so.").orNull),
        ])

    static let eligibility = Component(
        "Eligibility", "What a person would be offered now.",
        [
            Property("match_id", matchID),
            Property(
                "connections", .list("Those that have rules.", of: .reference(to: .verdict))),
        ])

    static let verdict = Component(
        "Verdict", "What a person would be offered by the rules of one connection.",
        [
            Property("connection_id", .id(ConnectionID.self, "The connection.")),
            Property("offered_rule_id", .id(LaunchRuleID.self, "The rule, if any.").orNull),
            Property(
                "refused",
                .list(
                    "All others, the one that would come first first.",
                    of: .reference(to: .refusedRule))),
        ])

    static let refusedRule = Component(
        "RefusedRule", "A rule that does not offer its study to a person now.",
        [
            Property("rule_id", .id(LaunchRuleID.self, "The rule.")),
            Property(
                "reason",
                .word(
                    "Why not; docs/launch-rules.md says what to do.",
                    LaunchRefusal.allCases.map(\.rawValue))),
        ])
}

extension Component {
    static let inviteCode = Schema.text(
        "The invite's code; its link is `/i/{code}`.", "4Vt9wK2mQx7RbN3pHs8Z",
        pattern: "^[1-9A-HJ-NP-Za-km-z]{20}$")
    static let eventName = Schema.text(
        "An event exactly as the app names it.", "checkout_abandoned",
        length: 1...Limits.eventNameBytesMax)

    private static let name = Schema.text(
        "For people; nobody invited sees it.", "Why do people leave the checkout?",
        length: 1...Limits.nameCharactersMax)
    private static let launchURL = Schema.text(
        "Where it is opened: https. `{invite_code}` and `{reference_id}` are filled in; without "
            + "either, `invite_code=` is added to the query.",
        "https://research.example.com/s/checkout?ref={invite_code}",
        length: 9...Limits.launchURLBytesMax,
        // As `LaunchURL` has it: a host, no user, and no placeholder before the path.
        pattern: #"^https://[!"$-.0-9;->A-z|-~][!"$-.0->A-z|-~]*([/?#][!-~]*)?$"#)
    private static let audienceID = Schema.id(AudienceID.self, "Whoever is in this audience.")

    private static let studyProperties =
        [
            Property("id", .id(StudyID.self, "Made by Muster.")),
            Property("connection_id", .id(ConnectionID.self, "Whose people are invited.")),
        ] + studySettings(Property.init) + [
            Property("created_at", .time("When it was made.")),
            Property("updated_at", .time("When it was last changed.")),
        ]

    private static func studySettings(
        of statuses: [Study.Status] = Study.Status.allCases,
        _ property: (String, Schema) -> Property
    ) -> [Property] {
        [
            property("name", name),
            property(
                "status", .word("Whether people start.", statuses.map(\.rawValue))),
            property("launch_url", launchURL),
            property(
                "opens_in",
                .word("Inside the app, or outside.", LaunchSurface.allCases.map(\.rawValue))),
            property(
                "weekly_starts_max",
                .count("Since Monday, 00:00 UTC; null is no limit.", 50, in: 1...Limits.startsMax)
                    .orNull),
            property(
                "monthly_starts_max",
                .count("Since the 1st, 00:00 UTC; null is no limit.", 150, in: 1...Limits.startsMax)
                    .orNull),
        ]
    }

    private static let ruleTarget: [Property] = [
        .optional("event_name", eventName.orNull), .optional("audience_id", audienceID.orNull),
        .optional("prompt", .reference(to: .promptEdit).orNull),
    ]

    private static func ruleSettings(_ property: (String, Schema) -> Property) -> [Property] {
        let starts = 1...Limits.startsMax
        return [
            property("name", name),
            property(
                "status", .word("Whether it acts.", LaunchRule.Status.allCases.map(\.rawValue))),
            property(
                "surface",
                .word(
                    "The SDK asks, or the app has an entry of its own.",
                    LaunchRule.Surface.allCases.map(\.rawValue))),
            property(
                "priority",
                .integer(
                    "The highest wins; of equals the oldest.", 0,
                    in: -Limits.priorityMax...Limits.priorityMax)),
            property(
                "cooldown_hours",
                .count(
                    "How long after it was last shown, dismissed or started somebody is offered it "
                        + "again; null: a dismissal is for good.", 168,
                    in: 1...Limits.cooldownHoursMax
                ).orNull),
            property(
                "starts_per_person_max",
                .count("How often one person may start it; null is no limit.", 1, in: starts)
                    .orNull),
            property(
                "starts_total_max",
                .count("How often all together may; null is no limit.", 500, in: starts).orNull),
            property("starts_at", .time("Not before.").orNull),
            property("ends_at", .time("Not from then on.").orNull),
            property(
                "sample_percent",
                .number("Which share of people, always the same ones.", "25", in: 0...100)),
            property(
                "excluded_audience_ids",
                .list(
                    "Their members are never offered it.",
                    of: .id(AudienceID.self, "An audience."),
                    items: 0...Limits.excludedAudiencesMax)),
        ]
    }

    static let promptTexts: [(name: String, schema: Schema)] = [
        ("title", "Its heading.", "Five minutes for us?"),
        ("message", "What it is about.", "Tell us why you left the checkout."),
        ("start_label", "The button that says yes.", "Let's go"),
        ("dismiss_label", "The one that says no.", "Not now"),
    ].map { name, about, example in
        (name, .text(about, example, length: 1...Limits.promptTextBytesMax))
    }
}

extension Property {
    /// Of a body: what is missing stays, and so does null where it takes nothing away.
    fileprivate static func settable(_ name: String, _ schema: Schema) -> Property {
        .optional(name, schema.orNull)
    }
}

import Audiences

/// What the API says of hooks.
extension Component {
    static let hook = Component(
        "Hook", "Where a connection's events are posted to.", hookProperties)

    static let signedHook = Component(
        "HookWithSecret", "The hook, with the signing secret if it was just made.",
        hookProperties + [
            .optional(
                "secret",
                .text("Shown this once.", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD6zxpdnGZ2Hk="))
        ])

    static let hookSecret = Component(
        "HookSecret", "What is known of a signing secret.",
        [
            Property("created_at", .time("When it was made.")),
            Property("expires_at", .time("From then on nothing is signed with it.").orNull),
        ])

    static let hookWish = Component(
        "HookWish", "What a hook is to be.",
        [
            Property("url", hookURL),
            Property("events", hookEvents),
            .optional("enabled", .flag("Whether anything is sent.", true, default: true).orNull),
        ], isClosed: true)

    static let hookDelivery = Component(
        "HookDelivery", "One event on its way to a hook; what it tells is not kept with it.",
        [
            Property("id", .id(HookDeliveryID.self, "`webhook-id`, the same in every attempt.")),
            Property(
                "type", .word("What it tells.", HookEvent.Kind.allCases.map(\.rawValue))),
            Property(
                "status",
                .word(
                    "`failed`: given up after three days, or because it was answered 410.",
                    HookDelivery.Status.allCases.map(\.rawValue))),
            Property("attempts", .count("How often it was tried, since it was last replayed.", 1)),
            Property(
                "next_attempt_at",
                .time("When it is tried (again); while it is, when that has surely ended.").orNull),
            Property("last_attempt_at", .time("When it was last tried.").orNull),
            Property("last_status", .count("The last answer's.", 200, in: 100...599).orNull),
            Property(
                "last_problem",
                .text("Why the last attempt failed.", "It did not answer within 15 seconds.").orNull
            ),
            Property("created_at", .time("When it came to be sent.")),
        ])
}

extension Component {
    private static let hookURL = Schema.text(
        "An https:// address, or http:// of the machine that Muster runs on.",
        "https://app.lumen.example/muster", length: 1...Limits.launchURLBytesMax,
        pattern: HookURL.pattern)
    private static let hookEvents = Schema.list(
        "Which events are posted.",
        of: .word("A kind of event.", HookEvent.Kind.wanted.map(\.rawValue)),
        items: 1...HookEvent.Kind.wanted.count)
    private static let hookProperties: [Property] = [
        Property("connection_id", .id(ConnectionID.self, "The connection.")),
        Property("url", hookURL),
        Property("events", hookEvents),
        Property(
            "enabled", .flag("Whether it is on; an answer \"410 Gone\" switches it off.", true)),
        Property(
            "secrets",
            .list(
                "Those that are valid, newest first.", of: .reference(to: .hookSecret),
                items: 0...Limits.hookSecretsMax)),
        Property("created_at", .time("When it was made.")),
        Property("updated_at", .time("When it was last changed.")),
    ]
}

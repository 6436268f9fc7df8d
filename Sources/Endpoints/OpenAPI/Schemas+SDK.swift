import Audiences

/// What apps send and are told, and what operators set for them.
extension Component {
    static let sdkSettings = Component(
        "SDKSettings", "What the apps of a connection may do.", sdkProperties)

    static let sdkSettingsSecret = Component(
        "SDKSettingsWithSecret", "The settings and a new identity secret, shown this once.",
        sdkProperties + [
            Property(
                "identity_secret",
                .text(
                    "For your server, and never for an app.",
                    "muster_id_cvMisOzDLAPFTq9bBWRysSkFhW2kP0aZt3Yq7LmN8eXuJ1dG4"))
        ])

    static let sdkEdit = Component(
        "SDKEdit", "What to change; what is missing stays. Null is no cooldown.",
        [
            .optional("requires_identity", requiresIdentity.orNull),
            .optional("cooldown_hours", cooldown.orNull),
        ], isClosed: true)

    static let sdkConfiguration = Component(
        "SDKConfiguration", "What an app needs to know.",
        [
            Property(
                "ttl_seconds",
                .count("How long it may be kept.", SDKEndpoints.configurationLifeSeconds)),
            Property(
                "triggers",
                .list("All others are not worth a call.", of: .reference(to: .sdkTrigger))),
            Property("pending_invite", .reference(to: .sdkInvite).orNull),
        ])

    static let sdkTrigger = Component(
        "SDKTrigger", "An event that some rule waits for.",
        [Property("event_name", eventName)])

    static let sdkInvite = Component(
        "SDKInvite", "An invite of the person who is signed in.",
        [
            Property("invite_code", inviteCode),
            Property("source", .word("What made it.", LaunchSource.allCases.map(\.rawValue))),
            Property("prompt", .reference(to: .sdkPrompt)),
        ])

    static let sdkPrompt = Component(
        "SDKPrompt", "Texts for the prompt; what is missing the SDK fills in.",
        promptTexts.map { .optional($0.name, $0.schema) })

    static let launchRequest = Component(
        "LaunchRequest", "What is asked for; see each source.",
        [
            Property(
                "source",
                .word(
                    "`event` with `event_name`; `link` with `rule_id`; any with `invite_code` to "
                        + "accept.", LaunchSource.allCases.map(\.rawValue))),
            .optional("event_name", eventName.orNull),
            .optional(
                "rule_id",
                .text("A rule of the surface `direct_link`.", "rule_4q0w8m2cz7hd5nkx").orNull),
            .optional("invite_code", .text("The invite to accept.", "4Vt9wK2mQx7RbN3pHs8Z").orNull),
            .optional(
                "reference_id",
                .either(
                    "Who is signed in. For an accept it may be missing: the code alone will do.",
                    [.externalID("As a text.", "user-42"), .number("As a number.", "42")]
                ).orNull),
            .optional("identity", identity.orNull),
            .optional(
                "attempt_id",
                .externalID("Any text of your own, the same for each try of one accept.", "a-1")
                    .orNull),
        ], isClosed: true)

    static let launch = Component(
        "Launch", "What to open, or why nothing.",
        [
            Property(
                "decision",
                .word(
                    "Where to open `launch_url`, if at all.",
                    LaunchSurface.allCases.map(\.rawValue) + ["not_eligible"])),
            .optional(
                "launch_url",
                .text("What to open.", "https://hooks.example.com/i/4Vt9wK2mQx7RbN3pHs8Z")),
            .optional("invite", .reference(to: .sdkInvite)),
            .optional(
                "reason",
                .word(
                    "Why nothing; only what may be told to an app.", LaunchRefusal.told)),
        ])

    static let inviteReport = Component(
        "InviteReport", "What became of an invite, as the app saw it.",
        [
            Property(
                "event",
                .word(
                    "`started` is known from the accept, and changes nothing.",
                    InviteEvent.allCases.map(\.rawValue)))
        ], isClosed: true)

    static let reportedInvite = Component(
        "ReportedInvite", "How far an invite is.",
        [
            Property(
                "invite",
                .object(
                    "The invite.",
                    [
                        Property("invite_code", inviteCode),
                        Property(
                            "status",
                            .word("How far it is.", Invite.Status.allCases.map(\.rawValue))),
                    ]))
        ])

    /// Empty is as good as none.
    static let identity = Schema.text(
        "HMAC-SHA-256 of the reference id, by your server, in lower-case hexadecimal.",
        "3c2b528fda1015a17e980315d200d9be7b1857bad56e18cfbfda4954a696466f",
        pattern: "^[^\\u0000]*$")

    private static let requiresIdentity = Schema.flag(
        "Whether a reference id counts only with its `identity`.", false)
    private static let cooldown = Schema.count(
        "At least so long between invitations by two different rules.", 24,
        in: 1...Limits.cooldownHoursMax)
    private static let sdkProperties: [Property] = [
        Property("connection_id", .id(ConnectionID.self, "The connection.")),
        Property(
            "public_key",
            .text(
                "What apps send: `Authorization: Bearer …`. No secret.",
                "muster_pk_3Tq9bBWRysSkFhW2kP0aZt3Y")),
        Property("requires_identity", requiresIdentity),
        Property("has_identity_secret", .flag("Whether there is one to sign with.", true)),
        Property("cooldown_hours", cooldown.orNull),
        Property("first_seen_at", .time("When an app first called.").orNull),
    ]
}

import Audiences

/// What the API says of itself: keys, the audit log, reconciliations, probes, errors.
extension Component {
    static let operatorKey = Component(
        "OperatorKey", "A key to this API.", operatorKeyProperties)

    static let operatorKeySecret = Component(
        "OperatorKeyWithSecret", "A new key, which is shown this once.",
        operatorKeyProperties + [
            Property(
                "key",
                .text(
                    "What to send: `Authorization: Bearer …`.",
                    "muster_key_6a1b2nnscp8erv6n_wacKRGFjC503nxzkQ0vTg2LdYm8sHbE7"))
        ])

    static let newKey = Component(
        "NewOperatorKey", "A key to be made.",
        [
            Property("name", keyName),
            .optional("scope", scope.orNull),
        ], isClosed: true)

    static let auditEntry = Component(
        "AuditEntry", "One administrative change. It never holds a secret or a person's id.",
        [
            Property("seq", .count("Counts up without gaps.", 41)),
            Property("at", .time("When it happened.")),
            Property("actor", .reference(to: .actor)),
            Property("request_id", .text("The request it came with.", "k2v9qd-1f").orNull),
            Property("action", .word("What was done.", AuditEntry.Action.allCases.map(\.rawValue))),
            Property(
                "target", .text("The id of what was changed.", "conn_4q0w8m2cz7hd5nkx").orNull),
            Property(
                "details",
                .list("Settings by their names, or counts.", of: .text("One of them.", "traits"))),
        ])

    static let actor = Component(
        "Actor", "Who changed something.",
        [
            Property(
                "type",
                .word(
                    "`command_line` is somebody with access to the data directory.",
                    ["key", "element_user", "command_line", "configuration", "server"])),
            Property(
                "id",
                .text("The key or the element user, if it was one.", "key_4q0w8m2cz7hd5nkx").orNull
            ),
        ])

    static let reconciliation = Component(
        "Reconciliation", "A comparison of an audience with Mixpanel's own list of the cohort.",
        [
            Property("id", .id(ReconciliationID.self, "Made by Muster.")),
            Property("audience_id", .id(AudienceID.self, "The audience.")),
            Property("repair", .flag("Whether differences are mended.", false)),
            Property(
                "force", .flag("Mended also if that removes suspiciously many people.", false)),
            Property(
                "status",
                .word("How far it is.", Reconciliation.Status.allCases.map(\.rawValue))),
            Property(
                "message", .text("What it waits for, or why it failed.", "Waits its turn.").orNull),
            Property("resumes_at", .time("When it goes on, if it waits.").orNull),
            Property("pages_read", .count("Of Mixpanel's list.", 2)),
            Property("people_read", .count("Different ones.", 1204)),
            Property("people_total", .count("As Mixpanel said.", 1204).orNull),
            Property("missing", .count("At Mixpanel, and not here.", 3).orNull),
            Property("extra", .count("Here, and not at Mixpanel.", 1).orNull),
            Property(
                "not_exported",
                .count("At Mixpanel without a profile, so never sent.", 12).orNull),
            Property(
                "changed_meanwhile", .count("Entered or left while it was read.", 0).orNull),
            Property("matching", .count("Here and there.", 1201).orNull),
            Property("created_at", .time("When it was asked for.")),
            Property("finished_at", .time("When it ended.").orNull),
        ])

    static let newReconciliation = Component(
        "NewReconciliation", "What to do about differences.",
        [
            .optional("repair", .flag("Mend them; else they are only reported.", false).orNull),
            .optional(
                "force",
                .flag(
                    "Mend them also if Mixpanel's list is empty, shorter than announced, or lacks "
                        + "more members than the connection's guard allows (half of them if it has "
                        + "none). Only with `repair`.", false
                ).orNull),
        ],
        isClosed: true)

    static let difference = Component(
        "Difference", "One person of whom an audience and its cohort differ.",
        [
            Property(
                "kind",
                .word(
                    "`missing` here, or `extra` here.",
                    Difference.Kind.allCases.map(\.rawValue))),
            Property("mixpanel_distinct_id", distinctID),
            Property("reference_id", referenceID.orNull),
        ])

    static let health = Component(
        "Health", "The state of the server in a word.",
        [
            Property(
                "status",
                .word(
                    "`store`: nothing can be written.",
                    ["ready", "alive", "starting", "draining", "store"]))
        ])

    static let error = Component(
        "Error", "What went wrong.",
        [
            Property(
                "error",
                .object(
                    "The same shape for every status.",
                    [
                        Property("code", .word("For programs.", Problem.codes)),
                        Property(
                            "message",
                            .text(
                                "One sentence for people; it may change.",
                                "limit must be a number from 1 to 1000.")),
                        Property(
                            "request_id",
                            .text("As in X-Request-Id and in the server's log.", "k2v9qd-1f").orNull
                        ),
                    ]))
        ])
}

extension Component {
    private static let keyName = Schema.text(
        "For people.", "app back end", length: 1...Limits.nameCharactersMax)
    private static let scope = Schema.word(
        "`read` may ask, and change nothing.", OperatorKey.Scope.allCases.map(\.rawValue))
    private static let operatorKeyProperties: [Property] = [
        Property("id", .id(OperatorKeyID.self, "To revoke it by.")),
        Property("name", keyName),
        Property("scope", scope),
        Property("created_at", .time("When it was made.")),
        Property("revoked_at", .time("From then on it opens nothing.").orNull),
    ]
}

import Audiences
import Mixpanel

/// What the API says of connections, their service accounts and their cohort syncs.
extension Component {
    static let connection = Component(
        "Connection", "One link to one Mixpanel project.",
        [
            Property("id", .id(ConnectionID.self, "Made by Muster, stable for ever.")),
            Property("name", connectionName),
            Property(
                "status",
                .word("Its service account's; null without one.", accountStatuses).orNull),
            Property("reference_property", referenceProperty),
            Property("traits", keptTraits),
            Property("guard_max_removed_fraction", guardFraction.orNull),
            Property(
                "declared",
                .flag("Whether the configuration file declares it, and alone can change it.", false)
            ),
            Property("service_account", .reference(to: .serviceAccount).orNull),
            Property("cohort_sync", .reference(to: .cohortSync).orNull),
            Property("created_at", .time("When it was made.")),
            Property("updated_at", .time("When its settings were last changed.")),
        ])

    static let newConnection = Component(
        "NewConnection", "A connection to be made; only the name is needed.",
        [
            Property("name", connectionName),
            .optional("username", accountUsername.orNull),
            .optional("secret", accountSecret.orNull),
            .optional("project_id", projectID.orNull),
            .optional(
                "element_instance",
                .count("An element instance whose service account it is.", 12).orNull),
            .optional("reference_property", referenceProperty.orNull),
            .optional("traits", keptTraits.orNull),
            .optional("guard_max_removed_fraction", guardFraction.orNull),
        ], isClosed: true)

    static let connectionEdit = Component(
        "ConnectionEdit", "What to change; what is missing or null stays, but for the guard.",
        [
            .optional("name", connectionName.orNull),
            .optional("username", accountUsername.orNull),
            .optional("secret", accountSecret.orNull),
            .optional("project_id", projectID.orNull),
            .optional("service_account", .null("Null takes the service account away.")),
            .optional("reference_property", referenceProperty.orNull),
            .optional("traits", keptTraits.orNull),
            .optional("guard_max_removed_fraction", guardFraction.orNull),
        ], isClosed: true)

    static let serviceAccount = Component(
        "ServiceAccount",
        "The account with which Muster calls Mixpanel. Its secret is never answered.",
        [
            Property("username", accountUsername),
            Property(
                "status",
                .word(
                    "`needs_project`: choose one of `projects`. `rejected`: Mixpanel does not let "
                        + "it in. `expired`: it had an end. `unreachable`: Mixpanel was not.",
                    accountStatuses)),
            Property(
                "message",
                .text("What to do about it.", "Choose the project this is about.").orNull),
            Property("project", .reference(to: .mixpanelProject).orNull),
            Property(
                "projects",
                .list(
                    "Those it can see.", of: .reference(to: .mixpanelProject),
                    items: 0...Limits.listedProjectsMax)),
            Property("checked_at", .time("When Mixpanel was last asked about it.")),
        ])

    static let mixpanelProject = Component(
        "MixpanelProject", "A project at Mixpanel.",
        [
            Property("id", .externalID("Mixpanel's id of it.", "3012457")),
            Property("name", .text("Its name at Mixpanel.", "Shop (production)").orNull),
            Property(
                "region",
                .word("Where its data live.", MixpanelRegion.allCases.map(\.rawValue)).orNull),
        ])

    static let cohortSync = Component(
        "CohortSync", "The inbound half of a connection: where Mixpanel posts cohorts.",
        cohortSyncState)

    static let cohortSyncSecret = Component(
        "CohortSyncWithSecret", "A cohort sync and its new secret, which is shown this once.",
        cohortSyncState + [
            Property(
                "secret",
                .text(
                    "The Basic password for Mixpanel.",
                    "muster_secret_cvMisOzDLAPFTq9bBWRysSkFhW2kP0aZt3Yq7LmN8eXuJ1dG"))
        ])

    static let storedSecret = Component(
        "StoredSecret", "What is known of a secret; only its hash is kept.",
        [
            Property("id", .id(SecretID.self, "To revoke it by.")),
            Property("created_at", .time("When it was made.")),
            Property("expires_at", .time("From then on it opens nothing.").orNull),
            Property("last_used_at", .time("When a page last came with it.").orNull),
            Property("declared", .flag("Whether the configuration file declares it.", false)),
        ])

    static let savedCohort = Component(
        "SavedCohort", "A cohort that is saved at Mixpanel.",
        [
            Property("id", .externalID("Mixpanel's id of it.", "5540912")),
            Property("name", .text("Its name.", "Checkout abandoners").orNull),
            Property("description", .text("Its description.", "Left a full basket").orNull),
            Property("count", .count("How many people it had when last computed.", 1204).orNull),
            Property("is_visible", .flag("Whether it is shown at Mixpanel.", true)),
            Property(
                "created", .text("When, as Mixpanel writes it.", "2026-03-02 10:11:12").orNull),
            Property("audience", .reference(to: .cohortAudience).orNull),
        ])

    static let cohortAudience = Component(
        "CohortAudience", "The audience that a saved cohort feeds.",
        [
            Property("id", .id(AudienceID.self, "The audience.")),
            Property("member_count", .count("How many members it has.", 1204)),
            Property("status", freshness),
            Property("as_of", asOf),
        ])

    static let overlap = Component(
        "SecretRegeneration", "How the secret before it ends.",
        [
            .optional(
                "overlap_seconds",
                .count(
                    "How long the earlier secrets stay valid; 0 ends them at once.", 86400,
                    in: 0...Limits.secretOverlapSecondsMax, default: 0
                ).orNull)
        ], isClosed: true)

    static let switching = Component(
        "CohortSyncSwitch", "Whether pages are taken.",
        [
            Property(
                "enabled",
                .flag("False answers pages 503, which Mixpanel retries instead of pausing.", true))
        ], isClosed: true)
}

extension Component {
    private static let connectionName = Schema.text(
        "For people; cut after \(Limits.nameCharactersMax) characters.", "Shop",
        length: 1...Limits.nameCharactersMax)
    private static let referenceProperty = Schema.text(
        "The exported profile property that holds your own user id.",
        Connection.defaultReferenceProperty, length: 1...Limits.nameCharactersMax)
    private static let keptTraits = Schema.list(
        "The exported properties that are kept; none by default.",
        of: .text("A property.", "plan", length: 1...Limits.nameCharactersMax),
        items: 0...Limits.traitsAllowedMax)
    private static let guardFraction = Schema.number(
        "A full sync that would remove a larger share of an audience is held; null holds none.",
        "0.2", in: 0...1)
    private static let accountUsername = Schema.text(
        "The service account's.", "muster.3f9c1a.mp-service-account",
        length: 1...MixpanelLimits.credentialBytesMax,
        pattern: #"^[^\u0000-\u001F\u007F:]*$"#)
    private static let accountSecret = Schema.text(
        "The service account's; kept encrypted, never answered.",
        "Zc4mWq81LdTfYb0RpKx7", length: 1...MixpanelLimits.credentialBytesMax,
        pattern: #"^[^\u0000-\u001F\u007F]*$"#)
    private static let projectID = Schema.externalID(
        "Which of the account's projects, or one that Mixpanel does not list for it.", "3012457")
    private static let accountStatuses = ServiceAccount.Status.allCases.map(\.rawValue)

    private static let cohortSyncState: [Property] = [
        Property("connection_id", .id(ConnectionID.self, "The connection.")),
        Property(
            "webhook_url",
            .text(
                "For Mixpanel's custom webhook; it never changes.",
                "https://hooks.example.com/webhooks/mixpanel/conn_4q0w8m2cz7hd5nkx")),
        Property(
            "webhook_path",
            .text("The same without the host.", "/webhooks/mixpanel/conn_4q0w8m2cz7hd5nkx")),
        Property("username", .text("The Basic username; it never changes.", "mixpanel_608u1j076o")),
        Property("enabled", .flag("Whether pages are taken.", true)),
        Property("switched_off_at", .time("Since when they are answered 503.").orNull),
        Property("first_page_at", .time("When the first page was recorded.").orNull),
        Property(
            "secrets",
            .list("Those that are valid, newest first.", of: .reference(to: .storedSecret))),
        Property("created_at", .time("When it was set up.")),
    ]
}

import Audiences

/// What the API says of audiences, people and changes.
extension Component {
    static let audience = Component(
        "Audience", "A Mixpanel cohort as it was received.",
        [
            Property("id", .id(AudienceID.self, "Made by Muster, stable for ever.")),
            Property("name", .text("The cohort's name at Mixpanel.", "Checkout abandoners").orNull),
            Property(
                "description",
                .text("The cohort's description at Mixpanel.", "Left a full basket").orNull),
            Property("connection_id", .id(ConnectionID.self, "Where it came from.")),
            Property(
                "mixpanel_project_id", .externalID("The cohort's project.", "3012457").orNull),
            Property("mixpanel_cohort_id", .externalID("The cohort.", "5540912")),
            Property("member_count", .count("How many members it has.", 1204)),
            Property("status", freshness),
            Property("as_of", asOf),
            Property(
                "needs_reconcile",
                .flag("Whether it may differ from the cohort at Mixpanel.", false)),
            Property(
                "needs_reconcile_reason",
                .word("Why it may.", ReconcileReason.allCases.map(\.rawValue)).orNull),
            Property("held", .reference(to: .sync).orNull),
            Property("last_sync", .reference(to: .sync).orNull),
            Property("created_at", .time("When its first page arrived.")),
            Property("updated_at", .time("When its latest page arrived.")),
        ])

    static let audienceReference = Component(
        "AudienceReference", "Which audience an answer is about, and how fresh it is.",
        [
            Property("id", .id(AudienceID.self, "The audience.")), Property("status", freshness),
            Property("as_of", asOf),
        ])

    static let sync = Component(
        "Sync", "One export of a cohort by Mixpanel, as far as it has arrived.",
        [
            Property(
                "session_id",
                .externalID("Mixpanel's, shared by all its pages.", "0c1e7a52-6c1f-4c0e").orNull),
            Property("action", action),
            Property(
                "status",
                .word("What became of it.", SyncSession.Status.allCases.map(\.rawValue))),
            Property("pages_total", .count("As announced.", 2).orNull),
            Property("pages_received", .count("Different ones.", 2)),
            Property("pages_repeated", .count("Further copies of them.", 0)),
            Property("pages_irregular", .count("Pages whose number can't be.", 0)),
            Property("members_received", .count("Usable or not.", 1204)),
            Property("members_unusable", .count("Those that can't be members.", 0)),
            Property(
                "unusable_reasons",
                .map(
                    "How many, by reason.", of: .count("Members.", 1),
                    UnusableReason.idMissing.rawValue,
                    keys: UnusableReason.allCases.map(\.rawValue))),
            Property("references_ignored", .count("Reference ids that were junk.", 0)),
            Property("traits_ignored", .count("Trait values that can't be kept.", 0)),
            Property("references_changed", .count("People whose reference id changed.", 3)),
            Property(
                "references_shared",
                .count("Reference ids that somebody else had already.", 0)),
            Property("members_entering", .count("By a full sync.", 17).orNull),
            Property("members_leaving", .count("By a full sync.", 4).orNull),
            Property("members_before", .count("Members when it began.", 1191)),
            Property("members_after", .count("Members after its last page.", 1204)),
            Property("started_at", .time("When its first page arrived.")),
            Property("finished_at", .time("When it took effect.").orNull),
        ])

    static let member = Component(
        "Member", "A person in an audience.",
        [
            Property("mixpanel_distinct_id", distinctID),
            Property("reference_id", referenceID.orNull),
            Property("match_id", matchID),
            Property("entered_at", .time("When they entered.")),
            Property("traits", traits),
        ])

    static let membership = Component(
        "Membership", "An audience that somebody is in.",
        [
            Property("id", .id(AudienceID.self, "The audience.")),
            Property("name", .text("The audience's name.", "Checkout abandoners").orNull),
            Property("entered_at", .time("When they entered.")),
            Property("source", .reference(to: .membershipSource).orNull),
            Property("status", freshness),
            Property("as_of", asOf),
        ])

    static let membershipSource = Component(
        "MembershipSource", "The page that a membership rests on.",
        [
            Property("action", action),
            Property("session_id", .externalID("The sync.", "0c1e7a52-6c1f-4c0e").orNull),
            Property("page", .count("Its number.", 1).orNull),
        ])

    static let memberships = Component(
        "Memberships", "The audiences that one person is in.",
        [
            Property("match_id", matchID),
            .optional("at", .time("The moment asked about, if one was.")),
            Property("audiences", .list("Empty for nobody.", of: .reference(to: .membership))),
        ])

    static let membershipQuery = Component(
        "MembershipQuery", "Who is asked about.",
        [
            Property(
                "match_ids",
                .list(
                    "Texts, or numbers as a convenience.",
                    of: .either(
                        "A match id.",
                        [.text("As a text.", "user-42"), .number("As a number.", "42")]),
                    items: 0...Limits.queryMatchIDsMax)),
            .optional(
                "audience_ids",
                .list(
                    "Only these audiences; all if it is missing, null or empty.",
                    of: .id(AudienceID.self, "An audience."), items: 0...Limits.queryAudienceIDsMax
                ).orNull),
        ], isClosed: true)

    static let membershipTable = Component(
        "MembershipTable", "Many people against many audiences.",
        [
            Property(
                "data",
                .list(
                    "In the order asked.",
                    of: .object(
                        "One of the match ids.",
                        [
                            Property("match_id", .text("As asked.", "user-42")),
                            Property(
                                "audience_ids",
                                .list(
                                    "Empty for nobody.",
                                    of: .id(AudienceID.self, "An audience."))),
                        ]))),
            Property(
                "audiences",
                .list("Every audience looked into.", of: .reference(to: .audienceReference))),
        ])

    static let sharedReference = Component(
        "SharedReference", "A reference id that several members have.",
        [
            Property("reference_id", referenceID),
            Property(
                "mixpanel_distinct_ids",
                .list("Who has it.", of: distinctID, items: 0...Limits.sharedReferencePeopleMax)),
        ])

    static let change = Component(
        "Change", "Somebody entered or left an audience.",
        [
            Property("seq", .count("Counts up without gaps.", 90417)),
            Property(
                "change", .word("What happened.", MembershipChange.Kind.allCases.map(\.rawValue))),
            Property("audience_id", .id(AudienceID.self, "Where.")),
            Property("mixpanel_distinct_id", distinctID.orNull),
            Property("reference_id", referenceID.orNull),
            Property("match_id", matchID.orNull),
            Property("session_id", .externalID("The sync.", "0c1e7a52-6c1f-4c0e").orNull),
            Property("at", .time("When readers of the audience saw it.")),
        ])

    static let erased = Component(
        "Erased", "An erasure in numbers.",
        [Property("erased", .count("How many people were erased.", 1))])
}

extension Component {
    static let distinctID = Schema.externalID("Mixpanel's own id of the person.", "18f0c0de-1")
    static let referenceID = Schema.externalID("Your own id of the person.", "user-42")
    static let matchID = Schema.externalID(
        "The id the person is found by: `reference_id` if they have one, else "
            + "`mixpanel_distinct_id`.",
        "user-42")
    static let action = Schema.word(
        "A full copy (`members`) or a difference.", SyncAction.allCases.map(\.rawValue))
    static let freshness = Schema.word(
        "How far the membership can be relied on: `live` (a sync was completed within "
            + "\(Limits.heartbeatsMissedMax) of Mixpanel's half-hourly runs), `filling` (none "
            + "yet), `stale` (none for longer), `held` (a full sync waits for your decision).",
        Freshness.Status.allCases.map(\.rawValue))
    static let asOf = Schema.time("When a sync was last complete.").orNull
    static let traits = Schema.map(
        "The properties that the connection keeps.",
        of: .either(
            "A scalar.",
            [
                .text("A text.", "pro"), .number("A number.", "0.5"), .flag("A flag.", true),
            ]), "plan")
}

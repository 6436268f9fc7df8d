import Audiences

/// The webhook's own shapes, which are Mixpanel's.
extension Component {
    static let page = Component(
        "WebhookPage",
        "One page of a cohort, as Mixpanel's custom webhook sends it. Whatever is not described "
            + "here as needed is taken as it comes, and counted if it can't be used.",
        [
            Property("action", action),
            Property(
                "parameters",
                .object(
                    "What the action is about.",
                    [
                        .optional("mixpanel_project_id", .anything("The project.", "3012457")),
                        Property(
                            "mixpanel_cohort_id",
                            .either(
                                "The cohort.",
                                [
                                    .externalID("As a text.", "5540912"),
                                    .number("As a number.", "5540912"),
                                ])),
                        .optional(
                            "mixpanel_cohort_name", .anything("Its name.", "Checkout abandoners")),
                        .optional(
                            "mixpanel_cohort_description",
                            .anything("Its description.", "Left a full basket")),
                        .optional(
                            "mixpanel_session_id",
                            .anything("The same for all pages of a sync.", "0c1e7a52-6c1f-4c0e")),
                        .optional(
                            "page_info",
                            .object(
                                "Which page this is.",
                                [
                                    Property("total_pages", .count("Of how many.", 1)),
                                    Property("page_count", .count("Counts from 1.", 1)),
                                ]
                            ).unchecked),
                        .optional(
                            "members",
                            .list(
                                "Missing or null is an empty page.",
                                of: .object(
                                    "A person, with the exported properties.",
                                    [
                                        Property("mixpanel_distinct_id", distinctID),
                                        .optional("reference_id", referenceID),
                                    ]
                                ).unchecked
                            ).orNull),
                    ])),
        ])

    static let pageAnswer = Component(
        "WebhookAnswer", "The page is on disk.",
        [
            Property("action", action),
            Property("status", .word("Always the same.", ["success"])),
        ])

    static let pageProblem = Component(
        "WebhookProblem", "The page was not taken.",
        [
            Property("action", .text("As received.", SyncAction.members.rawValue).orNull),
            Property("status", .word("Always the same.", ["failure"])),
            Property(
                "error",
                .object(
                    "Shown to people at Mixpanel.",
                    [
                        Property(
                            "message",
                            .text(
                                "One sentence, without a secret and without anybody's data.",
                                "The Basic Auth username or secret is wrong.")),
                        Property("code", .count("The HTTP status once more.", 401)),
                    ])),
        ])
}

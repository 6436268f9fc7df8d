import Audiences
import HTTPWire

extension DescribedOperation {
    static let studies: [DescribedOperation] = [
        DescribedOperation(
            .post, "/v1/studies", "createStudy", .studies, .key(.admin), "Make a study",
            .object(.study, "It was made; a draft, unless you said active.", .created)
        ).with {
            $0.body = Body(component: .newStudy)
            $0.isCreation = true
            $0.refusals = [.notFound]
        },
        DescribedOperation(
            .get, "/v1/studies", "listStudies", .studies, .key(.read), "List studies",
            .list(of: .study, "In the order they were made.")
        ).with {
            $0.query =
                [.query("connection", .idOrEmpty(ConnectionID.self, "Only of this connection."))]
                + Parameter.page
        },
        DescribedOperation(
            .get, "/v1/studies/{study}", "getStudy", .studies, .key(.read), "Show a study",
            .object(.countedStudy, "The study, and how full it is.")),
        DescribedOperation(
            .patch, "/v1/studies/{study}", "editStudy", .studies, .key(.admin), "Change a study",
            .object(.study, "As it is now.")
        ).with {
            $0.about = """
                `status` goes from draft to active, between active and paused, and to closed, for \
                good. Nobody new starts a study that is not active; who has started may finish.
                """
            $0.body = Body(component: .studyEdit)
            $0.refusals = [.conflict]
        },
    ]

    static let launchRules: [DescribedOperation] = [
        DescribedOperation(
            .post, "/v1/launch_rules", "createLaunchRule", .launchRules, .key(.admin),
            "Make a launch rule",
            .object(.launchRule, "It was made; a draft, unless you said active.", .created)
        ).with {
            $0.about = "Its trigger is one of `event_name` and `audience_id`, and stays so."
            $0.body = Body(component: .newLaunchRule)
            $0.isCreation = true
            $0.refusals = [.notFound, .conflict]
        },
        DescribedOperation(
            .get, "/v1/launch_rules", "listLaunchRules", .launchRules, .key(.read),
            "List launch rules", .list(of: .launchRule, "In the order they were made.")
        ).with {
            $0.query =
                [
                    .query("connection", .idOrEmpty(ConnectionID.self, "Only of this connection.")),
                    .query("study", .idOrEmpty(StudyID.self, "Only of this study.")),
                    .query(
                        "status",
                        .word("Only these.", [""] + LaunchRule.Status.allCases.map(\.rawValue))),
                ] + Parameter.page
        },
        DescribedOperation(
            .get, rule, "getLaunchRule", .launchRules, .key(.read), "Show a launch rule",
            .object(.launchRule, "The rule.")),
        DescribedOperation(
            .patch, rule, "editLaunchRule", .launchRules, .key(.admin), "Change a launch rule",
            .object(.launchRule, "As it is now; apps know within five minutes.")
        ).with {
            $0.about = """
                `status` goes from draft to active, between active and paused, and to archived, \
                for good: open invites of the rule are dead then. Another event or audience can \
                be set while it is a draft or paused.
                """
            $0.body = Body(component: .launchRuleEdit)
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .get, rule + "/funnel", "getFunnel", .launchRules, .key(.read),
            "What became of a rule's invites", .object(.funnel, "Counts.")),
        DescribedOperation(
            .get, "/v1/eligibility", "getEligibility", .launchRules, .key(.read),
            "What would a person be offered now, and why not the rest?",
            .object(.eligibility, "By connection; those without rules are left out.")
        ).with {
            $0.about = "Every trigger is taken to have happened. Nothing is changed by asking."
            $0.query = [
                .needed("match_id", Component.matchID),
                .query("connection", .idOrEmpty(ConnectionID.self, "Only of this connection.")),
            ]
            $0.refusals = [.notFound]
        },
    ]

    static let invites: [DescribedOperation] = [
        DescribedOperation(
            .get, "/v1/invites", "listInvites", .invites, .key(.read), "List invites",
            .list(of: .invite, "Newest first.")
        ).with { $0.query = inviteFilter + Parameter.page },
        DescribedOperation(
            .get, "/v1/invites/{code}", "getInvite", .invites, .key(.read), "Show an invite",
            .object(.invite, "The invite.")),
        DescribedOperation(
            .get, "/v1/invites/export", "exportInvites", .invites, .key(.read),
            "Export invites with their attribution",
            .texts(
                [
                    ("application/x-ndjson", "{\"code\":\"4Vt9wK2mQx7RbN3pHs8Z\"}"),
                    ("text/csv", "code,status,source\r\n4Vt9wK2mQx7RbN3pHs8Z,started,audience\r\n"),
                ], "An Invite a line, or the same as CSV (RFC 4180) with a header line.",
                headers: ["Content-Disposition"])
        ).with {
            $0.about = """
                Invites of a study are removed `store.invites_retention_days` after it was closed.
                """
            let formats = [""] + ExportFormat.allCases.map(\.rawValue)
            $0.query = inviteFilter + [.query("format", .word("How; ndjson without.", formats))]
        },
    ]

    static let sdkSettings: [DescribedOperation] = [
        DescribedOperation(
            .get, settings, "getSDK", .sdk, .key(.read), "Show what apps of a connection may do",
            .object(.sdkSettings, "The settings.")),
        DescribedOperation(
            .put, settings, "setSDK", .sdk, .key(.admin), "Set up or change what apps may do",
            .object(.sdkSettings, "As they are now; what was not given is as it was.")
        ).with {
            $0.body = Body(component: .sdkEdit)
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .post, settings + "/key", "regeneratePublicKey", .sdk, .key(.admin),
            "Make a new public key",
            .object(.sdkSettings, "Apps that have the old one hear 401 from now on.")
        ).with { $0.isCreation = true },
        DescribedOperation(
            .post, settings + "/identity_secret", "makeIdentitySecret", .sdk, .key(.admin),
            "Make a secret to sign identities with",
            .object(.sdkSettingsSecret, "The secret is shown this once; the one before is dead.")
        ).with {
            $0.about = """
                Your server signs a user's `reference_id` with it: `identity` is the HMAC-SHA-256 \
                of the id under this text, in lower-case hexadecimal.
                """
            $0.isCreation = true
        },
    ]

    private static let rule = "/v1/launch_rules/{rule}"
    private static let settings = "/v1/connections/{connection}/sdk"
    private static let inviteFilter: [Parameter] = [
        .query("connection", .idOrEmpty(ConnectionID.self, "Only of this connection.")),
        .query("study", .idOrEmpty(StudyID.self, "Only to this study.")),
        .query("rule", .idOrEmpty(LaunchRuleID.self, "Only by this rule.")),
        .query("match_id", .externalIDOrEmpty("Only of this person.", "user-42")),
    ]
}

import Audiences
import HTTPWire

extension DescribedOperation {
    static let audiences: [DescribedOperation] = [
        DescribedOperation(
            .get, "/v1/audiences", "listAudiences", .audiences, .key(.read), "List audiences",
            .list(of: .audience, "In the order they were first received.")
        ).with {
            $0.query =
                [
                    .query("connection", .idOrEmpty(ConnectionID.self, "Only of this connection.")),
                    .query("project", .externalIDOrEmpty("Only of this project.", "3012457")),
                    .query("cohort", .externalIDOrEmpty("Only of this cohort.", "5540912")),
                ] + Parameter.page
        },
        DescribedOperation(
            .get, audience, "getAudience", .audiences, .key(.read), "Show an audience",
            .object(.audience, "The audience.")),
        DescribedOperation(
            .get, audience + "/members", "listMembers", .audiences, .key(.read), "List members",
            .list(
                of: .member, "In a stable order; a full sync in between does not mix the pages.",
                beside: [Property("audience", .reference(to: .audienceReference))])
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .get, audience + "/export", "exportMembers", .audiences, .key(.read),
            "Export all members",
            .texts(
                [
                    (
                        "application/x-ndjson",
                        #"{"mixpanel_distinct_id":"18f0c0de-1","reference_id":"user-42","#
                            + #""match_id":"user-42","entered_at":"2026-11-21T09:57:52.007Z","#
                            + #""traits":{}}"#
                    ),
                    (
                        "text/csv",
                        "mixpanel_distinct_id,reference_id,match_id,entered_at,traits\r\n"
                            + "18f0c0de-1,user-42,user-42,2026-11-21T09:57:52.007Z,{}\r\n"
                    ),
                ], "A Member a line, or the same as CSV (RFC 4180) with a header line.",
                headers: ["Content-Disposition", "Muster-Status", "Muster-As-Of"])
        ).with {
            $0.query = [
                .query("format", .word("How.", ExportFormat.allCases.map(\.rawValue)))
            ]
        },
        DescribedOperation(
            .get, audience + "/syncs", "listSyncs", .audiences, .key(.read), "Show the sync log",
            .list(of: .sync, "Newest first.")
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .get, audience + "/shared_references", "listSharedReferences", .audiences,
            .key(.read), "List reference ids that several members have",
            .list(of: .sharedReference, "A page may be empty and have a successor.")
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .post, audience + "/accept", "acceptReplacement", .audiences, .key(.admin),
            "Switch a held full sync in", .object(.audience, "As it is now.")
        ).with { $0.refusals = [.conflict] },
        DescribedOperation(
            .post, audience + "/reject", "rejectReplacement", .audiences, .key(.admin),
            "Give a held full sync up", .object(.audience, "As it is now.")
        ).with { $0.refusals = [.conflict] },
        DescribedOperation(
            .post, audience + "/restore", "restoreAudience", .audiences, .key(.admin),
            "Put back what the last full sync replaced", .object(.audience, "As it is now.")
        ).with {
            $0.about = "Restoring again undoes it."
            $0.refusals = [.conflict]
        },
    ]

    static let memberships: [DescribedOperation] = [
        DescribedOperation(
            .get, "/v1/memberships", "listMemberships", .memberships, .key(.read),
            "Which audiences is somebody in?", .object(.memberships, "Nobody: an empty list.")
        ).with {
            $0.query = [
                .needed("match_id", Component.matchID),
                .query("audience_id", .idOrEmpty(AudienceID.self, "Only this audience.")),
                .query(
                    "at",
                    .text(
                        "A moment in the past, in RFC 3339; now if it is missing.",
                        "2026-11-20T12:00:00Z",
                        pattern: "^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$"
                    )),
            ]
            $0.refusals = [.gone]
        },
        DescribedOperation(
            .post, "/v1/memberships/query", "queryMemberships", .memberships, .key(.read),
            "Who of these is in which of those?", .object(.membershipTable, "A row for each id.")
        ).with { $0.body = Body(component: .membershipQuery) },
    ]

    static let changes: [DescribedOperation] = [
        DescribedOperation(
            .get, "/v1/changes", "listChanges", .changes, .key(.read), "Follow the change feed",
            .list(of: .change, "Oldest first; `next` is always given.")
        ).with {
            $0.about = """
                Each real change is one row. Whoever applies the rows in order holds the same \
                memberships.
                """
            $0.query = [
                .query(
                    "after",
                    .text(
                        "A sequence number, `latest`, or nothing for the beginning.", "90417",
                        pattern: "^([0-9]+|latest)?$")),
                .query("audience_id", .idOrEmpty(AudienceID.self, "Only this audience.")),
                .query(
                    "wait",
                    .count(
                        "How many seconds to wait for the first change.", 30,
                        in: 0...Limits.changesWaitSecondsMax, default: 0)),
                Parameter.limit,
            ]
            $0.refusals = [.notFound, .gone]
        }
    ]

    private static let audience = "/v1/audiences/{audience}"
}

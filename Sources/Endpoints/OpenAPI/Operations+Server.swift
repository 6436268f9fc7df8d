import Audiences
import HTTPWire

extension DescribedOperation {
    static let reconciliations: [DescribedOperation] = [
        DescribedOperation(
            .post, "/v1/audiences/{audience}/reconcile", "startReconciliation", .reconciliations,
            .key(.admin), "Compare an audience with Mixpanel's list",
            .object(.reconciliation, "It has begun.", .accepted)
        ).with {
            $0.about = """
                Mixpanel answers 60 queries an hour, and a query reads 1000 people, so a large \
                cohort takes hours; it goes on where it was after a restart.
                """
            $0.body = Body(component: .newReconciliation, isRequired: false)
            $0.isCreation = true
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .get, "/v1/audiences/{audience}/reconciliations", "listReconciliations",
            .reconciliations, .key(.read), "List an audience's reconciliations",
            .list(of: .reconciliation, "Newest first.")
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .get, reconciliation, "getReconciliation", .reconciliations, .key(.read),
            "Show a reconciliation", .object(.reconciliation, "As far as it is.")),
        DescribedOperation(
            .delete, reconciliation, "cancelReconciliation", .reconciliations, .key(.admin),
            "Cancel a reconciliation",
            .object(.reconciliation, "It has ended; what it mended stays.")
        ).with { $0.refusals = [.conflict] },
        DescribedOperation(
            .get, reconciliation + "/differences", "listDifferences", .reconciliations,
            .key(.read), "List the differences found",
            .list(of: .difference, "Missing people first.")
        ).with {
            $0.query = Parameter.page
            $0.refusals = [.conflict]
        },
    ]

    static let administration: [DescribedOperation] = [
        DescribedOperation(
            .post, "/v1/keys", "createKey", .administration, .key(.admin), "Make a key",
            .object(.operatorKeySecret, "The key is shown this once.", .created)
        ).with {
            $0.body = Body(component: .newKey)
            $0.isCreation = true
        },
        DescribedOperation(
            .get, "/v1/keys", "listKeys", .administration, .key(.read), "List keys",
            .list(of: .operatorKey, "In the order they were made, revoked ones too.")
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .get, "/v1/keys/{key}", "getKey", .administration, .key(.read), "Show a key",
            .object(.operatorKey, "Without the key itself.")),
        DescribedOperation(
            .delete, "/v1/keys/{key}", "revokeKey", .administration, .key(.admin), "Revoke a key",
            .object(.operatorKey, "It opens nothing any more.")),
        DescribedOperation(
            .get, "/v1/audit", "listAuditEntries", .administration, .key(.read),
            "Read the audit log", .list(of: .auditEntry, "Newest first.")
        ).with {
            let actions = [""] + AuditEntry.Action.allCases.map(\.rawValue)
            $0.query =
                [
                    .query("action", .word("Only this.", actions)),
                    .query("target", .text("Only what was done to this id.", "")),
                ] + Parameter.page
        },
        DescribedOperation(
            .delete, "/v1/people", "erasePerson", .administration, .key(.admin),
            "Erase a person everywhere", .object(.erased, "Also for nobody.")
        ).with {
            $0.query = [
                .needed("match_id", Component.matchID),
                .query(
                    "stay_erased",
                    .flag("Keep them out of later pages, by a keyed hash.", true, default: false)),
            ]
        },
    ]

    static let webhook: [DescribedOperation] = [
        DescribedOperation(
            .post, "/webhooks/mixpanel/{connection}", "receivePage", .webhook, .cohortSync,
            "Receive a page of a cohort", .object(.pageAnswer, "The page is on disk.")
        ).with { $0.body = Body(component: .page) },
        DescribedOperation(
            .get, "/webhooks/mixpanel/{connection}", "explainWebhook", .webhook, .anybody,
            "Tell people that the URL is right",
            .texts(
                [("text/plain", "This is a Muster webhook.")], "For people who try it in a browser."
            )
        ).with { $0.refusals = [.notFound, .internal, .unavailable] },
    ]

    static let server: [DescribedOperation] = [
        DescribedOperation(
            .get, "/livez", "live", .server, .anybody, "Should it be restarted?",
            .object(.health, "It is alive; says nothing of the store.")),
        DescribedOperation(
            .get, "/readyz", "ready", .server, .anybody, "Should it get traffic?",
            .object(.health, "The store took a write within the last half second.")
        ).with { $0.refusals = [.notReady] },
        DescribedOperation(
            .get, "/healthz", "healthy", .server, .anybody, "The same as `/readyz`",
            .object(.health, "The store took a write within the last half second.")
        ).with { $0.refusals = [.notReady] },
        DescribedOperation(
            .get, "/metrics", "measure", .server, .anybody, "What a Prometheus scrapes",
            .texts(
                [("text/plain", "muster_ready 1\n")],
                "The Prometheus text format, version 0.0.4; docs/metrics.md tells the series.",
                headers: ["Cache-Control"])
        ).with {
            $0.about = """
                Not here if `operations.address` is set: then a listener of its own answers it.
                """
        },
        DescribedOperation(
            .get, "/openapi.json", "describe", .server, .anybody, "This document",
            .document(
                "It changes with the version only; `If-None-Match` saves the transfer.",
                headers: ["ETag", "Cache-Control"])
        ).with { $0.refusals = [.notModified] },
    ]

    private static let reconciliation = "/v1/reconciliations/{reconciliation}"
}

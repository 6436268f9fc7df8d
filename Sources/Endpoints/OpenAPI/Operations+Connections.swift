import Audiences
import HTTPWire

extension DescribedOperation {
    static let connections: [DescribedOperation] = [
        DescribedOperation(
            .post, "/v1/connections", "createConnection", .connections, .key(.admin),
            "Make a connection",
            .object(
                .connection, "It was made, whatever Mixpanel said of the account.", .created)
        ).with {
            $0.about = """
                With `username` and `secret`, Mixpanel is asked who the service account is, in \
                its three regions; `status` and `service_account.message` tell what came of it. \
                The cohort sync, which needs no account, is set up by a request of its own.
                """
            $0.body = Body(component: .newConnection)
            $0.isCreation = true
            $0.refusals = [.conflict, .notFound]
        },
        DescribedOperation(
            .get, "/v1/connections", "listConnections", .connections, .key(.read),
            "List connections", .list(of: .connection, "In the order they were made.")
        ).with { $0.query = Parameter.page },
        DescribedOperation(
            .get, "/v1/connections/{connection}", "getConnection", .connections, .key(.read),
            "Show a connection", .object(.connection, "The connection.")),
        DescribedOperation(
            .patch, "/v1/connections/{connection}", "editConnection", .connections, .key(.admin),
            "Change a connection", .object(.connection, "As it is now.")
        ).with {
            $0.about = """
                `project_id` chooses the project of the service account; `username` and `secret` \
                replace the account; `"service_account": null` takes it away. Pages that arrive \
                from now on are read by the new settings.
                """
            $0.body = Body(component: .connectionEdit)
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .delete, "/v1/connections/{connection}", "deleteConnection", .connections,
            .key(.admin), "Delete a connection", .nothing("It is gone.")
        ).with {
            $0.about = """
                Its audiences, people, changes and logs go with it. Pages that still come are \
                answered 404, which pauses the sync at Mixpanel.
                """
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .post, "/v1/connections/{connection}/verify", "verifyConnection", .connections,
            .key(.admin), "Check the service account again",
            .object(.connection, "With what Mixpanel said just now.")
        ).with { $0.refusals = [.conflict] },
        DescribedOperation(
            .get, "/v1/connections/{connection}/cohorts", "listSavedCohorts", .connections,
            .key(.read), "List the cohorts that are saved at Mixpanel",
            .list(of: .savedCohort, "All of them, each with the audience it feeds.")
        ).with {
            $0.about = "Asks Mixpanel, by the service account."
            $0.refusals = [.conflict]
        },
    ]

    static let cohortSyncs: [DescribedOperation] = [
        DescribedOperation(
            .post, cohortSync, "setUpCohortSync", .cohortSyncs, .key(.admin),
            "Set up the cohort sync",
            .object(.cohortSyncSecret, "The secret is shown this once.", .created)
        ).with {
            $0.about = "Paste `webhook_url`, `username` and `secret` into Mixpanel."
            $0.isCreation = true
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .get, cohortSync, "getCohortSync", .cohortSyncs, .key(.read),
            "Show the cohort sync", .object(.cohortSync, "Without a secret.")),
        DescribedOperation(
            .patch, cohortSync, "switchCohortSync", .cohortSyncs, .key(.admin),
            "Switch the cohort sync on or off", .object(.cohortSync, "As it is now.")
        ).with { $0.body = Body(component: .switching) },
        DescribedOperation(
            .delete, cohortSync, "switchOffCohortSync", .cohortSyncs, .key(.admin),
            "Switch the cohort sync off", .object(.cohortSync, "As it is now; also if it was off.")
        ),
        DescribedOperation(
            .post, cohortSync + "/secret", "regenerateSecret", .cohortSyncs, .key(.admin),
            "Make a new secret", .object(.cohortSyncSecret, "The secret is shown this once.")
        ).with {
            $0.about = "With an overlap the sync need not pause while you paste the new one."
            $0.body = Body(component: .overlap, isRequired: false)
            $0.isCreation = true
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .delete, cohortSync + "/secret", "revokeSecrets", .cohortSyncs, .key(.admin),
            "Revoke every secret at once", .object(.cohortSync, "As it is now.")
        ).with { $0.refusals = [.conflict] },
        DescribedOperation(
            .delete, cohortSync + "/secrets/{secret}", "revokeSecret", .cohortSyncs, .key(.admin),
            "Revoke one secret", .object(.cohortSync, "As it is now.")
        ).with { $0.refusals = [.conflict] },
    ]

    private static let cohortSync = "/v1/connections/{connection}/cohort_sync"
}

import Audiences
import HTTPWire

extension DescribedOperation {
    static let hooks: [DescribedOperation] = [
        DescribedOperation(
            .put, hook, "setHook", .hooks, .key(.admin), "Make or change the hook",
            .object(.signedHook, "As it is now; with its secret, if it was just made.")
        ).with {
            $0.about = """
                Events are posted to `url` as [Standard Webhooks](https://www.standardwebhooks.com) \
                has it. Addresses that are not public are never connected to, unless the \
                configuration allows it. Only what happens from now on is told.
                """
            $0.body = Body(component: .hookWish)
        },
        DescribedOperation(
            .get, hook, "getHook", .hooks, .key(.read), "Show the hook",
            .object(.hook, "Without a secret.")),
        DescribedOperation(
            .delete, hook, "removeHook", .hooks, .key(.admin), "Take the hook away",
            .nothing("It is gone, with what waited for it; also if there was none.")),
        DescribedOperation(
            .post, hook + "/secret", "regenerateHookSecret", .hooks, .key(.admin),
            "Make a new signing secret", .object(.signedHook, "The secret is shown this once.")
        ).with {
            $0.about = "During an overlap everything is signed with both."
            $0.body = Body(component: .overlap, isRequired: false)
            $0.isCreation = true
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .get, hook + "/deliveries", "listHookDeliveries", .hooks, .key(.read),
            "List what was sent, or is to be", .list(of: .hookDelivery, "Newest first.")
        ).with {
            let statuses = [""] + HookDelivery.Status.allCases.map(\.rawValue)
            $0.query = [.query("status", .word("Only these.", statuses))] + Parameter.page
        },
        DescribedOperation(
            .post, hook + "/deliveries/{delivery}/replay", "replayHookDelivery", .hooks,
            .key(.admin), "Send one again",
            .object(.hookDelivery, "It is sent within a second or two.", .accepted)
        ).with {
            $0.about = "Whatever became of it; with the same `webhook-id`, and all its attempts."
            $0.refusals = [.conflict]
        },
        DescribedOperation(
            .post, hook + "/test", "testHook", .hooks, .key(.admin), "Send a test event",
            .object(.hookDelivery, "It is sent within a second or two.", .accepted)
        ).with {
            $0.isCreation = true
            $0.refusals = [.conflict]
        },
    ]

    private static let hook = "/v1/connections/{connection}/hook"
}

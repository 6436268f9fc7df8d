import Audiences
import HTTPWire
import JSON

extension DescribedOperation {
    /// The element API, whose error shape, header and paging are those of Cloud Elements'.
    static let elements =
        catalogue + instances + transformations + ownInstance + resources + mapped + bulk

    private static let base = ElementRoutes.base

    private static func platform(
        _ method: Method, _ path: String, _ id: String, _ summary: String,
        _ answer: DescribedAnswer, _ change: (inout DescribedOperation) -> Void = { _ in }
    ) -> DescribedOperation {
        DescribedOperation(
            method, base + path, id, .elements, .elements(.platform), summary, answer
        ).with(change)
    }

    /// Twice: under any hub, and under none.
    private static func hub(
        _ method: Method, _ path: String, _ id: String, _ summary: String,
        _ answer: DescribedAnswer, _ change: (inout DescribedOperation) -> Void = { _ in }
    ) -> [DescribedOperation] {
        [("", id), ("/hubs/{hub}", id + "OfHub")].map { prefix, id in
            DescribedOperation(
                method, base + prefix + path, id, .elements, .elements(.hub), summary, answer
            ).with(change)
        }
    }

    private static let catalogue: [DescribedOperation] = [
        platform(
            .get, "/elements", "listElements", "List the elements",
            .array(of: .reference(to: .element), "There is one.")),
        platform(
            .get, "/elements/keys", "listElementKeys", "List the keys of the elements",
            .array(of: .text("A key.", "mixpanel"), "There is one.")),
        platform(
            .get, "/elements/{element}", "getElement", "Show an element",
            .object(.element, "The element.")),
        platform(
            .get, "/elements/{element}/configuration", "getElementConfiguration",
            "Tell what may be configured", .object(.elementConfiguration, "The items.")),
        platform(
            .get, "/elements/{element}/docs", "describeElement",
            "The part of this document about the element API", .anyObject("OpenAPI 3.1.")),
    ]

    private static let instances: [DescribedOperation] =
        ["", "/elements/{element}"].flatMap {
            prefix in
            let (path, end) = (prefix + "/instances", prefix.isEmpty ? "" : "OfElement")
            return [
                platform(
                    .post, path, "createInstance" + end, "Authenticate Mixpanel",
                    .object(.instance, "It was made, whatever Mixpanel said: see `valid`.")
                ) {
                    $0.about = """
                        Mixpanel is asked in one cheap call; `valid` is true only if it said so. \
                        With `verify=false` it is not asked, and `valid` is false.
                        """
                    $0.query = Parameter.verify
                    $0.body = Body(component: prefix.isEmpty ? .newInstance : .instanceChange)
                    $0.refusals = [.elementConflict]
                },
                platform(
                    .get, path, "listInstances" + end, "List instances",
                    .array(
                        of: .reference(to: .instance), "In the order they were made.",
                        headers: [
                            "Elements-Returned-Count", "Elements-Next-Page-Token", elementsError,
                        ]
                    )
                ) { $0.query = Parameter.instances },
                platform(
                    .get, path + "/{instance}", "getInstance" + end, "Show an instance",
                    .object(.instance, "With its token.")),
                platform(
                    .put, path + "/{instance}", "replaceInstance" + end,
                    "Replace name and tags, and authenticate again",
                    .object(.instance, "As it is now.")
                ) {
                    $0.about = "Without a configuration the credential stays."
                    $0.query = Parameter.verify
                    $0.body = Body(component: .instanceChange)
                },
                platform(
                    .patch, path + "/{instance}", "editInstance" + end, "Change an instance",
                    .object(.instance, "As it is now.")
                ) {
                    $0.query = Parameter.verify
                    $0.body = Body(component: .instanceEdit)
                },
                platform(
                    .delete, path + "/{instance}", "deleteInstance" + end, "Delete an instance",
                    .anyObject("It is gone, and its token opens nothing.")),
            ]
        } + [
            platform(
                .put, "/instances/{instance}/enabled", "enableInstance", "Enable an instance",
                .object(.instance, "As it is now.")),
            platform(
                .delete, "/instances/{instance}/enabled", "disableInstance", "Disable an instance",
                .object(.instance, "As it is now: its token reads and writes nothing.")),
            platform(
                .get, "/instances/{instance}/configuration", "getConfiguration",
                "Show what is configured",
                .array(of: .reference(to: .configurationItem), "Secrets masked.")),
            platform(
                .get, "/instances/{instance}/configuration/{item}", "getConfigurationItem",
                "Show one thing that is configured",
                .object(.configurationItem, "Masked if it is secret.")),
            platform(
                .patch, "/instances/{instance}/configuration/{item}", "editConfigurationItem",
                "Configure one thing", .object(.configurationItem, "As it is now.")
            ) {
                $0.query = Parameter.verify
                $0.body = Body(component: .configurationValue)
            },
            platform(
                .get, "/instances/{instance}/docs", "describeInstance",
                "The part of this document about the element API", .anyObject("OpenAPI 3.1.")),
        ]

    private static let transformation = "/instances/{instance}/transformations/{name}"

    private static let transformations: [DescribedOperation] = [
        platform(
            .get, "/instances/{instance}/transformations", "listTransformations",
            "List the field maps of an instance",
            .array(of: .reference(to: .fieldMap), "In the order they were set.")),
        platform(
            .get, transformation, "getTransformation", "Show a field map",
            .object(.fieldMap, "The map.")),
        platform(
            .post, transformation, "makeTransformation", "Set a field map",
            .object(.fieldMap, "As it is now: `/hubs/general/{name}` answers by it.")
        ) {
            $0.body = Body(component: .newFieldMap)
            $0.refusals = [.elementConflict]
        },
        platform(
            .put, transformation, "replaceTransformation", "Set a field map",
            .object(.fieldMap, "As it is now.")
        ) {
            $0.body = Body(component: .newFieldMap)
            $0.refusals = [.elementConflict]
        },
        platform(
            .delete, transformation, "deleteTransformation", "Take a field map away",
            .anyObject("It is gone.")),
    ]

    /// About the instance whose token stands in the header.
    private static let ownInstance: [DescribedOperation] = instances.compactMap { operation in
        guard operation.path.contains("/instances/{instance}"),
            !operation.path.contains("{element}")
        else { return nil }
        let path = operation.path.replacing("/instances/{instance}", with: "/instances")
        // GET of that is the list.
        guard !(operation.method == .get && path == base + "/instances") else { return nil }
        return DescribedOperation(
            operation.method, path, operation.id + "OfToken", .elements,
            .elements(.instanceInHeader), operation.summary, operation.answer
        ).with {
            $0.about = operation.about
            $0.query = operation.query
            $0.body = operation.body
        }
    }

    private static let resources: [DescribedOperation] =
        hub(
            .get, "/users", "listUsers", "Read people",
            .array(
                of: .reference(to: .elementUser), "A page of them, as Mixpanel has them.",
                headers: [
                    "Elements-Returned-Count", "Elements-Total-Count", "Elements-Next-Page-Token",
                    elementsError,
                ])
        ) { $0.query = Parameter.users }
        + hub(
            .post, "/users", "writeUser", "Write a person",
            .object(.writtenUser, "Mixpanel took it.")
        ) { $0.body = Body(component: .profileUpdate) }
        + hub(
            .patch, "/users/{user}", "changeUser", "Change a person",
            .object(.writtenUser, "Mixpanel took it.")
        ) { $0.body = Body(component: .profileUpdate) }
        + hub(
            .delete, "/users/{user}", "deleteUser", "Delete a person at Mixpanel, for ever",
            .object(.writtenUser, "Mixpanel took it."))
        + hub(
            .post, "/activities", "writeActivities", "Import events",
            .object(.imported, "What Mixpanel took of them, and what was filled in.")
        ) {
            $0.about = """
                One event, or a list of 2000 at most. A missing `time` is now; a missing \
                `$insert_id` is derived from the rest. 400 if Mixpanel took none of them.
                """
            $0.body = Body(component: .activity)
        }
        + hub(
            .get, "/activities/top", "listTopActivities", "Today's most frequent events",
            .array(
                of: .reference(to: .topActivity), "As Mixpanel has them.",
                headers: ["Elements-Returned-Count"])
        ) { $0.query = [.query("where", Component.topWhere), .pageSize] }
        + hub(
            .get, "/objects", "listObjects", "List the objects of the element",
            .array(of: .text("Its name.", "users"), "Also if the instance is disabled."))
        + hub(
            .get, "/objects/{object}/metadata", "getObjectMetadata", "Tell the fields of an object",
            .object(.objectMetadata, "Those that every one has."))
        + hub(
            .get, "/ping", "ping", "Ask whether the credential works",
            .object(.pong, "What Mixpanel said within the last minute."))

    private static let mapped = hub(
        .get, "/{name}", "listMappedUsers", "Read people under other names",
        .array(
            of: Component.mappedUser, "By a transformation of the instance.",
            headers: [
                "Elements-Returned-Count", "Elements-Total-Count", "Elements-Next-Page-Token",
                elementsError,
            ])
    ) { $0.query = Parameter.users }

    private static let bulk: [DescribedOperation] =
        hub(
            .post, "/bulk/query", "startBulkQuery", "Begin a download by a query",
            .object(.startedBulkJob, "It has begun.")
        ) { $0.query = Parameter.bulkQuery }
        + hub(
            .post, "/bulk/download", "startBulkDownload", "Begin a download",
            .object(.startedBulkJob, "It has begun.")
        ) { $0.body = Body(component: .bulkDownload) }
        + hub(
            .get, "/bulk/jobs", "listBulkJobs", "List bulk jobs",
            .array(
                of: .reference(to: .bulkJob), "Newest first.",
                headers: ["Elements-Returned-Count", "Elements-Next-Page-Token", elementsError])
        ) { $0.query = [.query("where", Component.jobsWhere), .pageSize, .nextPage] }
        + hub(
            .get, "/bulk/{job}/status", "getBulkJob", "Show a bulk job",
            .object(.bulkJob, "How far it is."))
        + hub(
            .get, "/bulk/{job}/errors", "listBulkErrors", "List the errors of a bulk job",
            .array(
                of: .reference(to: .bulkError), "At most a hundred are kept.",
                headers: ["Elements-Returned-Count", "Elements-Next-Page-Token"])
        ) { $0.query = [.pageSize, .nextPage] }
        + hub(
            .put, "/bulk/{job}/cancel", "cancelBulkJob", "Cancel a bulk job",
            .object(.bulkJob, "It has ended."))
        + hub(
            .get, "/bulk/{job}/{object}", "getBulkFile", "Download the file",
            .texts(
                [
                    ("application/jsonl", "{\"event\":\"Sign up\",\"properties\":{}}\n"),
                    ("text/csv", "event,time\r\nSign up,1763712000\r\n"),
                ], "Streamed; `Accept` chooses. It is kept for 7 days.",
                headers: ["Content-Disposition", "Cache-Control", "Elements-Request-Id"])
        ) { $0.refusals = [.elementNotAcceptable, .elementGone] }

    private static let elementsError = "Elements-Error"
}

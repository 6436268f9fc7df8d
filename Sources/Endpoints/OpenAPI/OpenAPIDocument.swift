import HTTPWire
import JSON

/// The one OpenAPI 3.1 document, which tests hold to the server in both directions.
package enum OpenAPIDocument {
    static let operations =
        DescribedOperation.webhook + DescribedOperation.connections
        + DescribedOperation.cohortSyncs + DescribedOperation.hooks
        + DescribedOperation.audiences
        + DescribedOperation.memberships + DescribedOperation.changes
        + DescribedOperation.reconciliations + DescribedOperation.studies
        + DescribedOperation.launchRules + DescribedOperation.invites
        + DescribedOperation.sdkSettings + DescribedOperation.sdk + DescribedOperation.links
        + DescribedOperation.administration + DescribedOperation.elements
        + DescribedOperation.server

    /// The document as JSON.
    package static let bytes = bytes(of: operations)

    /// The part of it that is about the element API.
    static let elementBytes = bytes(of: DescribedOperation.elements)

    private static func bytes(of operations: [DescribedOperation]) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 256 << 10)
        json.value(value(operations))
        return json.bytes
    }

    private static func value(_ operations: [DescribedOperation]) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": info,
            "servers": [["url": "/", "description": "This server."]],
            "tags": .array(
                Tag.allCases.map { tag in
                    ["name": .string(tag.rawValue), "description": .string(tag.about)]
                }),
            "paths": paths(operations),
            "components": components,
        ]
    }

    private static var info: JSONValue {
        [
            "title": "Muster",
            "version": "1",
            "summary": "Receives Mixpanel cohorts and answers who is in them.",
            "description": .string(introduction),
            "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
        ]
    }

    private static let introduction = """
        Send `Authorization: Bearer <operator key>`, and bodies as JSON in UTF-8 (whatever their \
        Content-Type says; gzip and deflate are understood). A key or a query parameter that is \
        not described here is refused, for it would be a wish that is silently not fulfilled; an \
        empty query parameter is as good as none. Answers may gain keys.

        Lists take `limit` and `after`, and answer `has_more` and `next`. Times are RFC 3339 in \
        UTC. Errors have one shape, with a `code` for programs and a `request_id`, which is also \
        in the header `X-Request-Id` and in the server's log; one that you send is kept.

        Any GET may be asked as HEAD. A path that there is not is answered 404, a method that a \
        path does not have 405 with `Allow`, one that nobody has heard of 501, and a message \
        that breaks a rule of HTTP 400, 413, 414, 417, 431, 501 or 505: all in the same shape.
        """

    private static func paths(_ operations: [DescribedOperation]) -> JSONValue {
        var paths: [(key: String, value: JSONValue)] = []
        for operation in operations where !paths.contains(where: { $0.key == operation.path }) {
            let methods = operations.filter { $0.path == operation.path }.map { same in
                (key: same.method.name.lowercased(), value: same.json)
            }
            paths.append((operation.path, .object(JSONObject(methods))))
        }
        return .object(JSONObject(paths))
    }

    private static var components: JSONValue {
        [
            "securitySchemes": [
                "operatorKey": [
                    "type": "http", "scheme": "bearer",
                    "description": "An operator key, of the scope that the operation names.",
                ],
                "publicKey": [
                    "type": "http", "scheme": "bearer",
                    "description": "The public key of a connection, which its apps carry.",
                ],
                "cohortSync": [
                    "type": "http", "scheme": "basic",
                    "description": "Username and secret of the connection's cohort sync.",
                ],
                "elements": [
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description":
                        "User <..>, Organization <..>; Element <..> for what an instance reads.",
                ],
            ],
            "headers": .object(JSONObject(headers)),
            "responses": .object(JSONObject(Refusal.all.map(\.definition))),
            "schemas": .object(JSONObject(Component.all.map { ($0.name, $0.schema.json) })),
        ]
    }

    private static let headers: [(key: String, value: JSONValue)] = [
        header(
            "X-Request-Id", "Names the request in the log; yours, if you sent one.", "k2v9qd-1f"),
        header("WWW-Authenticate", "What is needed.", "Bearer realm=\"muster\""),
        header("Accept-Encoding", "What is understood.", "gzip, deflate, identity"),
        header("Content-Disposition", "A file name.", "attachment; filename=\"members.csv\""),
        header("Muster-Status", "The audience's status.", "live"),
        header("Muster-As-Of", "When a sync was last complete.", "2026-11-21T09:57:52.007Z"),
        header("ETag", "Names this state of the document.", "\"5d41402abc4b2a76\""),
        header("Cache-Control", "How long it may be kept.", "public, max-age=300"),
        header("Idempotency-Replayed", "The request had acted before.", "true", isAlways: false),
        header("Location", "Where to go on.", "https://research.example.com/s/checkout"),
        header("Access-Control-Allow-Origin", "Pages of which origin may read this.", "*"),
        header("Access-Control-Allow-Methods", "What they may send.", "GET"),
        header("Access-Control-Allow-Headers", "With which fields.", "authorization, content-type"),
        header("Access-Control-Max-Age", "For how many seconds that holds.", "7200"),
        header("Elements-Request-Id", "The same as X-Request-Id.", "k2v9qd-1f"),
        header("Elements-Element-Instance-Id", "The instance of the token.", "12"),
        header("Elements-Returned-Count", "How many are here.", "200"),
        header("Elements-Total-Count", "How many there are.", "1204", isAlways: false),
        header("Elements-Next-Page-Token", "The next `nextPage`.", "i1-0-7", isAlways: false),
        header("Elements-Error", "What was cut.", "pageSize was cut", isAlways: false),
        (
            "Retry-After",
            [
                "required": true,
                "schema": Schema.count("In how many seconds to try again.", 5).json,
            ]
        ),
    ]

    private static func header(
        _ name: String, _ about: String, _ example: String, isAlways: Bool = true
    ) -> (key: String, value: JSONValue) {
        (name, ["required": .bool(isAlways), "schema": Schema.text(about, example).json])
    }
}

extension Component {
    /// Every schema that has a name.
    static let all: [Component] = [
        activity, bulkDownload, bulkError, bulkJob, configurationItem, configurationValue, element,
        elementConfiguration, elementError, elementUser, fieldMap, imported, instance,
        instanceChange,
        instanceEdit, newInstance, objectMetadata, pong, profileUpdate, startedBulkJob,
        newFieldMap, topActivity, writtenUser,
        actor, audience, audienceReference, auditEntry, change, cohortAudience, cohortSync,
        cohortSyncSecret, connection, connectionEdit, countedStudy, difference, eligibility, erased,
        error,
        funnel, health, hook, hookDelivery, hookSecret, hookWish, invite, inviteReport, launch,
        launchRequest, launchRule, launchRuleEdit, member, membership, membershipQuery,
        memberships, membershipSource, membershipTable, mixpanelProject, newConnection, newKey,
        newLaunchRule, newReconciliation, newStudy, operatorKey, operatorKeySecret, overlap, page,
        pageAnswer, pageProblem, prompt, promptEdit, reconciliation, refusedRule, reportedInvite,
        savedCohort, sdkConfiguration, sdkEdit, sdkInvite, sdkPrompt, sdkSettings,
        sdkSettingsSecret, sdkTrigger, serviceAccount, sharedReference, signedHook, storedSecret,
        study, studyEdit, switching, sync, verdict,
    ]
}

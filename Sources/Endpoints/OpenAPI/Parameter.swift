import Audiences
import JSON

/// A parameter of an operation: in the path, the query or the head.
struct Parameter: Sendable {
    let name: String
    let place: String
    let isRequired: Bool
    let schema: Schema

    private init(_ name: String, in place: String, isRequired: Bool, _ schema: Schema) {
        self.name = name
        self.place = place
        self.isRequired = isRequired
        self.schema = schema
    }

    var json: JSONValue {
        [
            "name": .string(name), "in": .string(place), "required": .bool(isRequired),
            "schema": schema.json,
        ]
    }

    static func query(_ name: String, _ schema: Schema) -> Parameter {
        Parameter(name, in: "query", isRequired: false, schema)
    }

    static func needed(_ name: String, _ schema: Schema) -> Parameter {
        Parameter(name, in: "query", isRequired: true, schema)
    }

    /// `limit` and `after`, as every list has them.
    static let page: [Parameter] = [
        limit, .query("after", .text("The `next` of the page before.", "audiences--7")),
    ]

    static let limit = Parameter.query(
        "limit",
        .count(
            "How many items at most.", Limits.listItemsDefault, in: 1...Limits.listItemsMax,
            default: Limits.listItemsDefault))

    static let idempotencyKey = Parameter(
        "Idempotency-Key", in: "header", isRequired: false,
        .text(
            "Any text of your own, new for each thing to be made: within 24 hours the same "
                + "request with the same key acts once, and is answered alike.",
            "8f14e45f-ceea-467f", length: 1...KeptAnswers.keyBytesMax, pattern: "^[!-~]+$"))

    static let pageSize = Parameter.query(
        "pageSize", .text("How many at most; \(ElementPaging.pageSizeDefault) without.", "200"))
    static let nextPage = Parameter.query(
        "nextPage", .text("The `Elements-Next-Page-Token` of the page before.", ""))
    static let verify: [Parameter] = [
        .query("verify", .text("false: Mixpanel is not asked.", "true")),
        .query("reAuthenticate", .text("The same, as the original calls it.", "true")),
    ]
    static let instances: [Parameter] = [
        .query("tags[]", .text("Only with this tag; may be given again.", "Docs")),
        .query("searchText", .text("In the name or the element's key.", "shop")),
        pageSize, nextPage, .query("hydrate", .text("Passed over.", "true")),
    ]
    static let users: [Parameter] = [
        .query("where", .text("In CEQL, or query = '<Mixpanel expression>'.", "")),
        pageSize, nextPage, .query("fields", .text("Names of properties, by commas.", "")),
    ]
    static let bulkQuery: [Parameter] = [
        .needed("q", .text("What to download.", "select * from users")),
        .query("from", .text("Of activities: not before.", "")),
        .query("to", .text("Of activities: before; now without.", "")),
    ]

    /// Those that a path names.
    static func inPath(_ path: String) -> [Parameter] {
        path.split(separator: "/").compactMap { segment in
            guard segment.first == "{", segment.last == "}" else { return nil }
            let name = String(segment.dropFirst().dropLast())
            return Parameter(name, in: "path", isRequired: true, schema(ofPath: name))
        }
    }

    private static func schema(ofPath name: String) -> Schema {
        switch name {
        case "audience": .id(AudienceID.self, "The audience.")
        case "delivery": .id(HookDeliveryID.self, "The delivery.")
        case "key": .id(OperatorKeyID.self, "The key.")
        case "reconciliation": .id(ReconciliationID.self, "The reconciliation.")
        case "secret": .id(SecretID.self, "The secret, by its id.")
        case "study": .id(StudyID.self, "The study.")
        case "rule": .id(LaunchRuleID.self, "The launch rule.")
        case "code": Component.inviteCode
        case "element": .text("The element, by its key or id.", ElementInstance.elementKey)
        case "instance": .text("The instance, by its id.", "12")
        case "item": .text("What is configured, by its key or id.", "filter.response.nulls")
        case "hub": .text("Any: there is one.", "general")
        case "object": .text("users or activities.", "users")
        case "name": .text("Of a field map of yours.", "people")
        case "job": .text("The bulk job.", "7")
        case "user": .text("A distinct id of Mixpanel's.", "user-42")
        default: .id(ConnectionID.self, "The connection.")
        }
    }
}

import Audiences
import HTTPWire
import JSON

/// One operation of the API, as the OpenAPI document tells it.
struct DescribedOperation: Sendable {
    /// Who may call it.
    enum Access: Sendable {
        case anybody
        /// Mixpanel, with the credentials of the connection's cohort sync.
        case cohortSync
        case key(OperatorKey.Scope)
        /// An app, with the public key of a connection.
        case app
        /// Somebody of the element API.
        case elements(AdmitElement.Need)
    }

    struct Body: Sendable {
        let component: Component
        var isRequired = true
    }

    let method: Method
    /// As the router has it, but with `{name}` for a parameter.
    let path: String
    let id: String
    let tag: Tag
    let access: Access
    let summary: String
    var about = ""
    var query: [Parameter] = []
    var body: Body?
    /// Honours `Idempotency-Key`.
    var isCreation = false
    let answer: DescribedAnswer
    /// Beside those that every operation of its kind may have.
    var refusals: [Refusal] = []

    init(
        _ method: Method, _ path: String, _ id: String, _ tag: Tag, _ access: Access,
        _ summary: String, _ answer: DescribedAnswer
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.tag = tag
        self.access = access
        self.summary = summary
        self.answer = answer
    }

    /// The same with further words.
    func with(_ change: (inout DescribedOperation) -> Void) -> DescribedOperation {
        var copy = self
        change(&copy)
        return copy
    }

    var json: JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("operationId", .string(id)), ("tags", [.string(tag.rawValue)]),
            ("summary", .string(summary)),
        ]
        if !about.isEmpty { members.append(("description", .string(about))) }
        members.append(("security", security))
        let headers = isCreation ? [Parameter.idempotencyKey] : []
        let parameters = Parameter.inPath(path) + query + headers
        if !parameters.isEmpty {
            members.append(("parameters", .array(parameters.map(\.json))))
        }
        if let body { members.append(("requestBody", Self.json(body))) }
        members.append(("responses", responses))
        return .object(JSONObject(members))
    }

    private var security: JSONValue {
        switch access {
        case .anybody: []
        case .cohortSync: [["cohortSync": []]]
        case .key(let scope): [["operatorKey": [.string(scope.rawValue)]]]
        case .app: [["publicKey": []]]
        case .elements: [["elements": []]]
        }
    }

    private static func json(_ body: Body) -> JSONValue {
        [
            "required": .bool(body.isRequired),
            "content": DescribedAnswer.content("application/json", .reference(to: body.component)),
        ]
    }

    private var responses: JSONValue {
        var members = [answer.member(isCreation: isCreation, elementNeed)]
        if case .cohortSync = access {
            members += Refusal.webhook.map(\.member)
        } else {
            members += allRefusals.sorted { $0.status.code < $1.status.code }.map(\.member)
        }
        return .object(JSONObject(members))
    }

    private var elementNeed: AdmitElement.Need? {
        if case .elements(let need) = access { need } else { nil }
    }

    private var allRefusals: [Refusal] {
        if let elementNeed {
            return Refusal.ofElements(elementNeed, hasBody: body != nil) + refusals
        }
        var all: [Refusal] = [.invalid, .internal, .unavailable]
        switch access {
        case .anybody, .cohortSync, .elements: return refusals
        case .app: all += [.unknownApp, .throttled]
        case .key(let scope):
            all += scope == .admin ? [.unauthorized, .forbidden] : [.unauthorized]
        }
        if path.contains("{") { all.append(.notFound) }
        if body != nil { all += [.slow, .tooLarge, .coding] }
        if isCreation { all.append(.reused) }
        // Some name what their kind has anyhow.
        return all + refusals.filter { own in !all.contains { $0.name == own.name } }
    }
}

/// How the operations are grouped for readers.
enum Tag: String, CaseIterable {
    case webhook = "Webhook"
    case connections = "Connections"
    case cohortSyncs = "Cohort syncs"
    case hooks = "Hooks"
    case audiences = "Audiences"
    case memberships = "Memberships"
    case changes = "Changes"
    case reconciliations = "Reconciliations"
    case studies = "Studies"
    case launchRules = "Launch rules"
    case invites = "Invites"
    case sdk = "SDK"
    case links = "Invite links"
    case administration = "Administration"
    case elements = "Elements"
    case server = "Server"

    var about: String {
        switch self {
        case .webhook: "What Mixpanel posts to."
        case .connections: "Links to Mixpanel projects, and their service accounts."
        case .cohortSyncs: "The inbound half of a connection: its webhook and its secrets."
        case .hooks: "The outbound half of a connection: where its events are posted to."
        case .audiences: "Mixpanel's cohorts as they were received."
        case .memberships: "Who is in what: what an app back end asks."
        case .changes: "Who entered and left, in order."
        case .reconciliations: "Comparing an audience with Mixpanel's own list."
        case .studies: "What people are invited to."
        case .launchRules: "Who is offered a study, when, and how often."
        case .invites: "Who was invited, where from, and what became of it."
        case .sdk: "What apps ask, with a key that is no secret; from any origin."
        case .links: "One link for an invite, with the app and without it."
        case .administration: "Keys to this API, the audit log, erasing people."
        case .elements: "Element instances: Mixpanel through one authenticated API call."
        case .server: "Probes, and this document."
        }
    }
}

/// The good answer of an operation.
struct DescribedAnswer: Sendable {
    private let status: Status
    private let about: String
    private let content: JSONValue?
    private var headers: [(key: String, value: JSONValue)] = []

    static func object(
        _ component: Component, _ about: String, _ status: Status = .ok
    ) -> DescribedAnswer {
        DescribedAnswer(
            status: status, about: about,
            content: content("application/json", .reference(to: component)))
    }

    /// A page of a list; `beside` are further keys of the list's own.
    static func list(of component: Component, _ about: String, beside: [Property] = [])
        -> DescribedAnswer
    {
        let properties =
            [Property("object", .word("Always the same.", ["list"]))] + beside + [
                Property("data", .list("The items.", of: .reference(to: component))),
                Property("has_more", .flag("Whether more follow.", false)),
                Property(
                    "next",
                    .text("The next `after`; null on the last page.", "audiences--7").orNull),
            ]
        return DescribedAnswer(
            status: .ok, about: about,
            content: content("application/json", .object(about, properties)))
    }

    static func texts(
        _ types: [(type: String, example: String)], _ about: String, headers: [String] = []
    ) -> DescribedAnswer {
        let content = types.map { type, example in
            (
                key: type,
                value: [
                    "schema": Schema.text(about, example).json, "example": .string(example),
                ] as JSONValue
            )
        }
        return DescribedAnswer(
            status: .ok, about: about, content: .object(JSONObject(content)),
            headers: headers.map { ($0, Self.header($0)) })
    }

    /// A document of somebody else's form.
    static func document(
        _ about: String, type: String = "object", headers: [String]
    ) -> DescribedAnswer {
        DescribedAnswer(
            status: .ok, about: about,
            content: ["application/json": ["schema": ["type": .string(type)]]],
            headers: headers.map { ($0, header($0)) })
    }

    /// A list of the element API, which is an array and nothing around it.
    static func array(
        of item: Schema, _ about: String, headers: [String] = []
    ) -> DescribedAnswer {
        DescribedAnswer(
            status: .ok, about: about, content: content("application/json", .list(about, of: item)),
            headers: headers.map { ($0, header($0)) })
    }

    /// An object that is described elsewhere, or is empty.
    static func anyObject(_ about: String) -> DescribedAnswer {
        DescribedAnswer(
            status: .ok, about: about,
            content: ["application/json": ["schema": ["type": "object"]]])
    }

    /// An answer without a body.
    static func nothing(_ about: String, headers: [String] = []) -> DescribedAnswer {
        DescribedAnswer(
            status: .noContent, about: about, content: nil,
            headers: headers.map { ($0, header($0)) })
    }

    static func content(_ type: String, _ schema: Schema) -> JSONValue {
        var media: [(key: String, value: JSONValue)] = [("schema", schema.json)]
        if let example = schema.example { media.append(("example", example)) }
        return .object(JSONObject([(type, .object(JSONObject(media)))]))
    }

    static func header(_ name: String) -> JSONValue {
        ["$ref": .string("#/components/headers/\(name)")]
    }

    func member(
        isCreation: Bool, _ need: AdmitElement.Need?
    ) -> (key: String, value: JSONValue) {
        var all = [(key: "X-Request-Id", value: Self.header("X-Request-Id"))] + headers
        if let need, !headers.contains(where: { $0.key == "Elements-Request-Id" }) {
            all.append(("Elements-Request-Id", Self.header("Elements-Request-Id")))
            if need == .hub {
                let name = "Elements-Element-Instance-Id"
                all.append((name, Self.header(name)))
            }
        }
        if isCreation {
            all += ["Cache-Control", "Idempotency-Replayed"].map { ($0, Self.header($0)) }
        }
        var members: [(key: String, value: JSONValue)] = [
            ("description", .string(about)), ("headers", .object(JSONObject(all))),
        ]
        if let content { members.append(("content", content)) }
        return (String(status.code), .object(JSONObject(members)))
    }
}

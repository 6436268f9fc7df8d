import Audiences
import JSON

/// The body of a request that makes or changes an instance.
///
/// What an answer has and nobody may change is passed over, so that an answer can be sent back;
/// anything else that is not known is refused by its name.
struct InstanceBody {
    private(set) var name: String?
    private(set) var tags: [String]?
    private(set) var configuration: ConfigurationWish

    static let keys = [
        "element", "name", "tags", "configuration", "providerData", "externalAuthentication",
        "retrieveObjectsAfterInstantiation",
    ]
    /// Of an answer, and so of somebody who sends one back.
    static let readOnly = [
        "id", "createdDate", "token", "elementId", "provisionInteractions", "valid", "disabled",
        "maxCacheSize", "cacheTimeToLive", "eventsEnabled", "traceLoggingEnabled",
        "cachingEnabled", "user",
    ]

    /// - Parameters:
    ///   - body: the body.
    ///   - namesElement: whether it has to name the element.
    /// - Throws: `invalid`, naming what is wrong.
    init(_ body: JSONObject, namesElement: Bool = false) throws(Failure) {
        try Self.checkElement(body["element"], isNeeded: namesElement)
        if let value = body["externalAuthentication"], !value.isNull, value.string != "none" {
            throw Failure(
                .invalid,
                "externalAuthentication must be none: there is no OAuth with Mixpanel, give "
                    + "configuration.username.")
        }
        if let value = body["providerData"], !value.isNull, value.object?.members.isEmpty != true {
            throw Failure(.invalid, "providerData is for OAuth, which this element does not have.")
        }
        if try body.flag("retrieveObjectsAfterInstantiation") == true {
            throw Failure(
                .invalid, "retrieveObjectsAfterInstantiation is not there: GET /objects tells.")
        }
        name = try body.text("name", "a text of at least one character")
        if let name, name.count > Limits.nameCharactersMax {
            throw Failure(
                .invalid, "name must have at most \(Limits.nameCharactersMax) characters.")
        }
        tags = try Self.tags(body["tags"])
        configuration = try ConfigurationWish(body["configuration"])
    }

    private static func checkElement(
        _ value: JSONValue?, isNeeded: Bool
    ) throws(Failure) {
        guard let value, !value.isNull else {
            guard isNeeded else { return }
            throw Failure(.invalid, "element.key must be given: mixpanel.")
        }
        let key = value.object?["key"]?.string
        let id = value.object?["id"]?.int
        let isOurs =
            key.map { $0.utf8.elementsEqual(ElementInstance.elementKey.utf8) }
            ?? (id == Catalogue.id)
        guard isOurs else {
            throw Failure(.invalid, "element.key must be mixpanel: there is no other element.")
        }
    }

    private static func tags(_ value: JSONValue?) throws(Failure) -> [String]? {
        guard let value, !value.isNull else { return nil }
        let tags = (value.array ?? [.null]).map(\.string)
        guard !tags.contains(nil), tags.count <= Limits.tagsMax,
            tags.allSatisfy({ ($0?.utf8.count ?? 0) <= Limits.tagBytesMax })
        else {
            throw Failure(
                .invalid,
                "tags must be a list of at most \(Limits.tagsMax) texts of at most "
                    + "\(Limits.tagBytesMax) bytes.")
        }
        return tags.compactMap(\.self)
    }
}

/// What a body says of the configuration: flat keys with dots in them.
struct ConfigurationWish {
    /// What stands for a secret in answers; sent back, it leaves the secret as it is.
    static let mask = "********"

    private(set) var username: String?
    /// `.some(nil)` takes it away.
    private(set) var password: String??
    private(set) var projectToken: String??
    private(set) var project: ExternalID??
    private(set) var region: MixpanelRegion??
    private(set) var dropsNulls: Bool?

    init(_ value: JSONValue?) throws(Failure) {
        guard let value, !value.isNull else { return }
        guard let object = value.object else {
            throw Failure(.invalid, "configuration must be an object.")
        }
        for member in object.members { try read(member.key, member.value) }
    }

    init(_ key: String, _ value: JSONValue) throws(Failure) {
        try read(key, value)
    }

    private mutating func read(_ key: String, _ value: JSONValue) throws(Failure) {
        // What an answer says of the credential, sent back.
        if key.utf8.starts(with: "credential.".utf8) { return }
        guard let item = ConfigurationItem(rawValue: key) else {
            throw Failure(
                .invalid,
                "configuration.\(key.prefix(64)) is not known; there are "
                    + ConfigurationItem.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
        if value.string == Self.mask { return }
        switch item {
        case .username: username = try text(key, value)
        case .password: password = try optionalText(key, value)
        case .projectToken: projectToken = try optionalText(key, value)
        case .projectID: project = .some(try Self.project(value))
        case .region: region = .some(try Self.region(value))
        case .dropsNulls: dropsNulls = try Self.flag(key, value)
        }
    }

    /// The credential that is wanted; `nil` if it is the one there is.
    ///
    /// A new username without a password is an API secret, and what was found out about the old
    /// one does not count any more.
    func credential(after old: InstanceCredential?) throws(Failure) -> InstanceCredential? {
        let isSaid = [
            username != nil, password != nil, projectToken != nil, project != nil, region != nil,
        ]
        guard isSaid.contains(true) else { return nil }
        guard let base = username ?? old?.username else {
            throw Failure(
                .invalid, "configuration.username is missing: the API secret of the project.")
        }
        // Somebody who sends an answer back says the name of the account, which is not masked.
        let isSame = old.map { $0.username.utf8.elementsEqual(base.utf8) } ?? false
        var wanted = InstanceCredential(username: base)
        wanted.password = password ?? (isSame ? old?.password : nil)
        wanted.projectToken = projectToken ?? old?.projectToken
        wanted.project = project ?? (isSame ? old?.project : nil)
        wanted.region = region ?? (isSame && project == nil ? old?.region : nil)
        try wanted.validate()
        return wanted
    }

    private func text(_ key: String, _ value: JSONValue) throws(Failure) -> String {
        guard let text = value.string, !text.isEmpty else {
            throw Failure(.invalid, "configuration.\(key) must be a text.")
        }
        return text
    }

    private func optionalText(_ key: String, _ value: JSONValue) throws(Failure) -> String?? {
        if value.isNull { return .some(nil) }
        return .some(try text(key, value))
    }

    private static func project(_ value: JSONValue) throws(Failure) -> ExternalID? {
        switch value {
        case .null: return nil
        // Mixpanel writes them as numbers.
        case .string(let text), .number(let text):
            if let id = ExternalID(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                return id
            }
        default: break
        }
        throw Failure(.invalid, "configuration.project_id must be the number of a project.")
    }

    private static func region(_ value: JSONValue) throws(Failure) -> MixpanelRegion? {
        if value.isNull { return nil }
        guard let region = value.string.flatMap({ MixpanelRegion(rawValue: $0) }) else {
            let regions = MixpanelRegion.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.invalid, "configuration.region must be one of \(regions).")
        }
        return region
    }

    private static func flag(_ key: String, _ value: JSONValue) throws(Failure) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: throw Failure(.invalid, "configuration.\(key) must be true or false.")
        }
    }
}

import Audiences
import JSON

/// What the body of `POST /v1/connections` or `PATCH /v1/connections/{id}` says of the service
/// account.
enum AccountWish: Hashable {
    static let keys = ["username", "secret", "project_id"]

    /// It stays as it is.
    case nothing
    /// It is taken away.
    case removal
    /// It is this one from now on.
    case account(username: String, secret: [UInt8], project: ExternalID?)
    /// It is about this project.
    case project(ExternalID)

    init(_ body: JSONObject) throws(Failure) {
        let username = try body.text("username", "a text")
        let secret = try body.text("secret", "a text")
        let project = try Self.project(body)
        let isRemoved = try Self.isRemoved(body)
        switch (username, secret, project) {
        case (let username?, let secret?, let project) where !isRemoved:
            self = .account(username: username, secret: Array(secret.utf8), project: project)
        case (nil, nil, let project?) where !isRemoved:
            self = .project(project)
        case (nil, nil, nil):
            self = isRemoved ? .removal : .nothing
        case (nil, nil, _), (_?, _?, _):
            throw Failure(
                .invalid, "service_account: null takes the account away; leave out the rest of it.")
        default:
            throw Failure(.invalid, "username and secret belong together.")
        }
    }

    private static func isRemoved(_ body: JSONObject) throws(Failure) -> Bool {
        guard let value = body["service_account"] else { return false }
        guard value.isNull else {
            throw Failure(
                .invalid,
                "service_account may only be null, which takes it away; to set it, give username "
                    + "and secret.")
        }
        return true
    }

    private static func project(_ body: JSONObject) throws(Failure) -> ExternalID? {
        let id: ExternalID?
        switch body["project_id"] {
        case nil, .null: return nil
        // Mixpanel writes them as numbers.
        case .string(let text), .number(let text): id = ExternalID(text)
        default: id = nil
        }
        guard let id else {
            throw Failure(.invalid, "project_id must be the id of a Mixpanel project.")
        }
        return id
    }
}

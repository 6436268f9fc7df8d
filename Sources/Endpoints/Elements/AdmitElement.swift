import Audiences
import HTTPWire
import Routing

/// Lets a request to the element API through.
struct AdmitElement: Sendable {
    /// What a call is about, and so which parts of the header it takes.
    enum Need: Sendable {
        /// The platform: `User` and `Organization`.
        case platform
        /// The instance in the header: all three.
        case instanceInHeader
        /// What an instance reads and writes: `User` and `Element`.
        case hub
    }

    private let users: any ElementUserStore
    private let instances: any InstanceStore
    private let secrets: Secrets

    init(_ parts: Dependencies) {
        users = parts.elements.users
        instances = parts.elements.instances
        secrets = parts.secrets
    }

    /// - Parameters:
    ///   - request: only its head is looked at.
    ///   - need: what it is about.
    /// - Returns: who calls, and the instance of the header if one is needed.
    /// - Throws: ``ElementUnauthorized`` without saying what was wrong; `Failure` if the store
    ///   can't be read.
    func callAsFunction(
        _ request: Request, needing need: Need
    ) async throws -> (ElementUser, ElementInstance?) {
        guard let header = ElementAuthorization(request.head.headers), let secret = header.user,
            let id = ElementUser.id(claimedBy: secret),
            need == .hub || header.organization != nil,
            need == .platform || header.element != nil
        else { throw ElementUnauthorized() }
        let user = try await users.elementUser(id)
        guard let user else { throw ElementUnauthorized() }
        guard try user.matches(secret, organization: header.organization, by: secrets) else {
            throw ElementUnauthorized()
        }
        guard let token = header.element else { return (user, nil) }
        // Found by the hash of 256 random bits: the index tells nothing of them.
        let instance = try await instances.instance(tokenDigest: secrets.digest(of: token))
        guard let instance, instance.organization == user.organization else {
            throw ElementUnauthorized()
        }
        return (user, need == .platform ? nil : instance)
    }
}

/// The caller did not show valid credentials of the element API.
struct ElementUnauthorized: CallersMistake {}

/// The instance is switched off.
struct InstanceDisabled: CallersMistake {}

/// None of the media types that the caller takes is there.
struct NotAcceptable: CallersMistake {
    let types: String
}

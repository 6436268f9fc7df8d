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

    /// Everything that a header shows is looked at before any of it is judged: neither the answer
    /// nor its time tells which part was wrong.
    ///
    /// - Parameters:
    ///   - request: only its head is looked at.
    ///   - need: what it is about.
    /// - Returns: who calls, and the instance of the header if one is needed.
    /// - Throws: ``ElementUnauthorized`` without saying what was wrong; `Failure` if the store
    ///   can't be read.
    func callAsFunction(
        _ request: Request, needing need: Need
    ) async throws -> (ElementUser, ElementInstance?) {
        // Whoever leaves a part out knows that, so no time is spent to hide it.
        guard let header = ElementAuthorization(request.head.headers), let secret = header.user,
            need == .hub || header.organization != nil,
            need == .platform || header.element != nil
        else { throw ElementUnauthorized() }
        var user: ElementUser?
        if let id = ElementUser.id(claimedBy: secret) { user = try await users.elementUser(id) }
        guard let compared = user ?? .nobody else { throw ElementUnauthorized() }
        let isTheirs = try compared.matches(secret, organization: header.organization, by: secrets)
        let instance = try await instance(of: header)
        guard let user, isTheirs else { throw ElementUnauthorized() }
        guard header.element != nil else { return (user, nil) }
        guard let instance, instance.organization == user.organization else {
            throw ElementUnauthorized()
        }
        return (user, need == .platform ? nil : instance)
    }

    /// Found by the hash of 256 random bits: the index tells nothing of them.
    private func instance(of header: ElementAuthorization) async throws -> ElementInstance? {
        guard let token = header.element else { return nil }
        return try await instances.instance(tokenDigest: secrets.digest(of: token))
    }
}

extension ElementUser {
    /// Whom secrets are compared with that claim to be of somebody who is not there.
    fileprivate static let nobody: ElementUser? = SecretHash.nobodys.map { hash in
        ElementUser(
            id: ElementUserID(unchecked: ElementUserID.prefix),
            organization: OrganizationID(unchecked: OrganizationID.prefix), name: "", hash: hash,
            organizationHash: hash, createdAt: Timestamp(milliseconds: 0))
    }
}

/// Somebody who may use the element API: a person, or a program, of an organization.
///
/// Each has a user secret of their own; the organization secret is shared by all of one
/// organization. Both are in every header that opens a platform call, and neither is ever read
/// back: what is stored are hashes.
package struct ElementUser: Sendable, Hashable {
    package var id: ElementUserID
    /// What the API shows; given by the store, and never given again.
    package var number: Int64
    package var organization: OrganizationID
    package var name: String
    package var hash: SecretHash
    package var organizationHash: SecretHash
    package var createdAt: Timestamp

    package init(
        id: ElementUserID, number: Int64 = 0, organization: OrganizationID, name: String,
        hash: SecretHash, organizationHash: SecretHash, createdAt: Timestamp
    ) {
        self.id = id
        self.number = number
        self.organization = organization
        self.name = name
        self.hash = hash
        self.organizationHash = organizationHash
        self.createdAt = createdAt
    }
}

package struct ElementUserID: MadeIdentifier {
    package static let prefix = "euser_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// Who owns instances: they stay when one of its users goes.
package struct OrganizationID: MadeIdentifier {
    package static let prefix = "org_"
    package let text: String
    package init(unchecked text: String) { self.text = text }
}

/// A new user and their secrets, to be shown once.
package struct IssuedElementUser: Sendable {
    package let user: ElementUser
    package let userSecret: String
    /// `nil` if they joined an organization, whose secret its others have.
    package let organizationSecret: String?
}

extension ElementUser {
    package static let secretPrefix = "muster_user_"
    package static let organizationSecretPrefix = "muster_org_"

    /// - Parameters:
    ///   - name: for people.
    ///   - colleague: somebody of the organization to join; `nil` makes a new one.
    ///   - now: when it is made.
    ///   - secrets: the cryptography.
    /// - Returns: the user, for ``ElementUserStore``, and what to show.
    /// - Throws: `invalid` for an empty name; what `secrets` throws.
    package static func issue(
        name: String, joining colleague: ElementUser? = nil, at now: Timestamp, by secrets: Secrets
    ) throws -> IssuedElementUser {
        let name = String(name.prefix(Limits.nameCharactersMax))
        guard !name.isEmpty else { throw Failure(.invalid, "An element user needs a name.") }
        let id = ElementUserID.make(from: try secrets.random(16))
        let own = try secrets.makeSecret(
            prefix: secretPrefix + id.text.dropFirst(ElementUserID.prefix.count) + "_")
        var organizationSecret: String?
        let organization: (id: OrganizationID, hash: SecretHash)
        if let colleague {
            organization = (colleague.organization, colleague.organizationHash)
        } else {
            let made = try secrets.makeSecret(prefix: organizationSecretPrefix)
            organizationSecret = made
            organization = (.make(from: try secrets.random(16)), try secrets.hash(made))
        }
        return IssuedElementUser(
            user: ElementUser(
                id: id, organization: organization.id, name: name, hash: try secrets.hash(own),
                organizationHash: organization.hash, createdAt: now),
            userSecret: own, organizationSecret: organizationSecret)
    }

    /// Whom a secret claims to be of; `nil` if the text has not even the form of one.
    package static func id(claimedBy text: [UInt8]) -> ElementUserID? {
        guard text.starts(with: secretPrefix.utf8) else { return nil }
        let own = text.dropFirst(secretPrefix.utf8.count).prefix { $0 != UInt8(ascii: "_") }
        return ElementUserID(ElementUserID.prefix + String(decoding: own, as: UTF8.self))
    }

    /// Whether the secrets of a header are theirs.
    ///
    /// Both are always compared, so that the time does not tell which was wrong.
    ///
    /// - Parameters:
    ///   - secret: what came as `User`.
    ///   - organization: what came as `Organization`; `nil` where it is not needed.
    ///   - secrets: the cryptography.
    /// - Returns: true only if all of them are.
    /// - Throws: what `secrets` throws.
    package func matches(
        _ secret: [UInt8], organization: [UInt8]?, by secrets: Secrets
    ) throws -> Bool {
        let isUser = try hash.matches(secret, by: secrets)
        let isMember = try organizationHash.matches(organization ?? [], by: secrets)
        return isUser && (organization == nil || isMember)
    }
}

/// Keeps who may use the element API.
///
/// Another process (the command line) may write to the same store; reads see it at once.
package protocol ElementUserStore: Sendable {
    /// Adds a user, durably, and gives them their number.
    ///
    /// - Throws: `conflict` if the id exists.
    func create(
        _ user: ElementUser, for operation: Operation
    ) async throws(Failure) -> ElementUser

    /// Users in the order they were made.
    func elementUsers(_ range: ListRange) async throws(Failure) -> ListPage<ElementUser>

    /// The user of this id; `nil` if there is none.
    func elementUser(_ id: ElementUserID) async throws(Failure) -> ElementUser?

    /// Removes a user; the last of an organization takes its instances along.
    ///
    /// - Returns: how many instances went.
    /// - Throws: `notFound` if there is no such user.
    func removeElementUser(
        _ id: ElementUserID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Int
}

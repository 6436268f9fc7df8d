/// One authenticated use of the Mixpanel element: a credential, and the token that stands for it.
package struct ElementInstance: Sendable, Hashable {
    /// Given by the store, and never given again.
    package var id: Int64
    package var organization: OrganizationID
    /// The number of the user who made it.
    package var user: Int64
    /// As it was given; who shows it escapes it.
    package var name: String
    package var tags: [String]
    package var token: StoredToken
    package var credential: StoredCredential
    package var check: CredentialCheck
    /// Whether fields that are null are left out of answers.
    package var dropsNulls: Bool
    package var isDisabled: Bool
    /// The connection whose service account is this credential, too.
    package var connection: ConnectionID?
    package var maps: [FieldMap]
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: Int64 = 0, organization: OrganizationID, user: Int64, name: String, tags: [String] = [],
        token: StoredToken, credential: StoredCredential, check: CredentialCheck,
        dropsNulls: Bool = true, isDisabled: Bool = false, connection: ConnectionID? = nil,
        maps: [FieldMap] = [], createdAt: Timestamp, updatedAt: Timestamp? = nil
    ) {
        self.id = id
        self.organization = organization
        self.user = user
        self.name = name
        self.tags = tags
        self.token = token
        self.credential = credential
        self.check = check
        self.dropsNulls = dropsNulls
        self.isDisabled = isDisabled
        self.connection = connection
        self.maps = maps
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
    }

    /// What the token and the credential are sealed for: they open for no other instance.
    package var sealingContext: String { token.sealingContext }

    package static let elementKey = "mixpanel"
}

/// A token that its owner may read again, and by which an instance is found.
package struct StoredToken: Sendable, Hashable {
    /// SHA-256 in hexadecimal; the token has 256 random bits, so it needs no salt.
    package var digest: String
    package var sealed: SealedSecret

    package init(digest: String, sealed: SealedSecret) {
        self.digest = digest
        self.sealed = sealed
    }

    package static let prefix = "muster_element_"

    package static func issue(
        by secrets: Secrets, _ sealing: Sealing
    ) throws -> Issued<StoredToken> {
        let text = try secrets.makeSecret(prefix: prefix)
        var token = StoredToken(
            digest: try secrets.digest(of: Array(text.utf8)), sealed: SealedSecret(""))
        token.sealed = try sealing.seal(Array(text.utf8), token.sealingContext)
        return Issued(stored: token, secret: text)
    }

    package var sealingContext: String { "element \(digest)" }

    package func open(by sealing: Sealing) throws(Failure) -> String {
        String(decoding: try sealing.open(sealed, sealingContext), as: UTF8.self)
    }
}

/// What Mixpanel last said of a credential.
package struct CredentialCheck: Sendable, Hashable {
    /// True only if Mixpanel said so.
    package var isValid: Bool
    /// One sentence if there is something to do; `nil` otherwise.
    package var message: String?
    /// When it was asked; `nil` if it never was.
    package var at: Timestamp?

    package init(isValid: Bool, message: String? = nil, at: Timestamp? = nil) {
        self.isValid = isValid
        self.message = message
        self.at = at
    }

    package static let notAsked = CredentialCheck(
        isValid: false, message: "Mixpanel was not asked about this credential.")
}

/// Which fields of one object are given other names: a transformation without scripts.
package struct FieldMap: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        /// What callers read, with dots between levels.
        package var path: String
        /// Where Mixpanel has it.
        package var vendorPath: String

        package init(path: String, vendorPath: String) {
            self.path = path
            self.vendorPath = vendorPath
        }
    }

    /// Of the resource that answers mapped: `/hubs/general/{name}`.
    package var name: String
    package var object: ElementObject
    package var fields: [Field]
    /// Whether what is not mapped comes along.
    package var isPassThrough: Bool

    package init(name: String, object: ElementObject, fields: [Field], isPassThrough: Bool) {
        self.name = name
        self.object = object
        self.fields = fields
        self.isPassThrough = isPassThrough
    }
}

/// What of a project the element reads and writes.
package enum ElementObject: String, Sendable, Hashable, CaseIterable {
    case users
    case activities
}

/// What to change about an instance; what is `nil` stays as it is.
package struct InstanceEdit: Sendable, Hashable {
    package var name: String?
    package var tags: [String]?
    package var dropsNulls: Bool?
    /// A new credential, and what Mixpanel said of it.
    package var authentication: Authentication?
    package var isDisabled: Bool?
    /// `.some(nil)` parts it from its connection.
    package var connection: ConnectionID??
    /// Replaces the map of its name.
    package var map: FieldMap?
    /// The name of the map that goes.
    package var mapRemoved: String?

    package struct Authentication: Sendable, Hashable {
        package var credential: StoredCredential
        package var check: CredentialCheck

        package init(credential: StoredCredential, check: CredentialCheck) {
            self.credential = credential
            self.check = check
        }
    }

    package init(
        name: String? = nil, tags: [String]? = nil, dropsNulls: Bool? = nil,
        authentication: Authentication? = nil, isDisabled: Bool? = nil,
        connection: ConnectionID?? = nil, map: FieldMap? = nil, mapRemoved: String? = nil
    ) {
        self.name = name
        self.tags = tags
        self.dropsNulls = dropsNulls
        self.authentication = authentication
        self.isDisabled = isDisabled
        self.connection = connection
        self.map = map
        self.mapRemoved = mapRemoved
    }
}

extension ElementInstance {
    /// - Returns: what the audit log says; `nil` if nothing is new.
    package mutating func apply(_ edit: InstanceEdit, at now: Timestamp) throws(Failure)
        -> AuditNote?
    {
        let before = self
        name = edit.name ?? name
        tags = edit.tags ?? tags
        dropsNulls = edit.dropsNulls ?? dropsNulls
        if let new = edit.authentication {
            credential = new.credential
            check = new.check
        }
        isDisabled = edit.isDisabled ?? isDisabled
        if let new = edit.connection { connection = new }
        if let map = edit.map {
            maps.removeAll { $0.name == map.name }
            maps.append(map)
        }
        if let removed = edit.mapRemoved { maps.removeAll { $0.name == removed } }
        guard maps.count <= Limits.fieldMapsMax else {
            throw Failure(
                .conflict, "An instance has at most \(Limits.fieldMapsMax) transformations.")
        }
        guard self != before else { return nil }
        updatedAt = now
        let changes = [
            name == before.name ? nil : "name", tags == before.tags ? nil : "tags",
            dropsNulls == before.dropsNulls ? nil : "filter.response.nulls",
            credential == before.credential ? nil : "credential",
            isDisabled == before.isDisabled ? nil : isDisabled ? "disabled" : "enabled",
            connection == before.connection ? nil : "connection",
            maps == before.maps ? nil : "transformations",
        ].compactMap(\.self)
        return changes.isEmpty ? nil : AuditNote(.instanceChanged, changes)
    }
}

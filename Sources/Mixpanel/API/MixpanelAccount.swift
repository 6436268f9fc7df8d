package import Audiences

/// A service account as Mixpanel knows it.
package struct MixpanelAccount: Sendable, Hashable {
    /// The region that knew the account; a project may still be in another one.
    package var region: MixpanelRegion
    /// In the order of their names, then of their ids; at least one.
    package var projects: [FoundProject]
    /// Whether there are more than ``MixpanelLimits/projectsMax``.
    package var isCut: Bool

    package init(region: MixpanelRegion, projects: [FoundProject], isCut: Bool = false) {
        self.region = region
        self.projects = projects
        self.isCut = isCut
    }
}

/// A project that a service account can see.
package struct FoundProject: Sendable, Hashable {
    package var id: ExternalID
    /// Empty if Mixpanel does not tell.
    package var name: String
    /// The name of its organisation.
    package var organization: String?
    /// From the project's own domain, or the account's if it has none; `nil` for a domain that
    /// means no region we know, so that a person must be asked.
    package var region: MixpanelRegion?
    /// `owner`, `admin`, `analyst`, `consumer`.
    package var role: String?
    package var permissions: [String]

    package init(
        id: ExternalID, name: String, organization: String? = nil, region: MixpanelRegion?,
        role: String? = nil, permissions: [String] = []
    ) {
        self.id = id
        self.name = name
        self.organization = organization
        self.region = region
        self.role = role
        self.permissions = permissions
    }
}

/// The outbound half of a connection: the account with which Muster calls Mixpanel, and what is
/// known about it (docs.mixpanel.com/reference/service-accounts).
package struct ServiceAccount: Sendable, Hashable {
    package var username: String
    /// Encrypted, for it has to be replayed to Mixpanel; never shown to anybody.
    package var secret: SealedSecret
    package var status: Status
    /// One sentence that says what to do; `nil` while there is nothing to do.
    package var message: String?
    /// What the account could see when it was last checked, at most
    /// ``Limits/listedProjectsMax``.
    package var projects: [MixpanelProject]
    /// The one that the connection is about; `nil` until it is known or chosen.
    package var project: MixpanelProject?
    /// When Mixpanel was last asked about the account.
    package var checkedAt: Timestamp

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case connected
        /// The account is good and sees several projects, or Mixpanel does not tell which:
        /// somebody has to choose.
        case needsProject = "needs_project"
        /// Mixpanel does not accept the username or the secret, or lets the account do nothing.
        case rejected
        /// The account was valid, until its own expiry date.
        case expired
        /// Nobody answered, or something that is not Mixpanel did.
        case unreachable
    }

    package init(
        username: String, secret: SealedSecret, status: Status, message: String? = nil,
        projects: [MixpanelProject] = [], project: MixpanelProject? = nil, checkedAt: Timestamp
    ) {
        self.username = username
        self.secret = secret
        self.status = status
        self.message = message
        self.projects = projects
        self.project = project
        self.checkedAt = checkedAt
    }
}

/// A project that a service account can see.
package struct MixpanelProject: Sendable, Hashable {
    package var id: ExternalID
    /// Cut to ``Limits/nameCharactersMax``; `nil` if Mixpanel did not say.
    package var name: String?
    /// Where its data live; `nil` if its domain is none we know.
    package var region: MixpanelRegion?

    package init(id: ExternalID, name: String? = nil, region: MixpanelRegion? = nil) {
        self.id = id
        self.name = name
        self.region = region
    }
}

/// One of Mixpanel's clusters; a project lives in exactly one, for ever.
package enum MixpanelRegion: String, Sendable, Hashable, CaseIterable {
    case us
    case eu
    case india = "in"
}

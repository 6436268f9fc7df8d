package import Audiences

/// Who calls Mixpanel for the people and events of one project, and where that project lives.
package struct ProjectAccess: Sendable {
    package enum Caller: Sendable {
        case account(ServiceCredential, project: ExternalID)
        /// The secret says which project is meant.
        case secret(ProjectSecret)
        /// Good for ``MixpanelAPI/importEvents(_:as:)`` only: Mixpanel shows nothing for it.
        case token(ProjectToken)
    }

    package var caller: Caller
    package var region: MixpanelRegion
    /// What Mixpanel's quota is counted for: the project, or something that stands for it where
    /// only its secret is known; never the secret.
    package var quota: MixpanelProject

    package init(_ caller: Caller, in region: MixpanelRegion, quota: MixpanelProject) {
        self.caller = caller
        self.region = region
        self.quota = quota
    }

    /// The value of `Authorization`.
    var authorization: String {
        switch caller {
        case .account(let credential, _): credential.authorization
        case .secret(let secret): secret.authorization
        case .token(let token): token.authorization
        }
    }

    /// What the query must say of the project.
    var projectFields: [(name: String, value: [UInt8])] {
        guard case .account(_, let project) = caller else { return [] }
        return [("project_id", Array(project.text.utf8))]
    }
}

/// A project's API secret: whoever holds it may read all its data.
///
/// It goes into a Basic header as the username, without a password
/// (docs.mixpanel.com/reference/project-secret), and is never printed.
package struct ProjectSecret: Sendable {
    let text: String

    /// The day from which Mixpanel takes no project secret any more
    /// (docs.mixpanel.com/reference/project-secret).
    package static let endDay = "2027-03-03"

    /// For whoever still uses one.
    package static let warning =
        "Mixpanel ends authentication by project secret on 3 March 2027: use a service account."

    /// `nil` unless it can stand in a Basic header as the username.
    package init?(_ text: String) {
        guard ServiceCredential.canBeUsername(text) else { return nil }
        self.text = text
    }

    var authorization: String { "Basic " + Base64.encode(Array(text.utf8) + [UInt8(ascii: ":")]) }
}

extension ProjectSecret: CustomStringConvertible, CustomReflectable {
    package var description: String { "project secret ***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A project's token: names the project to which people and events are written.
///
/// Mixpanel's SDKs carry it into every browser, so it is no secret; but it lets its holder write.
package struct ProjectToken: Sendable, Hashable {
    package let text: String

    /// `nil` unless it can stand in a Basic header as the username.
    package init?(_ text: String) {
        guard ServiceCredential.canBeUsername(text) else { return nil }
        self.text = text
    }

    /// For `/import`, which takes it instead of a service account.
    var authorization: String { "Basic " + Base64.encode(Array(text.utf8) + [UInt8(ascii: ":")]) }
}

extension DiscoveryFailure {
    /// As ``message``, about a project's secret.
    package var secretMessage: String {
        switch reason {
        case .badCredentials, .noSuchProject:
            "No region of Mixpanel accepts this API secret: copy it again from the project's "
                + "settings."
        case .expired:
            "Mixpanel does not take this API secret any more: use a service account."
        case .scopeMissing, .noProjects, .forbidden, .unreachable, .mixed: message
        }
    }
}

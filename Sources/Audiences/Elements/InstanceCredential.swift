/// What an instance calls Mixpanel with, in clear: only while it is used.
///
/// Three kinds in two forms: the project's API secret, alone as `username`; or a service account,
/// whose secret is `password`. A project token may stand beside either: writes need it.
package struct InstanceCredential: Sendable {
    package var username: String
    /// `nil` if ``username`` is the API secret of a project.
    package var password: String?
    package var projectToken: String?
    package var project: ExternalID?
    package var region: MixpanelRegion?

    package init(
        username: String, password: String? = nil, projectToken: String? = nil,
        project: ExternalID? = nil, region: MixpanelRegion? = nil
    ) {
        self.username = username
        self.password = password
        self.projectToken = projectToken
        self.project = project
        self.region = region
    }

    package var kind: StoredCredential.Kind {
        password == nil ? .projectSecret : .serviceAccount
    }

    /// Longest of the three texts, in bytes: each goes into one header field or one JSON string.
    package static let textBytesMax = 512

    /// Throws `invalid` unless every text could be what it says it is.
    package func validate() throws(Failure) {
        for (key, text) in [
            ("username", username), ("password", password), ("project_token", projectToken),
        ] {
            guard let text else { continue }
            guard (1...Self.textBytesMax).contains(text.utf8.count),
                text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else {
                throw Failure(
                    .invalid,
                    "configuration.\(key) must be 1 to \(Self.textBytesMax) bytes without controls."
                )
            }
        }
        guard !username.utf8.contains(UInt8(ascii: ":")) else {
            throw Failure(.invalid, "configuration.username may have no colon.")
        }
    }
}

extension InstanceCredential: CustomStringConvertible, CustomReflectable {
    package var description: String { "instance credential ***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What is stored of a credential: the secret part sealed, and what may be shown.
package struct StoredCredential: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Mixpanel ends it on 3 March 2027 (docs.mixpanel.com/reference/project-secret).
        case projectSecret = "project_secret"
        case serviceAccount = "service_account"
    }

    package var kind: Kind
    /// The three secret texts.
    package var sealed: SealedSecret
    /// The name of the service account, which is no secret; `nil` for an API secret.
    package var account: String?
    package var hasProjectToken: Bool
    package var project: ExternalID?
    package var region: MixpanelRegion?

    package init(
        kind: Kind, sealed: SealedSecret, account: String?, hasProjectToken: Bool,
        project: ExternalID?, region: MixpanelRegion?
    ) {
        self.kind = kind
        self.sealed = sealed
        self.account = account
        self.hasProjectToken = hasProjectToken
        self.project = project
        self.region = region
    }

    /// - Parameters:
    ///   - plain: what to store; valid.
    ///   - context: ``ElementInstance/sealingContext``.
    ///   - sealing: under the operator's key.
    /// - Throws: what ``Sealing`` throws.
    package init(
        _ plain: InstanceCredential, for context: String, by sealing: Sealing
    ) throws(Failure) {
        // None of the three has a line feed.
        let text = [plain.username, plain.password ?? "", plain.projectToken ?? ""]
            .joined(separator: "\n")
        self.init(
            kind: plain.kind, sealed: try sealing.seal(Array(text.utf8), context),
            account: plain.kind == .serviceAccount ? plain.username : nil,
            hasProjectToken: plain.projectToken != nil, project: plain.project,
            region: plain.region)
    }

    package func open(
        for context: String, by sealing: Sealing
    ) throws(Failure) -> InstanceCredential {
        let parts = try sealing.open(sealed, context)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3 else {
            throw Failure(
                .internal, "The instance can't be used: authenticate it again.",
                detail: "a sealed credential has not three parts")
        }
        return InstanceCredential(
            username: parts[0], password: kind == .serviceAccount ? parts[1] : nil,
            projectToken: parts[2].isEmpty ? nil : parts[2], project: project, region: region)
    }
}

package import Audiences

/// Connects service accounts: asks Mixpanel who an account is, finds the project and its region,
/// and keeps in one sentence what a person has to do.
///
/// ``connect(username:secret:project:for:)``, ``choose(_:for:of:)`` and ``verify(_:of:)`` store
/// nothing: what they return is for ``ConnectionStore``, together with who asked for it.
package struct ServiceAccounts: Sendable {
    let mixpanel: MixpanelAPI
    let connections: any ConnectionStore
    let quota: any Audiences.QueryQuota
    private let sealing: Sealing
    let now: @Sendable () -> Timestamp

    package init(
        mixpanel: MixpanelAPI, connections: any ConnectionStore, quota: any Audiences.QueryQuota,
        sealing: Sealing, now: @escaping @Sendable () -> Timestamp
    ) {
        self.mixpanel = mixpanel
        self.connections = connections
        self.quota = quota
        self.sealing = sealing
        self.now = now
    }

    /// Makes an account of a username and a secret, whatever Mixpanel says of them:
    /// ``ServiceAccount/status`` and ``ServiceAccount/message`` tell.
    ///
    /// Takes up to 15 s, for each region may take 5 s to answer.
    ///
    /// - Parameters:
    ///   - username: as Mixpanel shows it.
    ///   - secret: in UTF-8; it is sealed for this connection.
    ///   - project: an id entered by hand; without it the project is chosen if there is only one.
    ///   - connection: to which the account is about to belong.
    /// - Returns: the account, for ``ConnectionStore``.
    /// - Throws: `invalid` if the two can't be credentials; what ``Sealing`` throws.
    package func connect(
        username: String, secret: [UInt8], project: ExternalID? = nil,
        for connection: ConnectionID
    ) async throws(Failure) -> ServiceAccount {
        guard let credential = ServiceCredential(username: username, secret: secret) else {
            throw Failure(
                .invalid,
                "username and secret must be those of a service account: 1 to "
                    + "\(MixpanelLimits.credentialBytesMax) bytes without controls, and no colon "
                    + "in the username.")
        }
        let account = ServiceAccount(
            username: username, secret: try sealing.seal(secret, connection.text),
            status: .unreachable, project: project.map { MixpanelProject(id: $0) },
            checkedAt: now())
        var answered = try await asked(account, credential)
        // Whoever replaces the key waits for seconds only, and the regions may take longer: what
        // is stored now must not be sealed under a key that is gone.
        if !sealing.isCurrent(answered.secret) {
            answered.secret = try sealing.seal(secret, connection.text)
        }
        return answered
    }

    /// Chooses the project that the connection is about.
    ///
    /// One of ``ServiceAccount/projects`` is taken as it is; any other id, and one whose region is
    /// not known, is proved by asking Mixpanel for its cohorts.
    ///
    /// - Throws: with Mixpanel's reason, `conflict` if the account can't use the project, and
    ///   `unavailable` if nobody could say; then the account stays as it was.
    package func choose(
        _ project: ExternalID, for account: ServiceAccount, of connection: ConnectionID
    ) async throws(Failure) -> ServiceAccount {
        let listed = account.projects.first { $0.id == project }
        let isGood = account.status == .connected || account.status == .needsProject
        if let listed, listed.region != nil, isGood {
            return account.connected(to: listed)
        }
        var candidate = account
        candidate.project = listed ?? MixpanelProject(id: project)
        let answer = try await verify(candidate, of: connection)
        guard answer.status == .connected else {
            throw Failure(
                answer.status == .unreachable ? .unavailable : .conflict,
                answer.message ?? "The service account can't use this project.")
        }
        return answer
    }

    /// Asks Mixpanel again about an account.
    ///
    /// Its project stays unless Mixpanel says that the account can't see it any more: while nobody
    /// answers, it is ``ServiceAccount/Status/unreachable`` and keeps the project it had.
    ///
    /// - Throws: what ``Sealing`` throws.
    package func verify(
        _ account: ServiceAccount, of connection: ConnectionID
    ) async throws(Failure) -> ServiceAccount {
        try await asked(account, credential(of: account, connection))
    }

    /// What is needed to call Mixpanel for a connection.
    ///
    /// An account that was unreachable is tried again.
    ///
    /// - Throws: `conflict`, saying what to do, unless there is an account with a project.
    package func access(to connection: Connection) throws(Failure) -> MixpanelAccess {
        guard let account = connection.serviceAccount else {
            throw Failure(
                .conflict,
                "The connection has no service account: set its username and secret first.")
        }
        let isUsable = account.status == .connected || account.status == .unreachable
        guard isUsable, let project = account.project, let region = project.region else {
            throw Failure(
                .conflict, account.message ?? "The service account has no project: choose one.")
        }
        return MixpanelAccess(
            project: project, region: region,
            credential: try credential(of: account, connection.id))
    }

    private func credential(
        of account: ServiceAccount, _ connection: ConnectionID
    ) throws(Failure) -> ServiceCredential {
        let secret = try sealing.open(account.secret, connection.text)
        guard let credential = ServiceCredential(username: account.username, secret: secret)
        else {
            throw Failure(
                .internal, "The service account can't be used: enter username and secret again.",
                detail: "a sealed secret holds no credential")
        }
        return credential
    }
}

/// Who calls Mixpanel, and about which project.
package struct MixpanelAccess: Sendable {
    package let project: MixpanelProject
    package let region: MixpanelRegion
    package let credential: ServiceCredential
}

extension ServiceAccounts {
    /// As ``access(to:)``, to ask about the cohort of an audience.
    ///
    /// - Throws: also `conflict` if the audience belongs to another project than the account's.
    package func access(
        to connection: Connection, for audience: Audience
    ) throws(Failure) -> MixpanelAccess {
        let access = try access(to: connection)
        guard audience.cohort.projectID == access.project.id else {
            let project = audience.cohort.projectID.map { "of project \($0.text)" }
            throw Failure(
                .conflict,
                "The audience's cohort is \(project ?? "of a project that no page named"), and "
                    + "the service account is connected to project \(access.project.id.text).")
        }
        return access
    }
}

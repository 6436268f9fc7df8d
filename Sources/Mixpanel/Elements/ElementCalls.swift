package import Audiences

/// Calls Mixpanel for element instances: opens their credentials, keeps to the quota, and notes on
/// an instance what Mixpanel says of its credential.
package struct ElementCalls: Sendable {
    let accounts: ServiceAccounts
    let metered: MeteredMixpanel
    let instances: any InstanceStore
    let sealing: Sealing
    let secrets: Secrets
    let now: @Sendable () -> Timestamp

    /// The ports are those of one store.
    package init(
        accounts: ServiceAccounts, instances: any InstanceStore, sealing: Sealing, secrets: Secrets
    ) {
        self.accounts = accounts
        metered = MeteredMixpanel(accounts.mixpanel, quota: accounts.quota, now: accounts.now)
        self.instances = instances
        self.sealing = sealing
        self.secrets = secrets
        now = accounts.now
    }

    // MARK: Checking

    /// Asks Mixpanel about a credential, in one cheap call a region.
    ///
    /// - Parameter credential: valid.
    /// - Returns: the credential with the region, and for an account the project, that was found;
    ///   and what Mixpanel said.
    /// - Throws: the store's trouble only.
    package func check(
        _ credential: InstanceCredential
    ) async throws(Failure) -> (InstanceCredential, CredentialCheck) {
        guard let password = credential.password else { return try await checkSecret(credential) }
        // Nothing of it is stored: the account is asked about, and its sealed secret thrown away.
        let account = try await accounts.connect(
            username: credential.username, secret: Array(password.utf8),
            project: credential.project, for: ConnectionID(unchecked: "conn_none"))
        var found = credential
        if account.status == .connected {
            found.project = account.project?.id
            found.region = account.project?.region
        }
        let isValid = account.status == .connected && found.region != nil
        return (
            found,
            CredentialCheck(
                isValid: isValid, message: isValid ? nil : account.instanceMessage, at: now())
        )
    }

    private func checkSecret(
        _ credential: InstanceCredential
    ) async throws(Failure) -> (InstanceCredential, CredentialCheck) {
        guard let secret = ProjectSecret(credential.username) else {
            return (credential, CredentialCheck(isValid: false, message: "This is no API secret."))
        }
        var found = credential
        do {
            found.region = try await metered.check(
                .secret(secret), in: credential.region, quota: quota(of: credential))
            return (found, CredentialCheck(isValid: true, at: now()))
        } catch let failure as Failure {
            throw failure
        } catch {
            let message =
                switch error {
                case let refusal as DiscoveryFailure: refusal.secretMessage
                case let busy as MixpanelBusy: busy.message
                default: "Mixpanel could not be asked."
                }
            return (found, CredentialCheck(isValid: false, message: message, at: now()))
        }
    }

    /// What the quota is counted for: never the secret.
    private func quota(of credential: InstanceCredential) throws(Failure) -> MixpanelProject {
        if let project = credential.project {
            return MixpanelProject(id: project, region: credential.region)
        }
        let digest: String
        do {
            digest = try secrets.digest(of: Array("quota \(credential.username)".utf8))
        } catch {
            throw Failure(.internal, "Something went wrong.", detail: "no digest")
        }
        guard let id = ExternalID("secret:" + digest.prefix(32)) else {
            throw Failure(.internal, "Something went wrong.", detail: "no id")
        }
        return MixpanelProject(id: id, region: credential.region)
    }

    /// The credential of an instance, in clear.
    package func credential(
        of instance: ElementInstance
    ) throws(Failure) -> InstanceCredential {
        try instance.credential.open(for: instance.sealingContext, by: sealing)
    }

    // MARK: Using

    /// Runs `body` with what it takes to call Mixpanel for an instance.
    ///
    /// - Throws: ``ProviderError``, ``MixpanelBusy``, ``InstanceUnusable``, `Failure`.
    package func using<Answer>(
        _ instance: ElementInstance, _ body: (InstanceAccess) async throws -> Answer
    ) async throws -> Answer {
        let (access, instance) = try await access(of: instance)
        do {
            let answer = try await body(access)
            if !instance.check.isValid {
                try await note(CredentialCheck(isValid: true, at: now()), of: instance)
            }
            return answer
        } catch let error as ProviderError {
            if error.reason == .credentials || error.reason == .expired {
                let check = CredentialCheck(isValid: false, message: error.message, at: now())
                try await note(check, of: instance)
            }
            throw error
        }
    }

    private func note(
        _ check: CredentialCheck, of instance: ElementInstance
    ) async throws(Failure) {
        try await instances.note(check, of: instance.id, having: instance.credential.sealed)
    }

    /// An instance that was made without asking Mixpanel is asked about now.
    private func access(
        of instance: ElementInstance
    ) async throws -> (InstanceAccess, ElementInstance) {
        let context = instance.sealingContext
        var (known, instance) = (instance, instance)
        var credential = try known.credential.open(for: context, by: sealing)
        if credential.region == nil || (credential.kind == .serviceAccount && known.isProjectless) {
            let (found, check) = try await check(credential)
            guard check.isValid else {
                try await note(check, of: instance)
                throw InstanceUnusable(message: check.message ?? "The credential can't be used.")
            }
            credential = found
            let edit = InstanceEdit(
                authentication: .init(
                    credential: try StoredCredential(found, for: context, by: sealing),
                    check: check))
            known = try await instances.update(
                instance.id, of: instance.organization, with: edit, at: now(),
                for: Operation(by: .server))
            instance = known
        }
        guard let access = try InstanceAccess(credential, quota: quota(of: credential), metered)
        else { throw InstanceUnusable(message: "The credential can't be used.") }
        return (access, instance)
    }
}

extension ElementInstance {
    fileprivate var isProjectless: Bool { credential.project == nil }
}

extension ServiceAccount {
    /// What to do, in the words of the element API.
    fileprivate var instanceMessage: String {
        guard status == .needsProject, !projects.isEmpty else {
            return message ?? "The service account can't be used."
        }
        let ids = projects.prefix(20).map(\.id.text).joined(separator: ", ")
        return "The service account can see several projects: set configuration.project_id to one "
            + "of \(ids)."
    }
}

/// An instance's own credential does not do; Mixpanel was asked, or there is nothing to ask with.
package struct InstanceUnusable: Error, Sendable, Hashable {
    /// One sentence that says what to do.
    package let message: String

    package init(message: String) {
        self.message = message
    }
}

/// What it takes to call Mixpanel for one instance.
package struct InstanceAccess: Sendable {
    let read: ProjectAccess
    let token: ProjectToken?
    private let metered: MeteredMixpanel

    /// `nil` if the texts can't be credentials, or the region is not known.
    init?(
        _ credential: InstanceCredential, quota: MixpanelProject, _ metered: MeteredMixpanel
    ) throws(Failure) {
        guard let region = credential.region else { return nil }
        let caller: ProjectAccess.Caller
        if let password = credential.password {
            let account = ServiceCredential(
                username: credential.username, secret: Array(password.utf8))
            guard let account, let project = credential.project else { return nil }
            caller = .account(account, project: project)
        } else {
            guard let secret = ProjectSecret(credential.username) else { return nil }
            caller = .secret(secret)
        }
        read = ProjectAccess(caller, in: region, quota: quota)
        token = credential.projectToken.flatMap { ProjectToken($0) }
        self.metered = metered
    }

    package func users(_ query: UserQuery) async throws -> UserPage {
        try await metered.users(query, as: read)
    }

    package func topEvents(_ kind: TopEventsKind, limit: Int?) async throws -> [[UInt8]] {
        try await metered.topEvents(kind, limit: limit, as: read)
    }

    func export(
        _ query: ExportQuery, _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Int {
        try await metered.export(query, as: read, take)
    }

    /// By the project token if there is one: an account has to be an administrator for it.
    package func importEvents(_ events: [ImportedEvent]) async throws -> IngestionReport {
        var access = read
        if let token { access.caller = .token(token) }
        return try await metered.importEvents(events, as: access)
    }

    /// - Throws: also ``InstanceUnusable`` without a project token.
    package func update(_ updates: [ProfileUpdate]) async throws -> IngestionReport {
        guard let token else {
            throw InstanceUnusable(
                message: "Mixpanel takes profiles by the project token only: set "
                    + "configuration.project_token.")
        }
        return try await metered.update(updates, of: token, in: read.region)
    }
}

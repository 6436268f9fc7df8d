internal import Audiences

// What Mixpanel says of an account, as its status and one sentence.

extension ServiceAccounts {
    /// The account as Mixpanel knows it now.
    func asked(
        _ account: ServiceAccount, _ credential: ServiceCredential
    ) async throws(Failure) -> ServiceAccount {
        var account = account
        let discovery = await mixpanel.discover(credential)
        account.checkedAt = now()
        switch discovery {
        case .account(let found):
            let all = found.projects.map { MixpanelProject($0) }
            account.projects = Array(all.prefix(Limits.listedProjectsMax))
            let only = found.projects.count == 1 && !found.isCut ? all.first?.id : nil
            guard let wanted = account.project?.id ?? only else {
                return account.waiting(
                    "The service account can see several projects: choose one of them.")
            }
            let listed = all.first { $0.id == wanted }
            if let listed, listed.region != nil { return account.connected(to: listed) }
            account.project = listed ?? account.project
            return try await proved(wanted, account, in: found.region, credential)
        case .failed(let failure):
            if failure.reason == .scopeMissing, let project = account.project {
                return try await proved(project.id, account, in: project.region, credential)
            }
            return account.refused(failure.status, failure.message)
        }
    }

    /// The account after its project was looked for in every region, `region` first.
    ///
    /// It costs one of the project's queries.
    private func proved(
        _ project: ExternalID, _ account: ServiceAccount, in region: MixpanelRegion?,
        _ credential: ServiceCredential
    ) async throws(Failure) -> ServiceAccount {
        var known = account.project ?? MixpanelProject(id: project)
        let query: Int64
        switch try await permit(for: known) {
        case .granted(let number): query = number
        case .notBefore(let moment):
            return account.refused(.unreachable, .quotaUsedUp(until: moment))
        }
        let answer: Result<MixpanelRegion, DiscoveryFailure>
        do throws(DiscoveryFailure) {
            answer = .success(try await mixpanel.check(project, in: region, credential))
        } catch {
            answer = .failure(error)
        }
        try await quota.finish(query, at: now())
        switch answer {
        case .success(let region):
            known.region = region
            return account.connected(to: known)
        case .failure(let failure) where failure.isAboutTheProject:
            var account = account
            account.project = nil
            return account.waiting(failure.message)
        case .failure(let failure):
            return account.refused(failure.status, failure.message)
        }
    }
}

extension ServiceAccounts {
    /// How often a query waits for its second: the project may have other callers.
    private static let pacedAttemptsMax = 4

    /// Asks for leave to send one query to a project.
    ///
    /// That there were too many within a second is waited for; it is no state anybody has to hear
    /// of. What takes longer is the caller's to wait for.
    func permit(for project: MixpanelProject) async throws(Failure) -> QueryPermit {
        for _ in 1..<Self.pacedAttemptsMax {
            let asked = now()
            let permit = try await quota.permit(for: project, at: asked)
            guard case .notBefore(let moment) = permit,
                (0...PacedQuota.second).contains(moment.since(asked)), !Task.isCancelled
            else { return permit }
            try? await Task.sleep(for: .milliseconds(moment.since(asked)))
        }
        return try await quota.permit(for: project, at: now())
    }
}

extension String {
    static func quotaUsedUp(until moment: Timestamp) -> String {
        "Mixpanel answers \(Limits.queriesPerHourMax) queries an hour about a project, "
            + "\(Limits.queriesAtOnceMax) at once and \(MixpanelLimits.callsPerSecondMax) a "
            + "second: the next may be sent at \(moment.rfc3339)."
    }
}

extension ServiceAccount {
    func connected(to project: MixpanelProject) -> ServiceAccount {
        var account = self
        account.project = project
        account.status = .connected
        account.message = nil
        return account
    }

    fileprivate func waiting(_ message: String) -> ServiceAccount {
        refused(.needsProject, message)
    }

    func refused(_ status: Status, _ message: String) -> ServiceAccount {
        var account = self
        account.status = status
        account.message = message
        return account
    }
}

extension DiscoveryFailure {
    /// The account is good, and the project is not among those it can use.
    ///
    /// Refused credentials mean that, too, for they were accepted when asked who they are.
    fileprivate var isAboutTheProject: Bool {
        reason == .noSuchProject || reason == .badCredentials
    }
}

extension MixpanelProject {
    fileprivate init(_ found: FoundProject) {
        let name = String(found.name.prefix(Limits.nameCharactersMax))
        self.init(id: found.id, name: name.isEmpty ? nil : name, region: found.region)
    }
}

package import Audiences

extension MixpanelAPI {
    /// Finds out who a service account is and which projects it can see.
    ///
    /// Asks the US, then the EU, then India, each for ``MixpanelLimits/discoveryTimeout``; the
    /// first answer of the right shape counts, so a proxy's web page never does.
    package func discover(_ credential: ServiceCredential) async -> Discovery {
        var errors: [MixpanelError] = []
        for region in MixpanelRegion.searched {
            do throws(MixpanelError) {
                let account = try await me(in: region, credential)
                return account.projects.isEmpty
                    ? .failed(DiscoveryFailure(reason: .noProjects, errors: errors))
                    : .account(account)
            } catch {
                errors.append(error)
            }
        }
        return .failed(DiscoveryFailure(ofAccount: errors))
    }

    /// Finds the region of a project that somebody entered by hand, and proves by listing its
    /// cohorts that the account can use it.
    ///
    /// That costs one of the project's 60 queries an hour in each region that is asked.
    ///
    /// - Parameters:
    ///   - project: its id.
    ///   - region: where to ask first; the others follow.
    ///   - credential: who asks.
    /// - Returns: the region that has it.
    /// - Throws: ``DiscoveryFailure`` if no region lets it be used.
    package func check(
        _ project: ExternalID, in region: MixpanelRegion? = nil, _ credential: ServiceCredential
    ) async throws(DiscoveryFailure) -> MixpanelRegion {
        try await firstRegion(startingWith: region) { region throws(MixpanelError) in
            _ = try await cohorts(
                of: project, in: region, credential, within: MixpanelLimits.discoveryTimeout)
        }
    }

    /// Finds the region of a project's secret, and proves it by listing the project's cohorts.
    ///
    /// That costs one of the project's 60 queries an hour in each region that is asked.
    ///
    /// - Throws: ``DiscoveryFailure`` if no region accepts it.
    package func check(
        _ secret: ProjectSecret, in region: MixpanelRegion? = nil
    ) async throws(DiscoveryFailure) -> MixpanelRegion {
        try await firstRegion(startingWith: region) { region throws(MixpanelError) in
            let body = try await call(
                .post, "/api/query/cohorts/list", in: region, as: secret.authorization, form: [],
                timeout: MixpanelLimits.discoveryTimeout)
            guard SavedCohort.list(body) != nil else {
                throw MixpanelError(.notMixpanel(.otherText), in: region)
            }
        }
    }

    /// The first region in which `ask` throws nothing.
    private func firstRegion(
        startingWith first: MixpanelRegion?,
        _ ask: (MixpanelRegion) async throws(MixpanelError) -> Void
    ) async throws(DiscoveryFailure) -> MixpanelRegion {
        var errors: [MixpanelError] = []
        let others = MixpanelRegion.searched.filter { $0 != first }
        for region in (first.map { [$0] } ?? []) + others {
            do throws(MixpanelError) {
                try await ask(region)
                return region
            } catch {
                errors.append(error)
                // Only the region that has the project knows its plan.
                if error.reason == .plan { break }
            }
        }
        throw DiscoveryFailure(ofProject: errors)
    }

    private func me(
        in region: MixpanelRegion, _ credential: ServiceCredential
    ) async throws(MixpanelError) -> MixpanelAccount {
        let body = try await call(
            .get, "/api/app/me?include_workspace_users=false", in: region,
            as: credential.authorization,
            timeout: MixpanelLimits.discoveryTimeout)
        guard let answer = MeAnswer(body) else {
            throw MixpanelError(.notMixpanel(.otherText), in: region)
        }
        return answer.account(in: region)
    }
}

extension DiscoveryFailure {
    /// What the refusals of all regions to say who the account is mean together.
    fileprivate init(ofAccount errors: [MixpanelError]) {
        let reasons = errors.map(\.reason)
        let refusals = reasons.count { $0 == .credentials }
        let reason: Reason =
            if reasons.contains(.expired) {
                .expired
            } else if reasons.contains(.forbidden) {
                .scopeMissing
            } else if refusals == reasons.count {
                .badCredentials
            } else {
                refusals == 0 ? .unreachable : .mixed
            }
        self.init(reason: reason, errors: errors)
    }

    /// What the refusals of all regions to list a project's cohorts mean together.
    fileprivate init(ofProject errors: [MixpanelError]) {
        let reasons = errors.map(\.reason)
        let answers = reasons.count(where: \.isDecided)
        let reason: Reason =
            if reasons.contains(.expired) {
                .expired
            } else if reasons.contains(.plan) || reasons.contains(.forbidden) {
                .forbidden
            } else if reasons.allSatisfy({ $0 == .credentials }) {
                .badCredentials
            } else if answers == reasons.count {
                .noSuchProject
            } else {
                answers == 0 ? .unreachable : .mixed
            }
        self.init(reason: reason, errors: errors)
    }
}

extension MixpanelError.Reason {
    /// Whether a region has answered that it does not have what was asked for.
    fileprivate var isDecided: Bool {
        switch self {
        case .credentials, .wrongRegion, .notFound, .refused: true
        case .expired, .forbidden, .plan, .rateLimited, .server, .unreachable, .notMixpanel: false
        }
    }
}

package import Audiences

/// Mixpanel's data calls within its quota, which all callers share: ``PacedQuota``.
///
/// A call that would be too many is not made: ``MixpanelBusy`` says when it may be. After a 429
/// nobody calls for the project for as long as Mixpanel asked.
package struct MeteredMixpanel: Sendable {
    private let api: MixpanelAPI
    private let quota: any QueryQuota
    private let now: @Sendable () -> Timestamp

    package init(
        _ api: MixpanelAPI, quota: any QueryQuota, now: @escaping @Sendable () -> Timestamp
    ) {
        self.api = api
        self.quota = quota
        self.now = now
    }

    /// As ``MixpanelAPI/users(_:as:)``.
    ///
    /// - Throws: also ``MixpanelBusy``, and `Failure` of the store; so do the others.
    package func users(_ query: UserQuery, as access: ProjectAccess) async throws -> UserPage {
        try await metered(access.quota) { try await api.users(query, as: access) }
    }

    /// As ``MixpanelAPI/topEvents(_:limit:as:)``.
    package func topEvents(
        _ kind: TopEventsKind, limit: Int? = nil, as access: ProjectAccess
    ) async throws -> [[UInt8]] {
        try await metered(access.quota) { try await api.topEvents(kind, limit: limit, as: access) }
    }

    /// As ``MixpanelAPI/export(_:as:_:)``.
    ///
    /// Mixpanel counts exports apart from queries.
    package func export(
        _ query: ExportQuery, as access: ProjectAccess,
        _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Int {
        try await metered(access.quota.exports) {
            try await api.export(query, as: access, take)
        }
    }

    /// As ``MixpanelAPI/importEvents(_:as:)``, which has no such quota: a 429 of it keeps nobody
    /// else off.
    package func importEvents(
        _ events: [ImportedEvent], as access: ProjectAccess
    ) async throws(ProviderError) -> IngestionReport {
        try await api.importEvents(events, as: access)
    }

    /// As ``MixpanelAPI/update(_:of:in:)``, without such a quota.
    package func update(
        _ updates: [ProfileUpdate], of token: ProjectToken, in region: MixpanelRegion
    ) async throws(ProviderError) -> IngestionReport {
        try await api.update(updates, of: token, in: region)
    }

    /// Finds the region of who calls, and proves that Mixpanel lets them.
    ///
    /// A token can't be proved: any is accepted, and what is sent to it vanishes.
    ///
    /// - Parameters:
    ///   - caller: an account or a secret.
    ///   - region: where to ask first; the others follow.
    ///   - project: what the quota is counted for.
    /// - Returns: the region that accepts them.
    /// - Throws: ``DiscoveryFailure`` if no region accepts them; ``MixpanelBusy``; `Failure`.
    package func check(
        _ caller: ProjectAccess.Caller, in region: MixpanelRegion? = nil,
        quota project: MixpanelProject
    ) async throws -> MixpanelRegion {
        try await metered(project) {
            switch caller {
            case .account(let credential, let id):
                try await api.check(id, in: region, credential)
            case .secret(let secret): try await api.check(secret, in: region)
            case .token: throw Failure(.invalid, "A project token can't be checked.")
            }
        }
    }

    private func metered<Answer>(
        _ project: MixpanelProject, _ call: () async throws -> Answer
    ) async throws -> Answer {
        let query: Int64
        switch try await quota.permit(for: project, at: now()) {
        case .granted(let number): query = number
        case .notBefore(let moment):
            throw MixpanelBusy(
                message: .quotaUsedUp(until: moment), wait: moment.since(now()))
        }
        let answer: Result<Answer, any Error>
        do {
            answer = .success(try await call())
        } catch {
            answer = .failure(error)
        }
        try await quota.finish(query, at: now())
        if case .failure(let error as ProviderError) = answer, case .rateLimited = error.reason {
            let end = now().milliseconds + error.error.waitMilliseconds
            try await quota.pause(project, until: Timestamp(milliseconds: end))
        }
        return try answer.get()
    }
}

extension MixpanelProject {
    /// What exports are counted for.
    fileprivate var exports: MixpanelProject {
        MixpanelProject(id: ExternalID("export:" + id.text) ?? id, region: region)
    }
}

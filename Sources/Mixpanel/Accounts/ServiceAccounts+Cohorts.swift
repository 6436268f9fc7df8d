package import Audiences

extension ServiceAccounts {
    /// The cohorts saved in a connection's project; one query of its quota.
    ///
    /// - Throws: `Failure` as ``access(to:)`` and with Mixpanel's reason; ``MixpanelBusy`` if it
    ///   can be asked again later.
    package func cohorts(of connection: Connection) async throws -> [SavedCohort] {
        let access = try access(to: connection)
        let query: Int64
        switch try await permit(for: access.project) {
        case .granted(let number): query = number
        case .notBefore(let moment):
            throw MixpanelBusy(
                message: .quotaUsedUp(until: moment), wait: moment.since(now()))
        }
        let answer: Result<[SavedCohort], MixpanelError>
        do throws(MixpanelError) {
            answer = .success(
                try await mixpanel.cohorts(
                    of: access.project.id, in: access.region, access.credential))
        } catch {
            answer = .failure(error)
        }
        try await quota.finish(query, at: now())
        switch answer {
        case .success(let cohorts):
            try await noteAnswer(for: connection)
            return cohorts
        case .failure(let error):
            try await note(error, for: connection)
            guard error.isPassing else { throw Failure(.conflict, error.message) }
            try await pause(after: error, for: access.project)
            throw MixpanelBusy(message: error.message, wait: error.waitMilliseconds)
        }
    }

    /// Keeps everybody off a project for as long as Mixpanel asked for.
    func pause(
        after error: MixpanelError, for project: MixpanelProject
    ) async throws(Failure) {
        guard case .rateLimited = error.reason else { return }
        let end = now().milliseconds + error.waitMilliseconds
        try await quota.pause(project, until: Timestamp(milliseconds: end))
    }

    /// Notes on the account what a refusal says about it, so that everybody sees it.
    func note(_ error: MixpanelError, for connection: Connection) async throws(Failure) {
        guard let account = connection.serviceAccount else { return }
        var refused: ServiceAccount
        switch error.reason {
        case .credentials: refused = account.refused(.rejected, error.message)
        case .expired: refused = account.refused(.expired, error.message)
        case .wrongRegion(let other):
            refused = account.refused(.needsProject, error.message)
            refused.lookFor(account.project, in: other)
        default: return
        }
        try await keep(refused, of: connection)
    }

    /// An account that was unreachable has answered.
    func noteAnswer(for connection: Connection) async throws(Failure) {
        guard let account = connection.serviceAccount, account.status == .unreachable,
            let project = account.project
        else { return }
        try await keep(account.connected(to: project), of: connection)
    }

    /// Unless somebody has changed the account since `connection` was read.
    private func keep(
        _ account: ServiceAccount, of connection: Connection
    ) async throws(Failure) {
        let current = try await connections.connection(connection.id)
        guard current?.serviceAccount == connection.serviceAccount else { return }
        var account = account
        account.checkedAt = now()
        do throws(Failure) {
            _ = try await connections.refresh(
                account, of: connection.id, at: now(), for: Operation(by: .server))
        } catch {
            // Changed, or deleted, in this very moment.
            guard error.code == .conflict || error.code == .notFound else { throw error }
        }
    }
}

extension ServiceAccount {
    /// Corrects the region of a project, so that choosing it again asks Mixpanel unless the
    /// region is known.
    fileprivate mutating func lookFor(
        _ project: MixpanelProject?, in region: MixpanelRegion?
    ) {
        self.project = nil
        for index in projects.indices where projects[index].id == project?.id {
            projects[index].region = region
        }
    }
}

extension MixpanelError {
    /// How long to leave Mixpanel alone after an error that passes.
    var waitMilliseconds: Int64 {
        switch reason {
        case .rateLimited(let wait?): max(1000, wait.components.seconds * 1000)
        case .rateLimited(nil): AccountLimits.pauseMilliseconds
        default: AccountLimits.troubleMilliseconds
        }
    }
}

package enum AccountLimits {
    /// How long a project is left alone after a 429 that does not say: a twelfth of the hour the
    /// quota is about.
    package static let pauseMilliseconds: Int64 = 5 * 60 * 1000

    /// How long a server in trouble, or out of reach, is left alone: most outages are short.
    package static let troubleMilliseconds: Int64 = 60 * 1000
}

/// Mixpanel can't answer now; the same call may succeed later.
package struct MixpanelBusy: Error, Sendable, Hashable {
    /// One sentence.
    package let message: String
    /// When to come back, in seconds from now: at least 1.
    package let retryAfterSeconds: Int

    init(message: String, wait milliseconds: Int64) {
        self.message = message
        retryAfterSeconds = Int(clamping: max(1, (max(0, milliseconds) + 999) / 1000))
    }
}

/// A cohort saved at Mixpanel, and the audience it feeds if a sync is set up for it.
package struct FeedingCohort: Sendable, Hashable {
    package let cohort: SavedCohort
    package let audience: Audience?

    package init(cohort: SavedCohort, audience: Audience?) {
        self.cohort = cohort
        self.audience = audience
    }
}

extension ServiceAccounts {
    /// As ``cohorts(of:)``, each beside its audience.
    package func savedCohorts(
        of connection: Connection, in store: any AudienceStore
    ) async throws -> [FeedingCohort] {
        let cohorts = try await cohorts(of: connection)
        var audiences: [ExternalID: Audience] = [:]
        let filter = AudienceFilter(
            connection: connection.id, project: connection.serviceAccount?.project?.id)
        var range = ListRange(limit: Limits.listItemsMax)
        repeat {
            let page = try await store.audiences(matching: filter, range)
            for audience in page.items { audiences[audience.cohort.cohortID] = audience }
            range.after = page.next
        } while range.after != nil
        return cohorts.map { FeedingCohort(cohort: $0, audience: audiences[$0.id]) }
    }
}

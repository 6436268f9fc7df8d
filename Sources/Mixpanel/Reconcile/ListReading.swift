internal import Audiences

/// Reads Mixpanel's list of a cohort, a query a page, from where it was left.
struct ListReading {
    let reconciler: Reconciler
    let access: MixpanelAccess
    let audience: Audience
    let connection: Connection

    private var accounts: ServiceAccounts { reconciler.accounts }

    private var query: EngageQuery {
        EngageQuery(
            project: access.project.id, region: access.region, cohort: audience.cohort.cohortID,
            referenceProperty: connection.referenceProperty)
    }

    /// Reads to the end of the list.
    ///
    /// That all of it was read is kept as pages without the name of a query.
    func read(_ claimed: Reconciliation) async throws(Stop) -> Reconciliation {
        var current = claimed
        while current.progress.pagesRead == 0 || current.progress.queryID != nil {
            try reconciler.goOn()
            var query = query
            if let session = current.progress.queryID {
                query = query.asking(forPage: current.progress.pagesRead, of: session)
            }
            switch try await ask(query) {
            case .success(let page): current = try await keep(page, of: current)
            case .failure(let error) where error.forgetsTheQuery && query.page > 0:
                current = try await restart(current)
            case .failure(let error): throw try await stop(after: error)
            }
        }
        return current
    }

    /// How many people are in the cohort and not on the list, for want of a profile; `nil` if
    /// Mixpanel does not say.
    ///
    /// Only a number in a report: no trouble with it ends anything.
    func countUnexported(beside read: Reconciliation) async throws(Stop) -> Int? {
        var query = query
        query.includesAllUsers = true
        let page: EngagePage
        do throws(Stop) {
            guard case .success(let answer) = try await ask(query) else { return nil }
            page = answer
        } catch {
            if case .wait = error { return nil }
            throw error
        }
        let names = Set(page.members.map(\.distinctID)).count
        let all: Int?
        if page.next == .end {
            all = names
        } else {
            // Some say that this is the number of people on the page.
            all = page.total.flatMap { $0 > names ? $0 : nil }
        }
        return all.map { max(0, $0 - read.progress.peopleRead) }
    }

    // MARK: One page

    private func ask(
        _ query: EngageQuery
    ) async throws(Stop) -> Result<EngagePage, MixpanelError> {
        let number: Int64
        let permit = try await reconciler.stopping { () async throws(Failure) in
            try await accounts.permit(for: access.project)
        }
        switch permit {
        case .granted(let query): number = query
        case .notBefore(let moment):
            throw .wait(.quotaUsedUp(until: moment), until: moment)
        }
        let answer: Result<EngagePage, MixpanelError>
        do throws(MixpanelError) {
            answer = .success(try await accounts.mixpanel.engage(query, access.credential))
        } catch {
            answer = .failure(error)
        }
        try await reconciler.stopping { () async throws(Failure) in
            try await accounts.quota.finish(number, at: reconciler.now())
        }
        return answer
    }

    private func keep(
        _ page: EngagePage, of current: Reconciliation
    ) async throws(Stop) -> Reconciliation {
        var progress = current.progress
        progress.pagesRead += 1
        progress.peopleTotal = [progress.peopleTotal, page.total].compactMap(\.self).max()
        switch page.next {
        case .end: progress.queryID = nil
        case .page(let next): progress.queryID = next.sessionID
        case .lost:
            throw .fail(
                "Mixpanel's list broke off on page \(progress.pagesRead), so nobody can say who "
                    + "is not on it: try again later.")
        }
        let kept = progress
        return try await reconciler.stopping { () async throws(Failure) in
            try await reconciler.reconciliations.keep(
                page.members, progress: kept, of: current.id, by: reconciler.worker,
                until: reconciler.leaseEnd)
        }
    }

    /// Begins at the top, because Mixpanel does not know the query any more.
    private func restart(_ current: Reconciliation) async throws(Stop) -> Reconciliation {
        guard current.progress.restarts < Reconciler.restartsMax else {
            throw .fail(
                "Mixpanel forgets its list before it can be read to the end, at "
                    + "\(Limits.queriesPerHourMax) pages an hour.")
        }
        return try await reconciler.stopping { () async throws(Failure) in
            try await reconciler.reconciliations.restart(
                current.id, by: reconciler.worker, until: reconciler.leaseEnd,
                at: reconciler.now())
        }
    }

    /// What to do about a refusal: wait if it passes, else give up and say why.
    private func stop(after error: MixpanelError) async throws(Stop) -> Stop {
        // A call that was cut off with its task says nothing about Mixpanel.
        try reconciler.goOn()
        try await reconciler.stopping { () async throws(Failure) in
            try await accounts.note(error, for: connection)
            try await accounts.pause(after: error, for: access.project)
        }
        guard error.isPassing else { return .fail(error.message) }
        let end = reconciler.now().milliseconds + error.waitMilliseconds
        return .wait(error.message, until: Timestamp(milliseconds: end))
    }
}

extension MixpanelError {
    /// How Mixpanel refuses a page of a query that it does not know, as far as one can tell: it
    /// refuses nothing else of a page whose predecessor it gave.
    fileprivate var forgetsTheQuery: Bool {
        switch reason {
        case .refused(status: 400), .notFound: true
        default: false
        }
    }
}

package import Audiences

/// Compares audiences with Mixpanel's own lists of their cohorts, and mends them if asked to.
///
/// All it knows is in the store, step by step: it can be stopped at any moment, and goes on there
/// in this process or another. One reconciliation at a time; how often is up to the caller.
package struct Reconciler: Sendable {
    let reconciliations: any ReconciliationStore
    private let audiences: any AudienceStore
    private let connections: any ConnectionStore
    let accounts: ServiceAccounts
    let worker: String
    let now: @Sendable () -> Timestamp
    /// Lets pages in between two steps of comparing or mending.
    let pause: @Sendable () async -> Void

    /// How long a worker that says nothing is waited for: more than a query may take.
    package static let leaseMilliseconds = Limits.queryMillisecondsMax + 60_000

    /// How many people are mended in one step: a page of Mixpanel's.
    package static let repairPeopleMax = 1000

    /// How often Mixpanel may forget a query before it is read to its end.
    package static let restartsMax = 3

    /// The ports are those of one store.
    ///
    /// - Parameters:
    ///   - reconciliations: what there is to do.
    ///   - audiences: what they are about.
    ///   - connections: whose service accounts are used.
    ///   - accounts: calls Mixpanel.
    ///   - worker: a name that no other process has, now or later.
    ///   - pause: see ``pause``.
    package init(
        reconciliations: any ReconciliationStore, audiences: any AudienceStore,
        connections: any ConnectionStore, accounts: ServiceAccounts, worker: String,
        pause: @escaping @Sendable () async -> Void
    ) {
        self.reconciliations = reconciliations
        self.audiences = audiences
        self.connections = connections
        self.accounts = accounts
        self.worker = worker
        now = accounts.now
        self.pause = pause
    }

    /// Takes a reconciliation that is due, and works on it until it is finished or has to wait.
    ///
    /// Returns soon after the task is cancelled; the reconciliation is then free for others.
    ///
    /// - Returns: what it came to; `nil` if nothing was due.
    /// - Throws: what the store throws; the lease then runs out by itself.
    package func work() async throws(Failure) -> ReconciliationOutcome? {
        let claimed = try await reconciliations.claim(
            until: leaseEnd, by: worker, at: now())
        guard let claimed else { return nil }
        switch await stop(of: claimed) {
        case nil: return try await conclude(claimed, .finished)
        case .wait(let message, let moment):
            return try await conclude(claimed, .waiting, message, until: moment)
        case .fail(let message): return try await conclude(claimed, .failed, message)
        case .lost: return ReconciliationOutcome(id: claimed.id, status: nil, message: nil)
        case .store(let failure): throw failure
        }
    }

    /// Works on a reconciliation; `nil` if it came to its end.
    private func stop(of claimed: Reconciliation) async -> Stop? {
        do throws(Stop) {
            try await work(on: claimed)
            return nil
        } catch {
            return error
        }
    }

    private func conclude(
        _ claimed: Reconciliation, _ status: Reconciliation.Status, _ message: String? = nil,
        until moment: Timestamp? = nil
    ) async throws(Failure) -> ReconciliationOutcome {
        do throws(Failure) {
            try await reconciliations.conclude(
                claimed.id, as: status, message: message, resumesAt: moment, by: worker,
                at: now())
        } catch {
            guard Stop(error).isLost else { throw error }
            return ReconciliationOutcome(id: claimed.id, status: nil, message: nil)
        }
        return ReconciliationOutcome(id: claimed.id, status: status, message: message)
    }

    // MARK: From the list to the end

    private func work(on claimed: Reconciliation) async throws(Stop) {
        let found = try await stopping { () async throws(Failure) in
            try await audiences.audience(claimed.audience)
        }
        guard let audience = found else { throw .lost }
        let known = try await stopping { () async throws(Failure) in
            try await connections.connection(audience.connectionID)
        }
        guard let connection = known else { throw .lost }
        let result: Reconciliation.Differences
        if let known = claimed.result {
            result = known
        } else {
            let access: MixpanelAccess
            do throws(Failure) {
                access = try accounts.access(to: connection, for: audience)
            } catch {
                throw error.code == .conflict ? .fail(error.message) : Stop(error)
            }
            let reading = ListReading(
                reconciler: self, access: access, audience: audience, connection: connection)
            let read = try await reading.read(claimed)
            let unexported = try await reading.countUnexported(beside: read)
            result = try await compare(claimed.id, unexported)
        }
        guard claimed.repairs else { return }
        let current = try await stopping { () async throws(Failure) in
            try await reconciliations.reconciliation(claimed.id)
        }
        let refusal = (current ?? claimed).refusal(
            of: result, guardedBy: connection.guardMaxRemoved)
        if let refusal { throw .fail(refusal) }
        try await repair(claimed.id)
    }

    private func compare(
        _ id: ReconciliationID, _ notExported: Int?
    ) async throws(Stop) -> Reconciliation.Differences {
        while true {
            let result = try await stopping { () async throws(Failure) in
                try await reconciliations.compare(
                    id, notExported: notExported, by: worker, until: leaseEnd)
            }
            if let result { return result }
            try await breathe()
        }
    }

    private func repair(_ id: ReconciliationID) async throws(Stop) {
        while true {
            let isMore = try await stopping { () async throws(Failure) in
                try await reconciliations.repair(
                    id, limit: Self.repairPeopleMax, by: worker, until: leaseEnd, at: now())
            }
            guard isMore else { return }
            try await breathe()
        }
    }

    private func breathe() async throws(Stop) {
        await pause()
        try goOn()
    }

    /// Gives the reconciliation back if the task was cancelled.
    func goOn() throws(Stop) {
        if Task.isCancelled { throw .wait(nil, until: nil) }
    }

    var leaseEnd: Timestamp {
        Timestamp(milliseconds: now().milliseconds + Self.leaseMilliseconds)
    }

    /// Asks the store for something; its failures end the work.
    func stopping<Value>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Stop) -> Value {
        do throws(Failure) {
            return try await body()
        } catch {
            throw Stop(error)
        }
    }
}

/// What became of a reconciliation that was worked on.
package struct ReconciliationOutcome: Sendable, Hashable {
    package let id: ReconciliationID
    /// `nil` if it was cancelled, or somebody else works on it now.
    package let status: Reconciliation.Status?
    package let message: String?
}

/// Why the work on a reconciliation stops before its end.
enum Stop: Error {
    case wait(String?, until: Timestamp?)
    case fail(String)
    /// Cancelled, or another worker has it.
    case lost
    /// The store's own trouble.
    case store(Failure)

    init(_ failure: Failure) {
        switch failure.code {
        case .conflict, .notFound: self = .lost
        case .gone: self = .fail(failure.message)
        case .invalid, .unavailable, .internal: self = .store(failure)
        }
    }

    var isLost: Bool {
        if case .lost = self { true } else { false }
    }
}

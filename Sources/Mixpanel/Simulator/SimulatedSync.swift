package import Audiences

/// One cohort on its way to one destination: what Mixpanel sends, and when it gives up.
///
/// A run compares the cohort with the snapshot of the last run that succeeded, and sends who
/// entered and then who left, even if that is nobody (Mixpanel's custom-webhook page). Without a
/// snapshot, or with one that is 3 days old, it sends everybody. A run that fails is started from
/// the top by the next one, with another session id.
package struct SimulatedSync: Sendable {
    /// What to do next.
    package enum Step: Sendable {
        case send(SimulatedExport, page: Int)
        /// Then report ``SimulatedSync/waited()``.
        case wait(Duration)
        case rest(Outcome)
    }

    /// How a run ended.
    package enum Outcome: Sendable, Hashable {
        case succeeded
        /// Until the next run.
        case failed(why: String)
        /// Until a person resumes the sync.
        case paused(status: Int, message: String?)
    }

    private enum Phase {
        case resting
        case running(Run)
        case paused(status: Int, message: String?)
    }

    private struct Run {
        let exports: [SimulatedExport]
        /// Who was in the cohort when the run began.
        let members: [UInt32]
        var export = 0
        var page = 1
        var retries = 0
    }

    private var phase = Phase.resting
    /// Who was in the cohort when a run last succeeded.
    private var snapshot: [UInt32]?
    package private(set) var startedAt: Timestamp?
    package private(set) var succeededAt: Timestamp?
    package private(set) var outcome: Outcome?
    private let pageSize: Int
    private let fullSyncAction: SyncAction
    private let retries: RetrySchedule

    package init(pageSize: Int, fullSyncAction: SyncAction, retries: RetrySchedule) {
        self.pageSize = pageSize
        self.fullSyncAction = fullSyncAction
        self.retries = retries
    }

    package var isPaused: Bool {
        if case .paused = phase { true } else { false }
    }

    /// Whether the next run is due, when one begins every `cycle`.
    package func isDue(at now: Timestamp, every cycle: Duration) -> Bool {
        guard case .resting = phase else { return false }
        guard let startedAt else { return true }
        return .milliseconds(now.since(startedAt)) >= cycle
    }

    /// Begins a run.
    ///
    /// - Parameters:
    ///   - members: who is in the cohort.
    ///   - sessionID: a new one.
    ///   - now: the time.
    /// - Returns: what to do; `nil` if a run is under way or the sync is paused.
    package mutating func start(
        _ members: [UInt32], sessionID: [UInt8], at now: Timestamp
    ) -> Step? {
        guard case .resting = phase else { return nil }
        startedAt = now
        if let succeededAt, now.since(succeededAt) >= Limits.snapshotSilenceMilliseconds {
            snapshot = nil
        }
        let run = Run(exports: exports(of: members, sessionID), members: members)
        phase = .running(run)
        return .send(run.exports[0], page: 1)
    }

    private func exports(of members: [UInt32], _ sessionID: [UInt8]) -> [SimulatedExport] {
        func export(_ action: SyncAction, _ people: [UInt32]) -> SimulatedExport {
            SimulatedExport(
                action: action, sessionID: sessionID, people: people, pageSize: pageSize,
                missingPage: nil)
        }
        guard snapshot != nil || fullSyncAction != .members else {
            return [export(.members, members)]
        }
        let before = Set(snapshot ?? [])
        let present = Set(members)
        return [
            export(.addMembers, members.filter { !before.contains($0) }),
            export(.removeMembers, (snapshot ?? []).filter { !present.contains($0) }),
        ]
    }

    /// Takes what came of the page that was sent last.
    ///
    /// - Returns: what to do; `nil` if nothing had been sent.
    package mutating func answered(_ verdict: Verdict, at now: Timestamp) -> Step? {
        guard case .running(var run) = phase else { return nil }
        switch verdict {
        case .accepted:
            return advance(run, at: now)
        case .misanswered(let why):
            return end(.failed(why: why))
        case .paused(let status, let message):
            return end(.paused(status: status, message: message))
        case .retry(let why):
            run.retries += 1
            guard let wait = retries.wait(beforeRetry: run.retries) else {
                return end(.failed(why: why))
            }
            phase = .running(run)
            return .wait(wait)
        }
    }

    private mutating func advance(_ before: Run, at now: Timestamp) -> Step {
        var run = before
        run.retries = 0
        run.page += 1
        if run.page > run.exports[run.export].pageCount {
            run.export += 1
            run.page = 1
        }
        guard run.export < run.exports.count else {
            snapshot = run.members
            succeededAt = now
            return end(.succeeded)
        }
        phase = .running(run)
        return .send(run.exports[run.export], page: run.page)
    }

    private mutating func end(_ outcome: Outcome) -> Step {
        self.outcome = outcome
        phase = .resting
        if case .paused(let status, let message) = outcome {
            phase = .paused(status: status, message: message)
        }
        return .rest(outcome)
    }

    /// Sends the same page again, after a wait.
    package func waited() -> Step? { current }

    /// The page that is under way; `nil` if none is.
    package var current: Step? {
        guard case .running(let run) = phase else { return nil }
        return .send(run.exports[run.export], page: run.page)
    }

    /// What a person does in Mixpanel after a pause; the next run is due at once.
    package mutating func resume() {
        guard isPaused else { return }
        phase = .resting
        startedAt = nil
    }

    /// How the people see it.
    package var state: String {
        switch (phase, outcome) {
        case (.running, _): "running"
        case (.paused, _): "paused"
        case (.resting, .succeeded): "succeeded"
        case (.resting, .failed): "failed"
        case (.resting, .paused): "resumed"
        case (.resting, nil): "new"
        }
    }
}

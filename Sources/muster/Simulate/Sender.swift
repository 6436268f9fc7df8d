internal import Audiences
internal import Mixpanel

/// Sends a page as Mixpanel does: until it is taken, refused, or the retries are used up.
struct Sender: Sendable {
    /// Posts a body; throws if there was no answer.
    typealias Post = @Sendable ([UInt8]) async throws -> (status: Int, body: [UInt8])

    let post: Post
    let retries: RetrySchedule
    /// Waits between two tries.
    let sleep: @Sendable (Duration) async throws -> Void

    init(
        retries: RetrySchedule,
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await Task.sleep(for: $0)
        },
        post: @escaping Post
    ) {
        self.post = post
        self.retries = retries
        self.sleep = sleep
    }

    /// Sends a page and tells how that went.
    ///
    /// - Parameters:
    ///   - body: the page.
    ///   - action: what it asks for, which the answer must repeat.
    /// - Returns: how it ended, after how many retries.
    /// - Throws: `CancellationError` only.
    func send(_ body: [UInt8], _ action: SyncAction) async throws -> PageReport {
        var report = PageReport()
        while true {
            let why: String
            switch try await attempt(body, action, &report) {
            case .accepted:
                report.outcome = .accepted
                return report
            case .paused(let status, let message):
                report.outcome = .paused(status: status, message: message)
                return report
            case .misanswered(let reason):
                report.outcome = .misanswered(why: reason)
                return report
            case .retry(let reason):
                why = reason
            }
            guard let wait = retries.wait(beforeRetry: report.retries + 1) else {
                report.outcome = .exhausted(why: why)
                return report
            }
            try await sleep(wait)
            report.retries += 1
        }
    }

    private func attempt(
        _ body: [UInt8], _ action: SyncAction, _ report: inout PageReport
    ) async throws -> Verdict {
        let start = ContinuousClock.now
        do {
            let answer = try await post(body)
            report.latencies.append(start.duration(to: .now))
            return Verdict(status: answer.status, body: answer.body, to: action)
        } catch let error as CancellationError {
            throw error
        } catch {
            return .retry(why: "\(error)")
        }
    }
}

/// How the sending of one page went.
struct PageReport: Sendable {
    enum Outcome: Sendable, Hashable {
        case accepted
        case misanswered(why: String)
        case paused(status: Int, message: String?)
        case exhausted(why: String)
    }

    var outcome = Outcome.accepted
    var retries = 0
    /// How long each answer took, whatever it said.
    var latencies: [Duration] = []
}

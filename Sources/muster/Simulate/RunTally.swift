/// What a run has done so far.
struct RunTally: Sendable {
    let pagesPlanned: Int
    /// Pages that were answered for good, one way or the other.
    private(set) var pagesSent = 0
    private(set) var pagesAccepted = 0
    /// Members on accepted pages; those of a page that was sent twice count twice.
    private(set) var membersAccepted = 0
    private(set) var retries = 0
    /// Time of each answer, in no order.
    private(set) var latencies: [Duration] = []
    /// The first thing that went wrong; a stop replaces what did not stop the run.
    private(set) var trouble: PageReport.Outcome?
    private(set) var elapsed = Duration.zero
    private let start = ContinuousClock.now

    init(pagesPlanned: Int) {
        self.pagesPlanned = pagesPlanned
    }

    var pagesFailed: Int { pagesSent - pagesAccepted }

    /// Whether Mixpanel would send nothing more.
    var isStopped: Bool {
        switch trouble {
        case .paused, .exhausted: true
        case .accepted, .misanswered, nil: false
        }
    }

    mutating func count(_ report: PageReport, members: Int) {
        pagesSent += 1
        retries += report.retries
        latencies += report.latencies
        switch report.outcome {
        case .accepted:
            pagesAccepted += 1
            membersAccepted += members
        case .misanswered:
            trouble = trouble ?? report.outcome
        case .paused, .exhausted:
            if !isStopped { trouble = report.outcome }
        }
    }

    mutating func stopClock() {
        elapsed = start.duration(to: .now)
    }
}

extension RunTally {
    /// The exit code of sysexits.h that fits how the run went.
    var exitCode: Int32 {
        switch trouble {
        case .accepted, nil: 0
        case .paused(status: 400, message: _): 65
        case .paused(status: 401, message: _), .paused(status: 403, message: _): 77
        case .paused, .exhausted: 69
        case .misanswered: 76
        }
    }
}

package import Audiences
internal import Synchronization

/// A quota that also keeps callers from asking too often within a second.
///
/// The quota below counts for all processes; calls within a second are counted here. Make one for
/// the process, and hand it to everybody who calls Mixpanel.
package final class PacedQuota: QueryQuota {
    private let base: any QueryQuota
    /// When calls about each project were permitted, within the last second.
    private let begun = Mutex<[ExternalID: [Timestamp]]>([:])

    /// Milliseconds.
    static let second: Int64 = 1000

    package init(_ base: any QueryQuota) {
        self.base = base
    }

    package func permit(
        for project: MixpanelProject, at now: Timestamp
    ) async throws(Failure) -> QueryPermit {
        if let moment = noted(project.id, at: now) { return .notBefore(moment) }
        return try await base.permit(for: project, at: now)
    }

    package func finish(_ query: Int64, at now: Timestamp) async throws(Failure) {
        try await base.finish(query, at: now)
    }

    package func pause(
        _ project: MixpanelProject, until moment: Timestamp
    ) async throws(Failure) {
        try await base.pause(project, until: moment)
    }

    /// Counts a call.
    ///
    /// - Returns: when to ask again, if it would be one too many.
    private func noted(_ project: ExternalID, at now: Timestamp) -> Timestamp? {
        begun.withLock { begun in
            // Nor what a clock that went back calls the future.
            begun = begun.compactMapValues { moments in
                let recent = moments.filter { (0..<Self.second).contains(now.since($0)) }
                return recent.isEmpty ? nil : recent
            }
            let recent = begun[project, default: []]
            guard recent.count < MixpanelLimits.callsPerSecondMax else {
                let oldest = recent[recent.count - MixpanelLimits.callsPerSecondMax]
                return Timestamp(milliseconds: oldest.milliseconds + Self.second)
            }
            begun[project] = recent + [now]
            return nil
        }
    }
}

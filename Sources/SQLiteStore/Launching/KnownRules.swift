import Audiences
import Synchronization

/// The rules of connections as they were read, so that a load of an app's configuration does not
/// read them again.
///
/// Each connection's row has a number for the state of all that its rules are decided by
/// (``GRDB/Database/noteLaunchChange(of:)``), and every look-up reads it: what is known under the
/// same number is true, whichever process wrote. Numbers are given once, over all connections.
final class KnownRules: Sendable {
    /// How many connections are known; when there are more, all are forgotten.
    static let connectionsMax = 256

    struct Rules: Sendable {
        /// Of the state that was read.
        let version: Int64
        /// When the periods began whose starts were counted.
        let week: Timestamp
        let month: Timestamp
        let candidates: [LaunchCandidate]
        let events: [EventName]
        /// Whether one of them asks what somebody is in.
        let nameAudiences: Bool
        let cooldownHours: Int?

        init(
            version: Int64, candidates: [LaunchCandidate], cooldownHours: Int?, at now: Timestamp
        ) {
            self.version = version
            (week, month) = (now.weekBegin, now.monthBegin)
            // Nobody is offered these, and nobody asks why not.
            self.candidates = candidates.filter { $0.rule.status == .active }
            events = candidates.events
            nameAudiences = self.candidates.contains { !$0.rule.audiences.isEmpty }
            self.cooldownHours = cooldownHours
        }
    }

    private let state = Mutex<[Int64: Rules]>([:])

    func rules(of connection: Int64, version: Int64, at now: Timestamp) -> Rules? {
        guard let rules = state.withLock({ $0[connection] }), rules.version == version,
            rules.week == now.weekBegin, rules.month == now.monthBegin
        else { return nil }
        return rules
    }

    func keep(_ rules: Rules, of connection: Int64) {
        state.withLock { state in
            if state.count >= Self.connectionsMax { state = [:] }
            state[connection] = rules
        }
    }
}

import Audiences
import Synchronization

/// Answers to look-ups that were read before, for as long as they are what a read would say.
///
/// **Everything known is true in one state of the database**, the one after as many commits as its
/// version says. SQLite counts the commits of all processes (``CommitCount``), and nothing is told
/// or learned unless that count is the version:
///
/// - The writer asks for the count before it commits, when nobody else may. After its commit the
///   count is another one, so nobody is told anything; the writer takes out whom the commit
///   touched, counts the version up, and only then answers who waits for the commit.
/// - When another process has committed, whoever asks next forgets everything.
/// - Whoever reads to make something known begins with a ``Ticket``, and what they read counts only
///   if the version, and the count, are still the same when they have read it.
///
/// So what a write does not say that it touched would be told for too long. A write says nothing
/// unless it wants to, and then everything is forgotten (``Touch``).
final class KnownAnswers: Sendable {
    /// How many touched people are looked for while askers wait.
    private static let touchedStepMax = 256

    /// What a write does to what is known.
    enum Touch {
        /// Anything: all of it is forgotten.
        case everything
        /// What it notes, see ``KnownAnswers/touch(people:)`` and the others, and nothing else.
        case noted
    }

    /// What a transaction has touched so far.
    private struct Touched {
        var everything = false
        /// The hashes of match ids.
        var people: [Int64] = []
        var audiences: [Int64] = []
        var sessions: [Int64] = []
    }

    /// The state that somebody reads to make it known.
    struct Ticket {
        fileprivate let version: UInt32
    }

    enum Answer {
        case written([UInt8])
        /// Nobody has written it yet; who does can make that known for this ticket and mark.
        case known([Membership], Ticket, KnownMemberships.Mark)
        /// Read it; with a ticket, it can be made known.
        case unknown(Ticket?)
    }

    private struct State {
        /// `nil` while nothing can be known.
        var count: CommitCount?
        var version: UInt32 = 0
        var isCommitting = false
        var memberships = KnownMemberships()
        /// How often everything was forgotten.
        var edition: UInt64 = 0

        /// Whether what is known is true now.
        mutating func isTrue() -> Bool {
            guard let now = count?.value else { return false }
            if now == version { return true }
            guard !isCommitting else { return false }
            forgetEverything()
            version = now
            return true
        }

        func isGood(_ ticket: Ticket) -> Bool {
            ticket.version == version && count?.value == version
        }

        mutating func forgetEverything() {
            memberships = KnownMemberships()
            edition += 1
        }
    }

    private let state = Mutex(State())
    /// Of the transaction that is open; the writer's queue only.
    private let touched = Mutex(Touched())

    /// Knows nothing before this is called.
    func open(_ count: CommitCount?) {
        state.withLock { $0.count = count }
    }

    /// Knows nothing any more.
    ///
    /// To be called before the connection that counts is closed.
    func close() {
        state.withLock { state in
            state.count = nil
            state.forgetEverything()
        }
    }

    // MARK: Askers

    /// Does not change while nothing but what ``Touch/noted`` covers changes; `nil` if that can't
    /// be told now.
    var edition: UInt64? {
        state.withLock { $0.isTrue() ? $0.edition : nil }
    }

    func memberships(matching id: ExternalID, _ hash: Int64, at now: Timestamp) -> Answer {
        state.withLock { state in
            guard state.isTrue() else { return .unknown(nil) }
            let ticket = Ticket(version: state.version)
            switch state.memberships.find(id, hash, at: now) {
            case .written(let bytes): return .written(bytes)
            case .known(let found, let mark): return .known(found, ticket, mark)
            case nil: return .unknown(ticket)
            }
        }
    }

    func keep(_ rows: [MembershipRow], matching id: ExternalID, _ hash: Int64, _ ticket: Ticket) {
        state.withLock { state in
            guard state.isGood(ticket) else { return }
            state.memberships.keep(rows, matching: id, hash)
        }
    }

    func keep(
        written bytes: [UInt8], of id: ExternalID, _ hash: Int64, _ mark: KnownMemberships.Mark,
        _ ticket: Ticket
    ) {
        state.withLock { state in
            guard state.isGood(ticket) else { return }
            state.memberships.keep(written: bytes, of: id, hash, mark)
        }
    }

    /// What an app was told of somebody; `nil` if that is not known.
    ///
    /// Else with a ticket, if what is read now can be made known, and with the audiences the person
    /// is in, if those are known.
    func configuration(
        of connection: ConnectionID, for id: ExternalID, _ hash: Int64, at now: Timestamp
    ) -> (written: [UInt8]?, ticket: Ticket?, audiences: Set<AudienceID>?) {
        state.withLock { state in
            guard state.isTrue() else { return (nil, nil, nil) }
            if let written = state.memberships.configuration(of: connection, id, hash, at: now) {
                return (written, nil, nil)
            }
            let audiences = state.memberships.audiences(id, hash)
            return (nil, Ticket(version: state.version), audiences)
        }
    }

    func keep(
        _ configuration: KnownMemberships.Configuration, of id: ExternalID, _ hash: Int64,
        _ ticket: Ticket
    ) {
        state.withLock { state in
            guard state.isGood(ticket) else { return }
            state.memberships.keep(configuration, of: id, hash)
        }
    }

    // MARK: Writes

    func touchEverything() {
        touched.withLock { $0.everything = true }
    }

    /// Notes the hashes of every match id whose answer may be another one.
    func touch(people hashes: [Int64]) {
        touched.withLock { $0.people += hashes }
    }

    /// Notes an audience whose name or freshness may be another one.
    func touch(audience: Int64) {
        touched.withLock { $0.audiences.append(audience) }
    }

    /// Notes a session that is named as a source no more.
    func touch(session: Int64) {
        touched.withLock { $0.sessions.append(session) }
    }

    /// To be called at the end of a transaction that writes, before its commit.
    func willCommit() {
        state.withLock { state in
            guard let now = state.count?.value else { return }
            if state.version != now { state.forgetEverything() }
            state.version = now
            state.isCommitting = true
        }
    }

    /// To be called after the commit, before anybody is told of it.
    ///
    /// `isChange`: whether there was anything to commit, which SQLite counts else not.
    func didCommit(isChange: Bool) {
        let touched = takeTouched()
        if touched.everything {
            state.withLock { $0.forgetEverything() }
        } else {
            forget(touched)
        }
        state.withLock { state in
            if isChange { state.version &+= 1 }
            state.isCommitting = false
        }
    }

    /// To be called instead of ``didCommit(isChange:)`` if the transaction was rolled back.
    func didRollBack() {
        _ = takeTouched()
        state.withLock { $0.isCommitting = false }
    }

    private func takeTouched() -> Touched {
        touched.withLock { touched in
            defer { touched = Touched() }
            return touched
        }
    }

    /// Not all at once, so that nobody who asks meanwhile waits long: they are told nothing yet.
    private func forget(_ touched: Touched) {
        for start in stride(from: 0, to: touched.people.count, by: Self.touchedStepMax) {
            let some = touched.people[start...].prefix(Self.touchedStepMax)
            state.withLock { state in
                for hash in some { state.memberships.forget(hash) }
            }
        }
        state.withLock { state in
            for audience in touched.audiences { state.memberships.forget(audience: audience) }
            if !touched.sessions.isEmpty {
                state.memberships.forget(sessions: Set(touched.sessions))
            }
        }
    }
}

/// Offers and starts invites.
///
/// Every decision is ``Eligibility``'s, on one committed state; what changes something is decided
/// and written in one transaction, so that racing devices can't pass a limit together.
package protocol LaunchStore: Sendable {
    /// What the SDK needs to know of a connection, with the person's invite if there is one for
    /// them.
    ///
    /// Makes the invite if it is a new one, and returns the open one otherwise; writes nothing
    /// else, so that most calls only read.
    ///
    /// - Parameters:
    ///   - matchID: the id that the app gave; `nil` if nobody is signed in: no invite then.
    ///   - connection: whose rules.
    ///   - fresh: the code of the invite, should it be a new one.
    ///   - now: the time to judge by.
    /// - Returns: the same events for everybody, and at most one invite.
    /// - Throws: `unavailable` if the store can't be read, or not written where it has to be.
    func configuration(
        for matchID: ExternalID?, of connection: ConnectionID, fresh: InviteCode,
        at now: Timestamp
    ) async throws(Failure) -> LaunchConfiguration

    /// As ``configuration(for:of:fresh:at:)``, written by the caller, if that can be done without
    /// waiting; `nil` if not, as whenever an invite has to be made.
    ///
    /// The store may keep what was written beside what it is about, and return it again.
    ///
    /// - Parameters:
    ///   - matchID: as there.
    ///   - connection: as there.
    ///   - now: as there.
    ///   - write: writes an answer, always in the same form.
    /// - Returns: what was written.
    func configurationAtOnce(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp,
        write: (LaunchConfiguration) -> [UInt8]
    ) -> [UInt8]?

    /// Decides about an event that the app tracked; makes or finds the invite, but starts nothing.
    func offer(
        on event: EventName, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer

    /// As ``offer(on:to:of:fresh:at:)``, for the app's own entry to a rule of the surface
    /// ``LaunchRule/Surface/directLink``.
    func offer(
        _ rule: LaunchRuleID, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer

    /// Starts an invite, once, if it still may be started.
    ///
    /// - Parameters:
    ///   - code: the invite's.
    ///   - matchID: who accepts; somebody else's invite is refused as unknown. `nil` for a link,
    ///     whose code alone has to do.
    ///   - connection: whose key was used; `nil` for a link, which leads on also if the invite is
    ///     started already, until it is completed.
    ///   - attempt: the client's own id of this accept; a repeated one is answered the same.
    ///   - now: the time to judge by.
    /// - Returns: the invite as it was started, or why not.
    /// - Throws: `unavailable` if the store can't take writes now.
    func start(
        _ code: InviteCode, by matchID: ExternalID?, of connection: ConnectionID?,
        attempt: ExternalID?, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer

    /// Notes what the SDK reports; see ``Invite/note(_:at:)``.
    ///
    /// - Returns: the invite as it is now; `nil` if this connection has none of this code.
    func note(
        _ event: InviteEvent, of code: InviteCode, of connection: ConnectionID,
        at now: Timestamp
    ) async throws(Failure) -> Invite?

    /// Newest first.
    func invites(
        matching filter: InviteFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Invite>

    func invite(_ code: InviteCode) async throws(Failure) -> Invite?

    /// What a person would be offered now, and why not the rest; one verdict a connection that
    /// has rules. Writes nothing.
    func verdicts(
        for matchID: ExternalID, of connection: ConnectionID?, at now: Timestamp
    ) async throws(Failure) -> [(connection: ConnectionID, verdict: LaunchVerdict)]
}

package struct LaunchConfiguration: Sendable, Hashable {
    /// Of the active event rules of active studies; each once, in byte order.
    package var events: [EventName]
    package var pending: LaunchOffer.Invitation?

    package init(events: [EventName], pending: LaunchOffer.Invitation? = nil) {
        self.events = events
        self.pending = pending
    }
}

package enum LaunchOffer: Sendable, Hashable {
    case invitation(Invitation)
    case refused(LaunchRefusal)

    /// An invite with what is needed to show and open it.
    package struct Invitation: Sendable, Hashable {
        package var invite: Invite
        package var prompt: PromptCopy
        package var launchURL: LaunchURL
        package var opensIn: LaunchSurface

        package init(
            invite: Invite, prompt: PromptCopy, launchURL: LaunchURL, opensIn: LaunchSurface
        ) {
            self.invite = invite
            self.prompt = prompt
            self.launchURL = launchURL
            self.opensIn = opensIn
        }
    }
}

package struct InviteFilter: Sendable, Hashable {
    package var connection: ConnectionID?
    package var study: StudyID?
    package var rule: LaunchRuleID?
    package var matchID: ExternalID?

    package init(
        connection: ConnectionID? = nil, study: StudyID? = nil, rule: LaunchRuleID? = nil,
        matchID: ExternalID? = nil
    ) {
        self.connection = connection
        self.study = study
        self.rule = rule
        self.matchID = matchID
    }
}

/// What happened, as it is told to the outside.
package struct HookEvent: Sendable, Hashable {
    package var kind: Kind
    package var at: Timestamp
    package var subject: Subject

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case inviteStarted = "invite.started"
        case inviteCompleted = "invite.completed"
        case inviteDismissed = "invite.dismissed"
        /// Sent only where it was asked for: a first sync is as many as there are members.
        case audienceEntered = "audience.entered"
        case audienceLeft = "audience.left"
        /// An operator tries the hook; it is sent whatever the hook wants.
        case test = "hook.test"

        /// Those that a hook may want.
        package static let wanted = allCases.filter { $0 != .test }

        package init(_ change: MembershipChange.Kind) {
            self = change == .entered ? .audienceEntered : .audienceLeft
        }
    }

    package enum Subject: Sendable, Hashable {
        case invite(Invite)
        case change(MembershipChange)
        case nothing
    }

    package init(kind: Kind, at: Timestamp, subject: Subject) {
        self.kind = kind
        self.at = at
        self.subject = subject
    }
}

extension Invite {
    /// As it was at a moment: what came later is left out, so that every attempt to tell of it
    /// says the same.
    package func asOf(_ moment: Timestamp) -> Invite {
        func known(_ time: Timestamp?) -> Timestamp? { time.flatMap { $0 <= moment ? $0 : nil } }
        var past = self
        past.shownAt = known(shownAt)
        past.dismissedAt = known(dismissedAt)
        past.startedAt = known(startedAt)
        past.completedAt = known(completedAt)
        return past
    }
}

/// One person's invitation to a study by one rule, and what became of it.
///
/// Made when the person is first offered the rule, never in advance; at most one of a rule and
/// person is open at a time.
package struct Invite: Sendable, Hashable {
    package var code: InviteCode
    package var connectionID: ConnectionID
    package var ruleID: LaunchRuleID
    package var studyID: StudyID
    package var source: LaunchSource
    /// The audience that brought the person here; `nil` unless the rule's trigger is one.
    package var audienceID: AudienceID?
    /// The id that the app gave.
    package var matchID: ExternalID
    /// The member it matched; `nil` for an event rule and somebody no audience knows.
    package var distinctID: ExternalID?
    /// The allow-listed traits the member had when it was made.
    package var traits: [Trait]
    package var createdAt: Timestamp
    /// The last time it was: an invite that stays open may be shown again.
    package var shownAt: Timestamp?
    package var dismissedAt: Timestamp?
    package var startedAt: Timestamp?
    package var completedAt: Timestamp?
    /// The client's own id of the accept that started it, so that its repetition is answered the
    /// same.
    package var attempt: ExternalID?

    package init(
        code: InviteCode, connectionID: ConnectionID, ruleID: LaunchRuleID, studyID: StudyID,
        source: LaunchSource, audienceID: AudienceID? = nil, matchID: ExternalID,
        distinctID: ExternalID? = nil, traits: [Trait] = [], createdAt: Timestamp
    ) {
        self.code = code
        self.connectionID = connectionID
        self.ruleID = ruleID
        self.studyID = studyID
        self.source = source
        self.audienceID = audienceID
        self.matchID = matchID
        self.distinctID = distinctID
        self.traits = traits
        self.createdAt = createdAt
    }

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case open
        case shown
        case dismissed
        case started
        case completed
    }

    package var status: Status {
        if completedAt != nil { return .completed }
        if startedAt != nil { return .started }
        if dismissedAt != nil { return .dismissed }
        return shownAt != nil ? .shown : .open
    }

    /// Whether it can still be accepted.
    package var isOpen: Bool { status == .open || status == .shown }

    /// When the person last had to do with it, which is what cooldowns count from; `nil` if they
    /// have not seen it yet.
    package var touchedAt: Timestamp? {
        [shownAt, dismissedAt, startedAt, completedAt].compactMap { $0 }.max()
    }

    /// Whether an accept of an invite that was started is to be answered as if it had just been:
    /// the repetition of the `attempt` that started it, or the page behind its link, which may be
    /// reloaded until the study is completed.
    package func isStartedAgain(by attempt: ExternalID?, isLink: Bool) -> Bool {
        guard startedAt != nil else { return false }
        return (attempt != nil && attempt == self.attempt) || (isLink && completedAt == nil)
    }

    /// Takes over what the SDK reports; false if that changed nothing.
    ///
    /// Reports may repeat and come in any order. What was started can't be dismissed, and what
    /// was not started can't be completed.
    @discardableResult
    package mutating func note(_ event: InviteEvent, at now: Timestamp) -> Bool {
        let before = self
        switch event {
        case .shown where isOpen: shownAt = max(shownAt ?? now, now)
        case .dismissed where isOpen: dismissedAt = now
        case .completed where startedAt != nil: completedAt = completedAt ?? now
        case .shown, .dismissed, .completed, .started: break
        }
        return self != before
    }
}

/// What the SDK reports of an invite.
package enum InviteEvent: String, Sendable, Hashable, CaseIterable {
    case shown
    case dismissed
    /// The study was opened; it counts as a start when it is launched, and changes nothing here.
    case started
    case completed

    /// What a hook is told when it changed something; starts are told when they happen.
    package var hookKind: HookEvent.Kind? {
        switch self {
        case .dismissed: .inviteDismissed
        case .completed: .inviteCompleted
        case .shown, .started: nil
        }
    }
}

/// What brought a person to a launch.
package enum LaunchSource: String, Sendable, Hashable, CaseIterable {
    case event
    case audience
    case link
}

/// The code of an invite: 20 characters of base 58, 117 bits, so that none can be guessed.
package struct InviteCode: Sendable, Hashable {
    package let text: String

    private static let characters = 20
    /// Without 0, O, I and l, for people may have to type it.
    private static let alphabet = Array(
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    package init?(_ text: String) {
        guard text.utf8.count == Self.characters,
            text.utf8.allSatisfy(Self.alphabet.contains)
        else { return nil }
        self.text = text
    }

    package static func make(by secrets: Secrets) throws -> InviteCode {
        var bytes: [UInt8] = []
        while bytes.count < characters {
            // 232 is the largest multiple of 58 in a byte: above it the choice would be uneven.
            bytes += try secrets.random(32).filter { $0 < 232 }.map { alphabet[Int($0 % 58)] }
        }
        return InviteCode(unchecked: String(decoding: bytes.prefix(characters), as: UTF8.self))
    }

    private init(unchecked text: String) {
        self.text = text
    }

    package static func == (left: InviteCode, right: InviteCode) -> Bool {
        sameBytes(left.text, right.text)
    }
}

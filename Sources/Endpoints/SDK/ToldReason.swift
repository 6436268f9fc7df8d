import Audiences

// What an app hears of why not. Operators hear the whole of it, at /v1/eligibility.

extension LaunchRefusal {
    /// What somebody hears who holds the invite's code, which is nobody but the person invited, or
    /// to whom they gave it: what became of the invite and of its study, but nothing of audiences.
    var toldToHolder: String {
        switch self {
        case .ruleDraft, .rulePaused, .ruleArchived, .studyDraft, .studyPaused, .studyClosed,
            .notYet, .ended, .alreadyCompleted, .alreadyStarted, .personsStartsUsedUp,
            .startsUsedUp, .studyFullThisWeek, .studyFullThisMonth, .dismissed, .unknownInvite,
            .unknownPerson:
            rawValue
        case .notAMember, .excluded, .notSampled, .otherEvent, .waitsForEvent,
            .waitsForConfigurationLoad, .directLink, .coolingDown, .connectionCoolingDown,
            .outranked:
            Self.coarse
        }
    }

    /// What somebody hears who only named a person: anybody can name anybody, and from two
    /// different answers could learn who is in an audience or took part.
    var toldToAnybody: String {
        self == .unknownPerson ? rawValue : Self.coarse
    }

    static let coarse = "not_eligible"

    /// Everything that may be heard.
    static let told: [String] = {
        let told = allCases.flatMap { [$0.toldToHolder, $0.toldToAnybody] }
        return [coarse] + Set(told).subtracting([coarse]).sorted()
    }()
}

package import Audiences

// Studies, rules and invites with defaults; see Make.swift.

extension LaunchURL {
    package static func make(_ template: String = "https://ask.example/s/checkout") -> LaunchURL {
        guard let url = LaunchURL(template) else { preconditionFailure("not an address") }
        return url
    }
}

extension EventName {
    package static func make(_ text: String = "checkout_failed") -> EventName {
        guard let name = EventName(text) else { preconditionFailure("not an event: \(text)") }
        return name
    }
}

extension InviteCode {
    /// The `number`th code of a test.
    package static func make(_ number: Int) -> InviteCode {
        let digits = "123456789A"
        let text = String(number).map { digit in
            digits[digits.index(digits.startIndex, offsetBy: digit.wholeNumberValue ?? 0)]
        }
        let filled = String(repeating: "z", count: 20 - text.count) + String(text)
        guard let code = InviteCode(filled) else { preconditionFailure("not a code: \(filled)") }
        return code
    }
}

extension PublicKey {
    package static func make(_ number: UInt8 = 1) -> PublicKey {
        let letter = Character(Unicode.Scalar(UInt8(ascii: "a") + number % 26))
        guard let key = PublicKey(PublicKey.prefix + String(repeating: letter, count: 24)) else {
            preconditionFailure("not a key")
        }
        return key
    }
}

extension SDKStore {
    /// Makes them, or replaces them all.
    package func set(
        _ settings: SDKSettings, of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try await changeSDK(of: id, at: now, for: operation) { _ throws(Failure) in settings }
    }
}

extension StudyID {
    package static func make(_ number: UInt8 = 1) -> StudyID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

extension LaunchRuleID {
    package static func make(_ number: UInt8 = 1) -> LaunchRuleID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

extension Study {
    package static func make(
        _ number: UInt8 = 1, connection: UInt8 = 1, status: Status = .active,
        launchURL: String = "https://ask.example/s/checkout",
        opensIn: LaunchSurface = .webview, weekly: Int? = nil, monthly: Int? = nil,
        at time: Timestamp = .start
    ) -> Study {
        Study(
            id: .make(number), connectionID: .make(connection), name: "Why checkout fails",
            status: status, launchURL: .make(launchURL), opensIn: opensIn,
            capacity: StudyCapacity(weekly: weekly, monthly: monthly), createdAt: time)
    }
}

extension LaunchRule {
    /// An active rule on an event, unless told otherwise.
    package static func make(
        _ number: UInt8 = 1, study: UInt8 = 1, connection: UInt8 = 1, status: Status = .active,
        trigger: Trigger = .event(.make()), surface: Surface = .sdkPrompt,
        prompt: PromptCopy = PromptCopy(title: "Got two minutes?"), priority: Int = 0,
        pacing: LaunchPacing = LaunchPacing(), schedule: LaunchSchedule = LaunchSchedule(),
        sample: Int = 10_000, excluding excluded: [AudienceID] = [], at time: Timestamp = .start
    ) -> LaunchRule {
        guard let sample = LaunchSample(basisPoints: sample) else {
            preconditionFailure("not a share: \(sample)")
        }
        return LaunchRule(
            id: .make(number), connectionID: .make(connection), studyID: .make(study),
            name: "Checkout, rule \(number)", status: status, trigger: trigger, surface: surface,
            prompt: prompt, priority: priority, pacing: pacing, schedule: schedule,
            sample: sample, excludedAudiences: excluded, createdAt: time)
    }
}

extension Invite {
    package static func make(
        _ number: Int = 1, rule: UInt8 = 1, study: UInt8 = 1, connection: UInt8 = 1,
        source: LaunchSource = .event, to matchID: String = "user-1", shown: Timestamp? = nil,
        dismissed: Timestamp? = nil, started: Timestamp? = nil, completed: Timestamp? = nil,
        at time: Timestamp = .start
    ) -> Invite {
        var invite = Invite(
            code: .make(number), connectionID: .make(connection), ruleID: .make(rule),
            studyID: .make(study), source: source, matchID: .make(matchID), createdAt: time)
        invite.shownAt = shown
        invite.dismissedAt = dismissed
        invite.startedAt = started
        invite.completedAt = completed
        return invite
    }
}

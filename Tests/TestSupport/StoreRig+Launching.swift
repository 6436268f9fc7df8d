import Audiences

// Short words for what the cases do with studies, rules and invites.

extension StoreRig {
    /// Makes study 1 and rule 1, or others.
    func launch(_ study: Study = .make(), _ rules: LaunchRule...) async throws {
        try await store.create(study, for: .test)
        for rule in rules { try await add(rule) }
    }

    func add(_ rule: LaunchRule) async throws {
        try await store.create(rule, for: .test)
    }

    /// What an app user's configuration holds; the invite's code is the `code`th if it is new.
    func load(
        _ matchID: String? = "user-1", from connection: UInt8 = 1, code: Int = 1,
        at time: Timestamp = .start
    ) async throws -> LaunchConfiguration {
        try await store.configuration(
            for: matchID.map { .make($0) }, of: .make(connection), fresh: .make(code), at: time)
    }

    func track(
        _ event: String = "checkout_failed", by matchID: String = "user-1",
        from connection: UInt8 = 1, code: Int = 1, at time: Timestamp = .start
    ) async throws -> LaunchOffer {
        try await store.offer(
            on: .make(event), to: .make(matchID), of: .make(connection), fresh: .make(code),
            at: time)
    }

    /// Accepts an invite as the SDK does.
    func accept(
        _ code: Int = 1, by matchID: String = "user-1", attempt: String? = nil,
        from connection: UInt8 = 1, at time: Timestamp = .start
    ) async throws -> LaunchOffer {
        try await store.start(
            .make(code), by: .make(matchID), of: .make(connection),
            attempt: attempt.map { .make($0) }, at: time)
    }

    @discardableResult
    func report(
        _ event: InviteEvent, of code: Int = 1, from connection: UInt8 = 1,
        at time: Timestamp = .start
    ) async throws -> Invite? {
        try await store.note(event, of: .make(code), of: .make(connection), at: time)
    }

    func set(_ settings: SDKSettings, of connection: UInt8 = 1) async throws {
        try await store.set(settings, of: .make(connection), at: .start, for: .test)
    }

    /// Why a rule is not chosen now; `nil` if it is.
    func reason(
        _ rule: UInt8 = 1, for matchID: String = "user-1", at time: Timestamp = .start
    ) async throws -> LaunchRefusal? {
        let verdicts = try await store.verdicts(
            for: .make(matchID), of: .make(1), at: time)
        return verdicts.first?.verdict.refusals.first { $0.rule == .make(rule) }?.reason
    }
}

extension LaunchOffer {
    var invite: Invite? {
        if case .invitation(let invitation) = self { invitation.invite } else { nil }
    }

    var refusal: LaunchRefusal? {
        if case .refused(let reason) = self { reason } else { nil }
    }
}

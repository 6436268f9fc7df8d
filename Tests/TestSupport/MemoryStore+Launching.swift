package import Audiences

extension MemoryStore: LaunchStore {
    package func configuration(
        for matchID: ExternalID?, of connection: ConnectionID, fresh: InviteCode,
        at now: Timestamp
    ) async throws(Failure) -> LaunchConfiguration {
        try access { state throws(Failure) in
            _ = try state.index(of: connection)
            let candidates = state.candidates(of: connection, at: now)
            var configuration = LaunchConfiguration(events: candidates.events)
            guard let matchID else { return configuration }
            let offer = try state.offer(
                .configurationLoad, among: candidates, to: matchID, of: connection, fresh: fresh,
                at: now)
            if case .invitation(let pending) = offer { configuration.pending = pending }
            return configuration
        }
    }

    package func configurationAtOnce(
        for matchID: ExternalID?, of connection: ConnectionID, at now: Timestamp,
        write: (LaunchConfiguration) -> [UInt8]
    ) -> [UInt8]? {
        let found = try? access { state throws(Failure) in
            _ = try state.index(of: connection)
            return state.configuration(for: matchID, of: connection, at: now)
        }
        return (found ?? nil).map(write)
    }

    package func offer(
        on event: EventName, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try access { state throws(Failure) in
            _ = try state.index(of: connection)
            return try state.offer(
                .event(event), among: state.candidates(of: connection, at: now), to: matchID,
                of: connection, fresh: fresh, at: now)
        }
    }

    package func offer(
        _ rule: LaunchRuleID, to matchID: ExternalID, of connection: ConnectionID,
        fresh: InviteCode, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try access { state throws(Failure) in
            guard let candidate = state.candidate(rule, at: now),
                candidate.rule.connectionID == connection
            else { return .refused(.unknownInvite) }
            return try state.offer(
                .link, among: [candidate], to: matchID, of: connection, fresh: fresh, at: now)
        }
    }

    package func start(
        _ code: InviteCode, by matchID: ExternalID?, of connection: ConnectionID?,
        attempt: ExternalID?, at now: Timestamp
    ) async throws(Failure) -> LaunchOffer {
        try access { state throws(Failure) in
            state.start(code, by: matchID, of: connection, attempt: attempt, at: now)
        }
    }

    package func note(
        _ event: InviteEvent, of code: InviteCode, of connection: ConnectionID,
        at now: Timestamp
    ) async throws(Failure) -> Invite? {
        try access { state throws(Failure) in
            state.note(event, of: code, of: connection, at: now)
        }
    }

    package func invites(
        matching filter: InviteFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Invite> {
        try access { state throws(Failure) in
            // Newest first: counted down from the number after all.
            let rows = state.invites.enumerated().reversed().compactMap { offset, stored in
                stored.map { (offset: Int.max - 1 - offset, element: $0.invite) }
            }
            return try state.page(rows.filter { filter.takes($0.element) }, range, "invites")
        }
    }

    package func invite(_ code: InviteCode) async throws(Failure) -> Invite? {
        try access { state throws(Failure) in
            state.invite(code)
        }
    }

    package func verdicts(
        for matchID: ExternalID, of connection: ConnectionID?, at now: Timestamp
    ) async throws(Failure) -> [(connection: ConnectionID, verdict: LaunchVerdict)] {
        try access { state throws(Failure) in
            if let connection { _ = try state.index(of: connection) }
            return state.connections.map(\.id).filter { (connection ?? $0) == $0 }
                .compactMap { id in
                    let candidates = state.candidates(of: id, at: now)
                    guard !candidates.isEmpty else { return nil }
                    let verdict = Eligibility.decide(
                        among: candidates, on: .question, for: state.person(matchID, of: id),
                        connectionCooldownHours: state.sdk[id]?.cooldownHours, at: now)
                    return (connection: id, verdict: verdict)
                }
        }
    }
}

extension InviteFilter {
    fileprivate func takes(_ invite: Invite) -> Bool {
        (connection ?? invite.connectionID) == invite.connectionID
            && (study ?? invite.studyID) == invite.studyID
            && (rule ?? invite.ruleID) == invite.ruleID
            && (matchID ?? invite.matchID) == invite.matchID
    }
}

extension MemoryStore: SDKStore {
    package func sdkSettings(of id: ConnectionID) async throws(Failure) -> SDKSettings? {
        try access { state throws(Failure) in
            _ = try state.index(of: id)
            return state.sdk[id]
        }
    }

    package func connection(
        having key: PublicKey
    ) async throws(Failure) -> (id: ConnectionID, settings: SDKSettings)? {
        try access { state throws(Failure) in
            state.sdk.first { $0.value.publicKey == key }.map { (id: $0.key, settings: $0.value) }
        }
    }

    package var sdkEdition: UInt64? {
        try? access { state throws(Failure) in state.sdkEdition }
    }

    package func changeSDK(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (SDKSettings?) throws(Failure) -> SDKSettings
    ) async throws(Failure) -> SDKSettings {
        try administer(operation) { state throws(Failure) in
            _ = try state.index(of: id)
            let before = state.sdk[id]
            var settings = try change(before)
            settings.firstSeenAt = before?.firstSeenAt
            guard let note = settings.note(replacing: before) else { return settings }
            let isTaken = state.sdk.contains {
                $0.key != id && $0.value.publicKey == settings.publicKey
            }
            guard !isTaken else {
                throw Failure(.conflict, "Another connection has this public key.")
            }
            state.sdk[id] = settings
            state.log(note, on: id.text, for: operation, at: now)
            return settings
        }
    }

    package func reseal(
        _ old: SealedSecret, as new: SealedSecret, identityOf id: ConnectionID
    ) async throws(Failure) {
        try access { state throws(Failure) in
            _ = try state.index(of: id)
            if state.sdk[id]?.identitySecret == old { state.sdk[id]?.identitySecret = new }
        }
    }

    package func noteFirstCall(
        of id: ConnectionID, at now: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            _ = try state.index(of: id)
            let first = state.sdk[id]?.firstSeenAt ?? now
            state.sdk[id]?.firstSeenAt = first
        }
    }
}

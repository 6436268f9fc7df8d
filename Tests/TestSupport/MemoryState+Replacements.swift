import Audiences

/// What becomes of replacements, and of what they replace.
extension MemoryState {
    /// Notes a diff for the replacement that waits, and for the diff's own session if that is one
    /// whose regular pages are still to come.
    mutating func noteDiff(_ diff: Diff, in audience: Int) {
        for position in sessions.indices where sessions[position].audience == audience {
            let session = sessions[position].session
            let isOwn = position == diff.session && session.action == .members
            if session.isWaiting || (isOwn && session.status == .applied) {
                sessions[position].diffs.append(diff)
            }
        }
    }

    mutating func giveUpReplacements(of audience: Int, except kept: Int? = nil) {
        for position in sessions.indices
        where position != kept && sessions[position].audience == audience
            && sessions[position].session.isWaiting
        {
            giveUp(position, .superseded)
        }
    }

    private mutating func giveUp(_ position: Int, _ status: SyncSession.Status) {
        sessions[position].session.status = status
        forgetLists(of: position)
    }

    private mutating func forgetLists(of position: Int) {
        sessions[position].pages = [:]
        sessions[position].diffs = []
        sessions[position].heldAt = nil
    }

    mutating func conclude(_ position: Int, at now: Timestamp) {
        let audience = sessions[position].audience
        let before = members(of: audience)
        let after = replacement(position, at: now)
        let counts = Replacement(
            membersBefore: before.count, membersStaying: after.count { before[$0.key] != nil },
            membersAfter: after.count)
        let connection = connections.first { $0.id == audiences[audience].connection }
        let conclusion = sessions[position].session.conclude(
            counts, guardedBy: connection?.guardMaxRemoved, at: now)
        switch conclusion {
        case .switchIn: switchIn(after, position, at: now)
        case .hold: sessions[position].heldAt = now
        }
    }

    /// The members a replacement leads to: its pages, then the diffs that came meanwhile.
    private func replacement(_ position: Int, at now: Timestamp) -> [Int: Stay] {
        let stored = sessions[position]
        let connection = audiences[stored.audience].connection
        var members: [Int: Stay] = [:]
        for (number, people) in stored.pages.sorted(by: { $0.key < $1.key }) {
            for person in people {
                members[person] = Stay(enteredAt: now, session: position, page: number)
            }
        }
        for diff in stored.diffs {
            for id in diff.people {
                let key = PersonKey(connection: connection, distinctID: id)
                guard let person = positions[key] else { continue }
                let stay = Stay(enteredAt: now, session: diff.session, page: diff.page)
                members[person] = diff.isAdd ? members[person] ?? stay : nil
            }
        }
        let current = self.members(of: stored.audience)
        for person in members.keys {
            members[person]?.enteredAt = current[person]?.enteredAt ?? now
        }
        return members
    }

    private mutating func switchIn(_ members: [Int: Stay], _ position: Int, at now: Timestamp) {
        let audience = sessions[position].audience
        snapshotsMade += 1
        snapshots[snapshotsMade] = Snapshot(audience: audience, members: members)
        show(snapshotsMade, of: audience, by: position, at: now)
        audiences[audience].asOf = now
        audiences[audience].reconcile = sessions[position].session.reconcileReason
        sessions[position].session.membersAfter = members.count
        forgetLists(of: position)
    }

    // MARK: By hand

    func heldSession(of audience: Int) -> Int? {
        sessions.firstIndex { $0.audience == audience && $0.session.status == .held }
    }

    mutating func decide(
        _ decision: HeldDecision, on id: AudienceID, at now: Timestamp
    ) throws(Failure) {
        let audience = try row(of: id)
        guard let position = heldSession(of: audience) else {
            throw Failure(.conflict, "No replacement of this audience is held.")
        }
        switch decision {
        case .accept:
            sessions[position].session.accept(at: now)
            switchIn(replacement(position, at: now), position, at: now)
        case .reject:
            giveUp(position, .rejected)
            audiences[audience].reconcile = .replacementRejected
        }
    }

    mutating func restore(_ id: AudienceID, at now: Timestamp) throws(Failure) {
        let audience = try row(of: id)
        let replaced = snapshots.filter { $0.value.audience == audience }
            .compactMap { key, value in value.retiredAt.map { (at: $0, snapshot: key) } }
        guard let newest = replaced.max(by: { $0 < $1 }) else {
            throw Failure(.conflict, "No earlier membership of this audience is kept.")
        }
        giveUpReplacements(of: audience)
        show(newest.snapshot, of: audience, by: nil, at: now)
        audiences[audience].reconcile = .restored
    }

    mutating func erase(
        matching id: ExternalID, staysErased: Bool, at now: Timestamp
    ) -> Int {
        let matching = people(matching: id)
        for person in matching {
            for audience in audiences.indices { leave(person, audience, by: nil, at: now) }
            for snapshot in snapshots.keys { snapshots[snapshot]?.members[person] = nil }
            let key = PersonKey(
                connection: people[person].connection, distinctID: people[person].person.distinctID)
            for position in sessions.indices { forget(person, key, in: position) }
            positions[key] = nil
            people[person].isErased = true
        }
        forgetInvites(to: id, and: matching)
        forgetInReadings([id] + matching.map { people[$0].person.distinctID })
        if staysErased {
            erased.formUnion(matching.map { people[$0].person.distinctID })
            erased.insert(id)
        }
        return matching.count
    }

    private mutating func forget(_ person: Int, _ key: PersonKey, in position: Int) {
        guard audiences[sessions[position].audience].connection == key.connection else { return }
        for number in sessions[position].pages.keys {
            sessions[position].pages[number]?.remove(person)
        }
        for index in sessions[position].diffs.indices {
            sessions[position].diffs[index].people.removeAll { $0 == key.distinctID }
        }
    }

    // MARK: Housekeeping

    mutating func tidy(at now: Timestamp) {
        for position in sessions.indices {
            let stored = sessions[position]
            if stored.session.status == .filling,
                now.since(stored.session.startedAt) > Limits.sessionAgeMillisecondsMax
            {
                giveUp(position, .expired)
            }
            if let heldAt = stored.heldAt, now.since(heldAt) > retention.snapshotsMilliseconds {
                giveUp(position, .expired)
                audiences[stored.audience].reconcile = .replacementExpired
            }
            if now.since(stored.session.startedAt) > retention.syncLogMilliseconds,
                !sessions[position].session.isWaiting,
                audiences[stored.audience].lastSession != position
            {
                sessions[position].isForgotten = true
            }
        }
        tidyHooks(
            before: Timestamp(milliseconds: now.milliseconds - retention.hookLogMilliseconds))
        tidyInvites(at: now)
        reconciliations.removeAll { stored in
            stored.reconciliation.finishedAt.map {
                now.since($0) > retention.syncLogMilliseconds
            } ?? false
        }
        snapshots = snapshots.filter { _, snapshot in
            snapshot.retiredAt.map { now.since($0) <= retention.snapshotsMilliseconds } ?? true
        }
        answers = answers.filter { $0.value.isKept(at: now) }
        feed.forget(
            before: Timestamp(milliseconds: now.milliseconds - retention.changesMilliseconds))
    }
}

extension SyncSession {
    /// A replacement whose lists are still needed.
    fileprivate var isWaiting: Bool { status == .filling || status == .held }
}

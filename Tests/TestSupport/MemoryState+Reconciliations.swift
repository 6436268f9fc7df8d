import Audiences

extension MemoryState {
    struct StoredReconciliation {
        var audience: Int
        var reconciliation: Reconciliation
        var worker: String?
        var leaseEnd: Timestamp?
        /// `nil` while it waits for its first page, and when nothing of it is kept.
        var reading: Reading?
        var isCompared: Bool { reconciliation.result != nil }
    }

    /// What was read of Mixpanel's list, and what pages said meanwhile.
    struct Reading {
        let snapshot: Int
        /// How many sessions there were when it began.
        let sessions: Int
        var listed: Set<ExternalID> = []
        /// Those of the list who were members.
        var members: Set<ExternalID> = []
        var missing: [MemberRecord] = []
        var extra: [ExternalID] = []
        var named: Set<ExternalID> = []
        var isDoubted = false
        var isOpen = true
        /// How many of the differences have been gone through.
        var mended = 0
    }

    func position(of id: ReconciliationID) throws(Failure) -> Int {
        let found = reconciliations.firstIndex {
            $0.reconciliation.id == id && !audiences[$0.audience].isDeleted
        }
        guard let found else { throw Failure(.notFound, "There is no such reconciliation.") }
        return found
    }

    func position(
        of id: ReconciliationID, heldBy worker: String
    ) throws(Failure) -> Int {
        let position = try position(of: id)
        let stored = reconciliations[position]
        guard !stored.reconciliation.status.isFinal, stored.worker == worker else {
            throw Failure(.conflict, "Somebody else works on the reconciliation.")
        }
        return position
    }

    /// Throws `gone` if the membership was replaced since the reading began.
    func reading(at position: Int) throws(Failure) -> Reading {
        guard let reading = reconciliations[position].reading else {
            throw Failure(.internal, "The reading is missing.")
        }
        guard !isOvertaken(reading, reconciliations[position].audience) else {
            throw Failure(.gone, "Mixpanel sent the whole cohort meanwhile.")
        }
        return reading
    }

    func isOvertaken(_ reading: Reading, _ audience: Int) -> Bool {
        reading.snapshot != audiences[audience].snapshot
            || sessions.dropFirst(reading.sessions).contains {
                $0.audience == audience && $0.session.action == .members
                    && $0.session.status != .applied
            }
    }

    mutating func noteNamed(by page: SyncPage, _ change: Change, in audience: Int) {
        guard change.effect == .add || change.effect == .remove else { return }
        for position in reconciliations.indices
        where reconciliations[position].audience == audience
            && reconciliations[position].reading?.isOpen == true
        {
            reconciliations[position].reading?.named.formUnion(page.members.map(\.distinctID))
            if change.reconcile != nil { reconciliations[position].reading?.isDoubted = true }
        }
    }

    mutating func forgetInReadings(_ ids: [ExternalID]) {
        for position in reconciliations.indices {
            reconciliations[position].reading?.missing.removeAll { record in
                if case .set(let reference) = record.reference, ids.contains(reference) {
                    return true
                }
                return ids.contains(record.distinctID)
            }
            reconciliations[position].reading?.extra.removeAll { ids.contains($0) }
        }
    }

    mutating func beginReading(at position: Int) {
        reconciliations[position].reading = Reading(
            snapshot: audiences[reconciliations[position].audience].snapshot,
            sessions: sessions.count)
    }

    mutating func keep(_ people: [MemberRecord], at position: Int) throws(Failure) -> Int {
        var reading = try reading(at: position)
        let current = memberIDs(of: reconciliations[position].audience)
        let before = reading.listed.count
        for record in people where reading.listed.insert(record.distinctID).inserted {
            if current.contains(record.distinctID) {
                reading.members.insert(record.distinctID)
            } else {
                reading.missing.append(record)
            }
        }
        reconciliations[position].reading = reading
        return reading.listed.count - before
    }

    mutating func compare(
        at position: Int, notExported: Int?
    ) throws(Failure) -> Reconciliation.Differences {
        if let known = reconciliations[position].reconciliation.result { return known }
        var reading = try reading(at: position)
        let current = memberIDs(of: reconciliations[position].audience)
        let missing = reading.missing.filter { !reading.named.contains($0.distinctID) }
        let unlisted = current.subtracting(reading.members)
        reading.extra = unlisted.subtracting(reading.named).sorted()
        let known = Set(
            people.filter { !$0.isErased }.map(\.person.distinctID))
        let left = reading.members.subtracting(current).intersection(known)
        let stayedAway = reading.missing.count {
            reading.named.contains($0.distinctID) && !current.contains($0.distinctID)
        }
        let result = Reconciliation.Differences(
            missing: missing.count, extra: reading.extra.count, notExported: notExported,
            changedMeanwhile: stayedAway + unlisted.count - reading.extra.count + left.count,
            matching: current.intersection(reading.members).count)
        reading.missing = missing
        reconciliations[position].reading = reading
        reconciliations[position].reconciliation.result = result
        return result
    }

    /// Returns whether there is more to be mended.
    mutating func repair(
        at position: Int, limit: Int, _ now: Timestamp
    ) throws(Failure) -> Bool {
        guard reconciliations[position].isCompared else {
            throw Failure(.conflict, "The reconciliation has not been compared yet.")
        }
        let reading = try reading(at: position)
        let missing = reading.missing.map { (SyncAction.addMembers, $0) }
        let extra = reading.extra.map { (SyncAction.removeMembers, MemberRecord(distinctID: $0)) }
        let rest = (missing + extra).dropFirst(reading.mended).prefix(limit)
        for action in [SyncAction.addMembers, .removeMembers] {
            let people = rest.filter { $0.0 == action }.map(\.1)
                .filter { !reading.named.contains($0.distinctID) }
            mend(action, people, position, at: now)
        }
        reconciliations[position].reading?.mended += rest.count
        return reading.mended + rest.count < missing.count + extra.count
    }

    private mutating func mend(
        _ action: SyncAction, _ people: [MemberRecord], _ position: Int, at now: Timestamp
    ) {
        guard !people.isEmpty else { return }
        let stored = reconciliations[position]
        let page = withoutErased(
            SyncPage(
                action: action, cohort: audiences[stored.audience].cohort,
                sessionID: SyncSession.repairSession(stored.reconciliation.id),
                position: .irregular, members: MemberList(people)))
        let session = findSession(page, stored.audience, now)
        let change = sessions[session].session.mend(page, at: now)
        apply(change, of: page, to: stored.audience, session, at: now)
        audiences[stored.audience].lastSession = session
    }

    mutating func conclude(
        at position: Int, as status: Reconciliation.Status, message: String?,
        resumesAt: Timestamp?, _ now: Timestamp
    ) {
        if status == .finished { trust(reconciliations[position]) }
        reconciliations[position].worker = nil
        reconciliations[position].reconciliation.status = status.isFinal ? status : .waiting
        reconciliations[position].reconciliation.message = message
        reconciliations[position].reconciliation.resumesAt = resumesAt
        if status.isFinal {
            reconciliations[position].reconciliation.finishedAt = now
            reconciliations[position].reconciliation.resumesAt = nil
            reconciliations[position].reading?.isOpen = false
        } else if reconciliations[position].reconciliation.progress.pagesRead == 0 {
            reconciliations[position].reading = nil
        }
    }

    func isMended(_ stored: StoredReconciliation) -> Bool {
        guard let result = stored.reconciliation.result, let reading = stored.reading else {
            return false
        }
        return stored.reconciliation.repairs && result.missing + result.extra > 0
            && reading.mended == reading.missing.count + reading.extra.count
    }

    private mutating func trust(_ stored: StoredReconciliation) {
        guard let result = stored.reconciliation.result, let reading = stored.reading,
            !reading.isDoubted, !isOvertaken(reading, stored.audience)
        else { return }
        if result.missing + result.extra == 0 || isMended(stored) {
            audiences[stored.audience].reconcile = nil
        }
    }

    private func memberIDs(of audience: Int) -> Set<ExternalID> {
        Set(members(of: audience).keys.map { people[$0].person.distinctID })
    }
}

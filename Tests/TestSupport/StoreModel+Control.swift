package import Audiences

extension StoreModel.Session {
    /// Counts a page of a diff; true if the diff is now complete.
    mutating func countDiff(_ place: PagePosition, _ tally: [Int]) -> Bool {
        switch place {
        case .page(let number, let total): count(number, of: total, tally)
        case .absent:
            unnumbered += 1
            addUnnumbered(tally)
        case .irregular:
            irregular += 1
            addUnnumbered(tally)
        }
        return total.map { received >= $0 } ?? (place == .absent)
    }

    mutating func count(_ number: Int, of announced: Int, _ tally: [Int]) {
        total = max(total ?? 0, announced)
        if tallies.updateValue(tally, forKey: number) != nil { repeated += 1 }
    }

    mutating func addUnnumbered(_ tally: [Int]) {
        for column in tally.indices { entriesUnnumbered[column] += tally[column] }
    }
}

extension StoreModel.Audience {
    /// Makes these the members.
    mutating func show(
        _ next: [String: Timestamp], _ session: String?, at now: Timestamp
    ) {
        for name in Set(members.keys).symmetricDifference(next.keys) {
            let event = StoreModel.Event(isIn: next[name] != nil, at: now, session: session)
            events[name, default: []].append(event)
            eventsTold += 1
        }
        members = next
    }

    /// Who a session's pages and diffs make members.
    func members(after position: Int, knowing people: [String: String?]) -> Set<String> {
        guard let lists = lists[position] else { return [] }
        var names = Set(lists.pages.values.joined())
        for diff in lists.diffs {
            // Who left before a page made them known is nobody.
            let known = diff.people.filter { people[$0] != nil }
            if diff.isAdd { names.formUnion(known) } else { names.subtract(known) }
        }
        return names
    }

    mutating func giveUp(_ status: SyncSession.Status) {
        for position in sessions.indices where sessions[position].isWaiting {
            giveUp(position, status)
        }
    }

    private mutating func giveUp(_ position: Int, _ status: SyncSession.Status) {
        sessions[position].status = status
        lists[position] = nil
    }

    /// Gives up what is too old to wait, or to be put back.
    mutating func expire(at now: Timestamp) {
        let days = Retention().snapshotsMilliseconds
        for position in sessions.indices where sessions[position].isWaiting {
            if let heldAt = lists[position]?.heldAt {
                guard now.since(heldAt) > days else { continue }
                reconcile = .replacementExpired
                giveUp(position, .expired)
            } else if now.since(sessions[position].startedAt) > 24 * 3_600_000 {
                giveUp(position, .expired)
            }
        }
        replaced.removeAll { now.since($0.at) > days }
    }
}

extension StoreModel {
    package var eventsTold: Int64 { audiences.values.reduce(0) { $0 + $1.eventsTold } }

    package func held(_ key: HistoryAudience) -> Int? {
        audiences[key]?.sessions.firstIndex { $0.status == .held }
    }

    /// False if nothing is held.
    package mutating func decide(
        _ decision: HeldDecision, _ key: HistoryAudience, at now: Timestamp
    ) -> Bool {
        guard let position = held(key), let audience = audiences[key] else { return false }
        switch decision {
        case .accept:
            let after = audience.members(after: position, knowing: people[key.connection] ?? [:])
            switchIn(key, position, after, at: now)
        case .reject:
            change(key) { audience in
                audience.giveUp(.rejected)
                audience.reconcile = .replacementRejected
            }
        }
        return true
    }

    /// False if nothing is kept that could be put back.
    package mutating func restore(_ key: HistoryAudience, at now: Timestamp) -> Bool {
        guard let newest = audiences[key]?.replaced.last else { return false }
        change(key) { audience in
            audience.giveUp(.superseded)
            audience.replaced.removeLast()
            audience.replaced.append((audience.members, now))
            audience.show(newest.members, nil, at: now)
            audience.reconcile = .restored
        }
        return true
    }

    /// The names of those who match, by connection.
    package func matching(_ id: String) -> [(connection: UInt8, name: String)] {
        people.flatMap { connection, people in
            people.filter { ($0.value ?? $0.key) == id }.map { (connection, $0.key) }
        }
    }

    package mutating func erase(_ id: String, staysErased: Bool) -> Int {
        let matching = matching(id)
        for (connection, name) in matching {
            for key in audiences.keys where key.connection == connection {
                change(key) { audience in
                    if audience.members.removeValue(forKey: name) != nil {
                        audience.eventsTold += 1
                    }
                    audience.events[name] = nil
                    for index in audience.replaced.indices {
                        audience.replaced[index].members[name] = nil
                    }
                    audience.lists = audience.lists.mapValues { $0.without(name) }
                }
            }
            people[connection]?[name] = nil
        }
        if staysErased { erased.formUnion(matching.map(\.name) + [id]) }
        return matching.count
    }

    /// Whether age would change something that readers may notice.
    func isDue(at now: Timestamp) -> Bool {
        audiences.values.contains { audience in
            var copy = audience
            copy.expire(at: now)
            return copy.sessions != audience.sessions
                || copy.replaced.count != audience.replaced.count
        }
    }

    mutating func expire(at now: Timestamp) {
        for key in audiences.keys { change(key) { $0.expire(at: now) } }
    }

    /// Since when somebody was in an audience at a past moment, and in which.
    func entrances(_ id: String, at moment: Timestamp) -> [HistoryAudience: Timestamp] {
        let matching = matching(id)
        var found: [HistoryAudience: Timestamp] = [:]
        for (key, audience) in audiences {
            let entered = matching.filter { $0.connection == key.connection }.compactMap {
                let last = audience.events[$0.name]?.last { $0.at <= moment }
                return last?.isIn == true ? last?.at : nil
            }
            found[key] = entered.min()
        }
        return found
    }
}

extension StoreModel.Lists {
    fileprivate func without(_ name: String) -> StoreModel.Lists {
        var copy = self
        copy.pages = pages.mapValues { $0.filter { $0 != name } }
        for index in copy.diffs.indices { copy.diffs[index].people.removeAll { $0 == name } }
        return copy
    }
}

import Audiences

extension MemoryState {
    struct StoredHook {
        var hook: Hook
        /// The last change it was told of.
        var toldTo: Int64 = 0
        var deliveries: [StoredDelivery] = []
    }

    struct StoredDelivery {
        var delivery: HookDelivery
        let told: Told
        /// When that happened.
        let at: Timestamp
    }

    enum Told {
        case invite(InviteCode)
        case change(Int64)
        case nothing
    }

    mutating func setHook(
        _ hook: Hook?, of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) {
        let old = hooks[id]
        guard let note = Hook.note(from: old?.hook, to: hook) else { return }
        if let hook {
            var stored = old ?? StoredHook(hook: hook)
            stored.hook = hook
            if hook.followsChanges, old?.hook.followsChanges != true { stored.toldTo = feed.latest }
            hooks[id] = stored
        } else {
            hooks[id] = nil
        }
        log(note, on: id.text, for: operation, at: now)
    }

    mutating func nextDeliveryID() -> HookDeliveryID {
        deliveriesMade += 1
        let number = deliveriesMade
        return .make(from: (0..<16).map { UInt8((number >> ($0 * 5)) & 31) })
    }

    /// Returns whether more is due.
    mutating func followChanges(at now: Timestamp) -> Bool {
        var isMore = false
        for id in hooks.keys {
            guard let stored = hooks[id], stored.hook.followsChanges,
                stored.deliveries.count(where: { $0.delivery.status == .waiting })
                    < Limits.hookBacklogMax
            else { continue }
            let rows = feed.rows.filter { $0.sequence > stored.toldTo }.prefix(500)
            hooks[id]?.toldTo = rows.last?.sequence ?? stored.toldTo
            for row in rows {
                let kind = HookEvent.Kind(row.kind)
                guard audiences[row.audience].connection == id,
                    !people[row.person].isErased, stored.hook.wants(kind)
                else { continue }
                let delivery = HookDelivery(
                    id: nextDeliveryID(), connectionID: id, kind: kind, createdAt: now)
                hooks[id]?.deliveries.append(
                    StoredDelivery(delivery: delivery, told: .change(row.sequence), at: row.at))
            }
            isMore = isMore || (hooks[id]?.toldTo ?? 0) < feed.latest
        }
        return isMore
    }

    func event(_ stored: StoredDelivery) -> HookEvent? {
        let subject: HookEvent.Subject?
        switch stored.told {
        case .nothing: subject = .nothing
        case .invite(let code):
            subject = invite(code).map { .invite($0.asOf(stored.at)) }
        case .change(let sequence):
            let row = feed.rows.first { $0.sequence == sequence }.map(change)
            subject = row.flatMap { $0.person == nil ? nil : .change($0) }
        }
        return subject.map { HookEvent(kind: stored.delivery.kind, at: stored.at, subject: $0) }
    }

    mutating func claimDeliveries(
        of id: ConnectionID, limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) -> [HookMessage] {
        guard let stored = hooks[id], stored.hook.isOn else { return [] }
        let due = stored.deliveries.indices.filter { index in
            stored.deliveries[index].delivery.nextAttemptAt.map { $0 <= now } ?? false
        }.sorted { left, right in
            let times = [left, right].map {
                stored.deliveries[$0].delivery.nextAttemptAt?.milliseconds ?? 0
            }
            return times[0] < times[1]
        }
        var messages: [HookMessage] = []
        for index in due.prefix(limit) {
            var delivery = stored.deliveries[index].delivery
            if let event = event(stored.deliveries[index]) {
                delivery.nextAttemptAt = leaseEnd
                messages.append(HookMessage(delivery: delivery, event: event))
            } else {
                delivery.giveUp(HookDelivery.nothingToTell)
            }
            hooks[id]?.deliveries[index].delivery = delivery
        }
        return messages
    }

    /// Removes what is too old, and what is more than is kept.
    mutating func tidyHooks(before limit: Timestamp) {
        for id in hooks.keys {
            guard let count = hooks[id]?.deliveries.count else { continue }
            let surplus = max(0, count - Limits.hookLogItemsMax)
            let kept = hooks[id]?.deliveries.enumerated().filter { index, stored in
                stored.delivery.queuedAt >= limit
                    && (index >= surplus || stored.delivery.status == .waiting)
            }
            hooks[id]?.deliveries = kept?.map(\.element) ?? []
        }
    }
}

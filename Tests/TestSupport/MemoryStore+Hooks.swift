package import Audiences

extension MemoryStore: HookStore {
    package func hook(of id: ConnectionID) async throws(Failure) -> Hook? {
        try access { state throws(Failure) in state.hooks[id]?.hook }
    }

    @discardableResult
    package func changeHook(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Hook?) throws(Failure) -> Void
    ) async throws(Failure) -> Hook? {
        try administer(operation) { state throws(Failure) in
            _ = try state.index(of: id)
            var hook = state.hooks[id]?.hook
            try change(&hook)
            state.setHook(hook, of: id, at: now, for: operation)
            return hook
        }
    }

    package func followChanges(at now: Timestamp) async throws(Failure) -> Bool {
        try access { state throws(Failure) in state.followChanges(at: now) }
    }

    package func dueHooks(at now: Timestamp) async throws(Failure) -> [ConnectionID] {
        try access { state throws(Failure) in
            state.hooks.values.filter { stored in
                stored.hook.isOn
                    && stored.deliveries.contains {
                        $0.delivery.nextAttemptAt.map { $0 <= now } ?? false
                    }
            }.map(\.hook.connectionID)
        }
    }

    package func hookBacklog() async throws(Failure) -> HookBacklog {
        try access { state throws(Failure) in
            let waiting = state.hooks.values.filter(\.hook.isOn).flatMap(\.deliveries)
                .map(\.delivery).filter { $0.status == .waiting }
            return HookBacklog(waiting: waiting.count, oldest: waiting.map(\.queuedAt).min())
        }
    }

    package func claimDeliveries(
        of id: ConnectionID, limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> [HookMessage] {
        try access { state throws(Failure) in
            state.claimDeliveries(of: id, limit: limit, until: leaseEnd, at: now)
        }
    }

    package func conclude(
        _ delivery: HookDelivery, sentTo url: HookURL, at now: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let id = delivery.connectionID
            let index = state.hooks[id]?.deliveries.firstIndex { $0.delivery.id == delivery.id }
            guard let index, var hook = state.hooks[id]?.hook else { return }
            state.hooks[id]?.deliveries[index].delivery = delivery
            hook.hear(of: delivery, from: url, at: now)
            state.setHook(hook, of: id, at: now, for: Operation(by: .server))
        }
    }

    package func deliveries(
        of id: ConnectionID, status: HookDelivery.Status?, _ range: ListRange
    ) async throws(Failure) -> ListPage<HookDelivery> {
        try access { state throws(Failure) in
            guard let stored = state.hooks[id] else { throw Failure.noHook }
            // Newest first: counted down from the number after all.
            let rows = stored.deliveries.enumerated().reversed()
                .map { (offset: Int.max - 1 - $0.offset, element: $0.element.delivery) }
                .filter { status == nil || $0.element.status == status }
            return try state.page(rows, range, "deliveries")
        }
    }

    package func replay(
        _ delivery: HookDeliveryID, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> HookDelivery {
        try administer(operation) { state throws(Failure) in
            let index = state.hooks[id]?.deliveries.firstIndex { $0.delivery.id == delivery }
            guard let index, var stored = state.hooks[id] else { throw Failure.noDelivery }
            guard stored.hook.isOn else { throw Failure.hookIsOff }
            stored.deliveries[index].delivery.replay(at: now)
            state.hooks[id] = stored
            let note = AuditNote(.deliveryReplayed, [delivery.text])
            state.log(note, on: id.text, for: operation, at: now)
            return stored.deliveries[index].delivery
        }
    }

    package func sendTest(
        _ delivery: HookDelivery, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            let id = delivery.connectionID
            guard let hook = state.hooks[id]?.hook else { throw Failure.noHook }
            guard hook.isOn else { throw Failure.hookIsOff }
            state.hooks[id]?.deliveries.append(
                MemoryState.StoredDelivery(
                    delivery: delivery, told: .nothing, at: delivery.createdAt))
            state.log(
                AuditNote(.hookTested), on: id.text, for: operation, at: delivery.createdAt)
        }
    }
}

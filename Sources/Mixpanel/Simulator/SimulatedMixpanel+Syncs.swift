package import Audiences

extension SimulatedMixpanel {
    /// What whoever does the sending has to do next.
    package enum SyncStep: Sendable {
        /// Post it, then report ``SimulatedMixpanel/answered(_:status:body:at:)``.
        case post(SimulatedPost)
        /// Wait, then report ``SimulatedMixpanel/waited(_:)``.
        case wait(Duration)
        case rest(SimulatedSync.Outcome)
    }

    package var syncs: [SimulatedSyncID] {
        destinations.flatMap { destination in
            destination.syncs.map {
                SimulatedSyncID(destination: destination.id, cohort: $0.cohort)
            }
        }
    }

    /// Those whose next run should begin now.
    package func dueSyncs(at time: Timestamp) -> [SimulatedSyncID] {
        guard let cycle = settings.cycle else { return [] }
        return syncs.filter { self[$0]?.isDue(at: here(time), every: cycle) == true }
    }

    package subscript(id: SimulatedSyncID) -> SimulatedSync? {
        get {
            place(of: id).map { destinations[$0.destination].syncs[$0.sync].sync }
        }
        set {
            guard let newValue, let place = place(of: id) else { return }
            destinations[place.destination].syncs[place.sync].sync = newValue
        }
    }

    private func place(of id: SimulatedSyncID) -> (destination: Int, sync: Int)? {
        guard
            let destination = destinations.firstIndex(where: {
                $0.id.utf8.elementsEqual(id.destination.utf8)
            }),
            let sync = destinations[destination].syncs.firstIndex(where: {
                $0.cohort.utf8.elementsEqual(id.cohort.utf8)
            })
        else { return nil }
        return (destination, sync)
    }

    /// Begins a run; `nil` if there is nothing to run, or not now.
    package mutating func start(_ id: SimulatedSyncID, at time: Timestamp) -> SyncStep? {
        guard let cohort = world.cohort(id.cohort) else { return nil }
        let session = random.uuid()
        let now = here(time)
        return follow(id) { $0.start(cohort.exported, sessionID: session, at: now) }
    }

    /// Takes the answer to the page that was sent last; a status of `nil` means there was none.
    package mutating func answered(
        _ id: SimulatedSyncID, status: Int?, body: [UInt8], at time: Timestamp
    ) -> SyncStep? {
        guard case .send(let export, let page) = self[id]?.current else { return nil }
        let verdict =
            status.map { Verdict(status: $0, body: body, to: export.action) }
            ?? .retry(why: "no answer")
        deliveryCount += 1
        if deliveries.count >= SimulatorLimits.deliveriesMax { deliveries.removeFirst() }
        deliveries.append(
            SimulatedDelivery(
                number: deliveryCount, sync: id, action: export.action,
                sessionID: String(decoding: export.sessionID, as: UTF8.self), page: page,
                pageCount: export.pageCount, memberCount: export.people(onPage: page).count,
                verdict: verdict, status: status))
        let now = here(time)
        return follow(id) { $0.answered(verdict, at: now) }
    }

    /// Goes on after a wait.
    package mutating func waited(_ id: SimulatedSyncID) -> SyncStep? {
        follow(id) { $0.waited() }
    }

    private mutating func follow(
        _ id: SimulatedSyncID, _ event: (inout SimulatedSync) -> SimulatedSync.Step?
    ) -> SyncStep? {
        guard var sync = self[id] else { return nil }
        let step = event(&sync)
        self[id] = sync
        switch step {
        case nil: return nil
        case .wait(let duration): return .wait(duration)
        case .rest(let outcome): return .rest(outcome)
        case .send(let export, let page):
            guard let cohort = world.cohort(id.cohort),
                let place = place(of: id)
            else { return nil }
            let destination = destinations[place.destination]
            return .post(
                SimulatedPost(
                    url: destination.url, authorization: destination.authorization,
                    body: export.body(ofPage: page, as: cohort.name, person: world.person),
                    action: export.action))
        }
    }
}

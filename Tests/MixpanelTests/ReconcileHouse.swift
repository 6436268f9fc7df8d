import Audiences
import Synchronization
import TestSupport
import Testing

@testable import Mixpanel

/// A simulated Mixpanel, a store, a connected service account, and what works between them.
final class ReconcileHouse: Sendable {
    let mixpanel: SimulatedHouse
    let store = MemoryStore()
    private let time = Mutex(Timestamp.start)
    private let answer = Mutex<MixpanelUnreachable?>(nil)
    private let asked = Mutex(0)
    private let forgets = Mutex(false)
    /// What to do before the query of this number, from 1.
    private let interruption = Mutex<(query: Int, act: @Sendable () async throws -> Void)?>(nil)

    init(members: Int = 10, region: MixpanelRegion = .eu) throws {
        mixpanel = try SimulatedHouse(region: region, members: members)
    }

    var now: Timestamp { time.withLock { $0 } }
    /// How often Mixpanel was asked for people.
    var queries: Int { asked.withLock { $0 } }

    func advance(milliseconds: Int64) {
        time.withLock { $0 = $0.after(milliseconds) }
    }

    func cut(_ why: MixpanelUnreachable?) {
        answer.withLock { $0 = why }
    }

    /// From now on Mixpanel knows no query that it was asked before.
    func forgetQueries() {
        forgets.withLock { $0 = true }
    }

    /// Lets something happen just before Mixpanel answers its `query`th request for people.
    func before(query: Int, _ act: @escaping @Sendable () async throws -> Void) {
        interruption.withLock { $0 = (query, act) }
    }

    var accounts: ServiceAccounts {
        ServiceAccounts(
            mixpanel: MixpanelAPI(
                exchange: { [self] request throws(MixpanelUnreachable) in
                    if let why = answer.withLock({ $0 }) { throw why }
                    if request.url.contains("engage") {
                        let number = asked.withLock { count in
                            count += 1
                            return count
                        }
                        if let due = interruption.withLock({ $0 }), due.query == number {
                            try? await due.act()
                        }
                    }
                    let body = String(decoding: request.body ?? [], as: UTF8.self)
                    if forgets.withLock({ $0 }), body.contains("session_id=") {
                        return MixpanelResponse(status: 400, body: Array("{}".utf8))
                    }
                    return mixpanel.mixpanel.withLock {
                        $0.answer(to: SimulatedRequest(request), at: now)
                    }.response
                }, hosts: MixpanelHosts(simulatedAt: "http://mixpanel.test"), now: { self.now }),
            connections: store, quota: store, sealing: .plain, now: { self.now })
    }

    func reconciler(_ worker: String = "w1") -> Reconciler {
        Reconciler(
            reconciliations: store, audiences: store, connections: store, accounts: accounts,
            worker: worker, pause: {})
    }

    // MARK: Setting up

    @discardableResult
    func connect(guardedBy fraction: RemovedFraction? = nil) async throws -> Connection {
        var connection = Connection.make()
        connection.guardMaxRemoved = fraction
        connection.serviceAccount = try await accounts.connect(
            username: mixpanel.credential.username, secret: mixpanel.credential.secret,
            for: connection.id)
        try await store.create(connection)
        return connection
    }

    /// The distinct ids of the cohort, those who have been there longest first.
    func cohort() -> [String] {
        mixpanel.mixpanel.withLock { mixpanel in
            mixpanel.world.cohorts[0].exported.map {
                String(decoding: mixpanel.world.person($0).distinctID, as: UTF8.self)
            }
        }
    }

    /// Sends a page of the cohort's audience.
    func send(
        _ action: SyncAction, _ people: [String], session: String
    ) async throws {
        let page = SyncPage.make(
            action, people, session: session, cohort: "21", project: "7")
        _ = try await store.record(page, from: .make(), at: now)
    }

    func audience() async throws -> Audience {
        try #require(
            try await store.audiences(matching: AudienceFilter(), ListRange()).items.first)
    }

    func members() async throws -> Set<String> {
        var members: Set<String> = []
        var range = ListRange(limit: 1000)
        repeat {
            let page = try await store.members(of: audience().id, range)
            members.formUnion(page.items.map(\.person.distinctID.text))
            range.after = page.next
        } while range.after != nil
        return members
    }

    func start(repairs: Bool = false, force: Bool = false) async throws {
        let reconciliation = Reconciliation(
            id: .make(1), audience: try await audience().id, repairs: repairs, isForced: force,
            createdAt: now)
        try await store.start(reconciliation, for: .test)
    }

    /// Connects, fills the audience with `people`, and starts.
    func prepare(_ people: [String], repairs: Bool = true, force: Bool = false) async throws {
        try await connect()
        try await send(.members, people, session: "S1")
        try await start(repairs: repairs, force: force)
    }

    /// Works until nothing is due; returns what became of the last reconciliation.
    @discardableResult
    func work() async throws -> ReconciliationOutcome? {
        var last: ReconciliationOutcome?
        while let outcome = try await reconciler().work() { last = outcome }
        return last
    }

    func reconciliation() async throws -> Reconciliation {
        try #require(try await store.reconciliation(.make(1)))
    }
}

import Audiences
import Logging
import Synchronization
import TestSupport
import Testing

@testable import muster

/// Who is served when; the sending itself is a function of the test's.
@Suite(.timeLimit(.minutes(30))) struct DeliveringTests {
    private let store = MemoryStore()
    private let desk = SendingDesk()

    private func addHook(_ connection: UInt8 = 1, deliveries: Int) async throws {
        let id = ConnectionID.of(connection)
        try await store.create(Connection(id: id, name: "Lumen", createdAt: .start))
        let url = try #require(HookURL("https://hooks.lumen.example/\(connection)"))
        try await store.changeHook(of: id, at: .start, for: .test) { hook in
            hook = Hook(
                connectionID: id, url: url, events: [.inviteStarted],
                secrets: [HookSecret(sealed: SealedSecret("s"), createdAt: .start)],
                createdAt: .start)
        }
        for number in 0..<deliveries {
            let bytes = [connection, UInt8(number & 31), UInt8(number >> 5 & 31)]
            let delivery = HookDelivery(
                id: .make(from: bytes + [UInt8](repeating: 0, count: 13)), connectionID: id,
                kind: .test, createdAt: .start)
            try await store.sendTest(delivery, for: .test)
        }
    }

    private func statuses(_ connection: UInt8 = 1) async throws -> [HookDelivery.Status] {
        try await store.deliveries(
            of: .of(connection), status: nil, ListRange(limit: 1000)
        ).items.map(\.status)
    }

    /// Lets the service work until `isDone`, and then cancels it.
    private func work(
        on hooks: (any HookStore)? = nil, period: Duration = .milliseconds(5),
        metrics: HookMetrics = HookMetrics(),
        until isDone: @escaping () async throws -> Bool
    ) async throws {
        var service = Delivering(
            hooks: hooks ?? store, send: desk.send, rest: desk.rest, now: { .start },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            timeout: .seconds(1))
        service.period = period
        service.metrics = metrics
        let task = Task { [service] in await service.deliver() }
        while try await !isDone() { await Task.yield() }
        task.cancel()
        await task.value
    }

    @Test func whatIsDueIsSentOnceAndNoted() async throws {
        let count = Delivering.shiftDeliveriesMax + 50
        try await addHook(deliveries: count)
        try await work { try await statuses().allSatisfy { $0 == .delivered } }
        #expect(desk.sent.count == count)
        #expect(Set(desk.sent.map(\.id)).count == count)
        #expect(desk.atOnceMost <= Delivering.attemptsAtOnceMax)
        #expect(desk.rests >= 1)
    }

    @Test func oneThatDoesNotAnswerHoldsUpNobodyElse() async throws {
        try await addHook(1, deliveries: 20)
        try await addHook(2, deliveries: 20)
        desk.silence(.of(1))
        try await work {
            try await statuses(2).allSatisfy { $0 == .delivered } && desk.atOnceMost >= 4
        }
        #expect(desk.sent.filter { $0.connectionID == .of(1) }.count == 4)
        // Nobody knows how these ended, so they are due again after their lease.
        #expect(try await statuses(1).allSatisfy { $0 == .waiting })
        let lease = Timestamp.start.after(11_000)
        #expect(try await store.dueHooks(at: lease.after(-1)) == [.of(1)])
        let due = try await store.claimDeliveries(
            of: .of(1), limit: 100, until: lease, at: lease.after(-1))
        #expect(due.count == 16)
    }

    @Test func soManyHooksAreServedAtOnceAndThenTheOthers() async throws {
        let count = UInt8(Delivering.hooksAtOnceMax + 1)
        for number in 1...count {
            try await addHook(number, deliveries: 1)
            desk.silence(.of(number))
        }
        try await work {
            guard desk.sent.count >= Delivering.hooksAtOnceMax else { return false }
            if desk.sent.count == Delivering.hooksAtOnceMax { desk.answerAll() }
            return try await store.dueHooks(at: .start).isEmpty
                && desk.sent.count == Int(count)
        }
        #expect(desk.atOnceMost == Delivering.hooksAtOnceMax)
    }

    @Test func whatFailsIsNotedAndSentAgainLater() async throws {
        try await addHook(deliveries: 1)
        desk.answer = HookAttempt(answer: 500, problem: "It answered 500.")
        try await work { try await statuses() == [.waiting] && desk.rests > 0 }
        let delivery = try await store.deliveries(of: .of(1), status: nil, ListRange()).items[0]
        #expect(delivery.attempts == 1)
        #expect(delivery.lastProblem == "It answered 500.")
        let next = try #require(delivery.nextAttemptAt)
        #expect((5000...6250).contains(next.since(.start)))
        #expect(desk.sent.count == 1)
    }

    @Test(arguments: [(200, "delivered"), (500, "retried"), (410, "given_up")])
    func anAttemptIsCountedByWhatBecameOfIt(_ status: Int, _ outcome: String) async throws {
        try await addHook(deliveries: 1)
        desk.answer = HookAttempt(answer: status)
        let registry = MetricRegistry()
        try await work(metrics: HookMetrics(registry)) { desk.rests > 0 }
        let lines = MetricText.write(registry.values).split(separator: "\n")
            .filter { $0.hasPrefix(HookMetrics.attempts) && !$0.hasSuffix(" 0") }
        #expect(lines == ["muster_hook_attempts_total{outcome=\"\(outcome)\"} 1"])
    }

    @Test func afterGoneNothingMoreIsSent() async throws {
        try await addHook(deliveries: 20)
        desk.answer = HookAttempt(answer: 410, problem: "Gone.")
        try await work { try await store.hook(of: .of(1))?.isOn == false && desk.rests > 0 }
        #expect(desk.sent.count <= Delivering.attemptsAtOnceMax)
        let statuses = try await statuses()
        #expect(statuses.count { $0 == .failed } == desk.sent.count)
        #expect(statuses.contains(.waiting))
    }

    /// A disk that is full can still be read: what is due would be found again and again.
    @Test func aStoreThatCanNotBeWrittenIsAskedOnceAPeriod() async throws {
        try await addHook(deliveries: 1)
        let broken = UnwritableHooks(store: store)
        try await work(on: broken, period: .seconds(3600)) { desk.rests > 0 }
        for _ in 0..<1000 { await Task.yield() }
        #expect(broken.claims.withLock { $0 } == 1)
        #expect(desk.sent.isEmpty)
    }
}

extension ConnectionID {
    /// One for each number, while ``make(_:)`` has 32.
    fileprivate static func of(_ number: UInt8) -> ConnectionID {
        make(from: [number & 31, number >> 5] + [UInt8](repeating: 0, count: 14))
    }
}

/// Answers at once, or never for those that are silenced, and counts.
private final class SendingDesk: Sendable {
    private struct State {
        var answer = HookAttempt(answer: 200)
        var silenced: Set<ConnectionID> = []
        var sent: [HookDelivery] = []
        var atOnce = 0
        var atOnceMost = 0
        var rests = 0
    }

    private let state = Mutex(State())

    var sent: [HookDelivery] { state.withLock { $0.sent } }
    var atOnceMost: Int { state.withLock { $0.atOnceMost } }
    var rests: Int { state.withLock { $0.rests } }
    var answer: HookAttempt {
        get { state.withLock { $0.answer } }
        set { state.withLock { $0.answer = newValue } }
    }

    func silence(_ id: ConnectionID) { state.withLock { _ = $0.silenced.insert(id) } }
    func answerAll() { state.withLock { $0.silenced = [] } }

    @Sendable func rest() { state.withLock { $0.rests += 1 } }

    @Sendable func send(
        _ message: HookMessage, _ hook: Hook
    ) async throws(CancellationError) -> HookAttempt {
        state.withLock { state in
            state.sent.append(message.delivery)
            state.atOnce += 1
            state.atOnceMost = max(state.atOnceMost, state.atOnce)
        }
        defer { state.withLock { $0.atOnce -= 1 } }
        while state.withLock({ $0.silenced.contains(hook.connectionID) }) {
            guard !Task.isCancelled else { throw CancellationError() }
            await Task.yield()
        }
        return answer
    }
}

/// Lets nothing be claimed.
private final class UnwritableHooks: HookStore {
    let store: MemoryStore
    let claims = Mutex(0)

    init(store: MemoryStore) {
        self.store = store
    }

    func hook(of id: ConnectionID) async throws(Failure) -> Hook? { try await store.hook(of: id) }

    func dueHooks(at now: Timestamp) async throws(Failure) -> [ConnectionID] {
        try await store.dueHooks(at: now)
    }

    func hookBacklog() async throws(Failure) -> HookBacklog { try await store.hookBacklog() }

    func claimDeliveries(
        of id: ConnectionID, limit: Int, until leaseEnd: Timestamp, at now: Timestamp
    ) async throws(Failure) -> [HookMessage] {
        claims.withLock { $0 += 1 }
        throw Failure(.unavailable, "The disk is full.")
    }

    func changeHook(
        of id: ConnectionID, at now: Timestamp, for operation: Audiences.Operation,
        _ change: @escaping @Sendable (inout Hook?) throws(Failure) -> Void
    ) async throws(Failure) -> Hook? { nil }

    func followChanges(at now: Timestamp) async throws(Failure) -> Bool { false }

    func conclude(
        _ delivery: HookDelivery, sentTo url: HookURL, at now: Timestamp
    ) async throws(Failure) {}

    func deliveries(
        of id: ConnectionID, status: HookDelivery.Status?, _ range: ListRange
    ) async throws(Failure) -> ListPage<HookDelivery> { ListPage(items: [], next: nil) }

    func replay(
        _ delivery: HookDeliveryID, of id: ConnectionID, at now: Timestamp,
        for operation: Audiences.Operation
    ) async throws(Failure) -> HookDelivery { throw .noDelivery }

    func sendTest(
        _ delivery: HookDelivery, for operation: Audiences.Operation
    ) async throws(Failure) {}
}

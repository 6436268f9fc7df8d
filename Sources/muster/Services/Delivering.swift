import Audiences
import Logging
import Platform
import ServiceLifecycle

/// Sends what waits for hooks.
///
/// Each hook that has something due is served by a task of its own, so one that does not answer
/// holds up nobody else; and some at once, so their order is not promised. What a process that was
/// killed had on its way is sent again when its lease has ended: at least once, never lost.
struct Delivering: Service {
    let hooks: any HookStore
    let send: @Sendable (HookMessage, Hook) async throws(CancellationError) -> HookAttempt
    /// Called when there is nothing to do any more.
    let rest: @Sendable () -> Void
    let now: @Sendable () -> Timestamp
    let logger: Logger
    /// How long one attempt may take.
    let timeout: Duration
    var metrics = HookMetrics()

    /// How often to look, and so how late an event is told.
    var period = Duration.seconds(1)
    /// The pause between two steps of following the feed, so that pages always get in between.
    static let pause = Duration.milliseconds(5)
    /// How many hooks are served at once: each may hold memory for that many answers.
    static let hooksAtOnceMax = 32
    /// How many deliveries of one hook are on their way at once; small receivers are common.
    static let attemptsAtOnceMax = 4
    /// After so many deliveries of one hook it is somebody else's turn.
    static let shiftDeliveriesMax = 100
    /// How much longer than an attempt a lease is: noting how it ended may have to wait.
    static let leaseSlack = Duration.seconds(10)
    /// How long those on their way may still take after SIGTERM; then they are left to the next
    /// start.
    static let drainTimeout = Duration.seconds(5)

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await cancelWhenGracefulShutdown { try await follow() } }
            group.addTask { await deliver() }
            group.addTask {
                try? await gracefulShutdown()
                try? await Task.sleep(for: Self.drainTimeout)
            }
            // The feed's follower ends first; then the deliveries, or the patience with them.
            await group.next()
            await group.next()
            group.cancelAll()
        }
    }

    private func follow() async throws {
        while !Task.isCancelled {
            var isMore = false
            do {
                isMore = try await hooks.followChanges(at: now())
            } catch {
                log(error)
            }
            try await Task.sleep(for: isMore ? Self.pause : period)
        }
    }

    // MARK: Serving hooks

    private enum Ended {
        /// Nothing was taken if the store is in trouble; then a period passes before the next.
        case shift(ConnectionID, hasTaken: Bool)
        case period
    }

    /// Goes on until the task is cancelled, or is told to drain and has.
    func deliver() async {
        await withTaskGroup(of: Ended.self) { group in
            var busy: Set<ConnectionID> = []
            var last: ConnectionID?
            group.addTask { .period }
            while let ended = await group.next() {
                switch ended {
                case .shift(let id, let hasTaken):
                    busy.remove(id)
                    if busy.isEmpty { rest() }
                    guard hasTaken else { continue }
                case .period:
                    guard !Self.isEnding else { continue }
                    group.addTask { await wait() }
                }
                guard !Self.isEnding else { continue }
                for id in await due(after: last, butNot: busy) {
                    busy.insert(id)
                    last = id
                    group.addTask { .shift(id, hasTaken: await serve(id)) }
                }
            }
        }
    }

    private static var isEnding: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    private func wait() async -> Ended {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: period) }
        return .period
    }

    /// Whom to serve now, in turn.
    private func due(
        after last: ConnectionID?, butNot busy: Set<ConnectionID>
    ) async -> [ConnectionID] {
        let room = Self.hooksAtOnceMax - busy.count
        guard room > 0 else { return [] }
        do {
            let due = try await hooks.dueHooks(at: now()).filter { !busy.contains($0) }.sorted()
            guard let last else { return Array(due.prefix(room)) }
            return Array((due.filter { $0 > last } + due.filter { $0 <= last }).prefix(room))
        } catch {
            log(error)
            return []
        }
    }

    /// Delivers what is due of one hook, some at once, for as long as a shift lasts; false if it
    /// could take nothing.
    private func serve(_ id: ConnectionID) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            var (taken, flying) = (0, 0)
            while true {
                let room = min(Self.attemptsAtOnceMax - flying, Self.shiftDeliveriesMax - taken)
                for (message, hook) in await claim(room, of: id) {
                    (taken, flying) = (taken + 1, flying + 1)
                    group.addTask { await attempt(message, by: hook) }
                }
                guard await group.next() != nil else { return taken > 0 }
                flying -= 1
            }
        }
    }

    private func claim(
        _ limit: Int, of id: ConnectionID
    ) async -> [(message: HookMessage, hook: Hook)] {
        guard limit > 0, !Self.isEnding else { return [] }
        do {
            let hook = try await hooks.hook(of: id)
            guard let hook else { return [] }
            let now = now()
            let lease = (timeout + Self.leaseSlack).components.seconds * 1000
            let end = Timestamp(milliseconds: now.milliseconds + lease)
            return try await hooks.claimDeliveries(of: id, limit: limit, until: end, at: now)
                .map { ($0, hook) }
        } catch {
            log(error)
            return []
        }
    }

    private func attempt(_ message: HookMessage, by hook: Hook) async {
        guard let attempt = try? await send(message, hook) else { return }
        let now = now()
        var delivery = message.delivery
        delivery.note(attempt, at: now, jitter: Double.random(in: 0...1))
        log(delivery)
        metrics.note(delivery)
        do {
            try await hooks.conclude(delivery, sentTo: hook.url, at: now)
        } catch {
            // It is sent again when its lease has ended.
            log(error)
        }
    }

    // MARK: Log

    private func log(_ delivery: HookDelivery) {
        guard delivery.status != .delivered else { return }
        let metadata: Logger.Metadata = [
            "connection.id": .string(delivery.connectionID.text),
            "delivery.id": .string(delivery.id.text),
            "delivery.attempts": .stringConvertible(delivery.attempts),
            "delivery.problem": .string(delivery.lastProblem ?? ""),
        ]
        if delivery.status == .failed {
            logger.warning("delivery given up", metadata: metadata)
        } else {
            logger.info("delivery failed", metadata: metadata)
        }
    }

    private func log(_ failure: Failure) {
        guard !Task.isCancelled else { return }
        logger.warning(
            "delivering failed",
            metadata: [
                "error.code": .string(failure.code.rawValue),
                "error.message": .string(failure.message),
                "error.detail": .string(failure.detail),
            ])
    }
}

import Dispatch
import Synchronization

/// Something a loop watches for readiness and for deadlines.
protocol Pollable: AnyObject {
    /// Called on the loop, once for every batch in which the descriptor is ready.
    func ready(_ readiness: Readiness)
    /// Called on the loop when the deadline set for the registration has passed.
    func expired()
}

/// Work that a batch of events leaves to its end, such as one send for many answers.
package protocol BatchFollower: AnyObject {
    /// Called on the loop, after every job of the batch has run as far as it could.
    func batchEnded()
}

/// One core's share of the server: a serial queue that owns a poller, and runs the tasks that
/// prefer it.
///
/// Dispatch watches one descriptor, the poller's own, instead of one per connection, which costs
/// twice the CPU (docs/decisions/0001-event-loop.md). Once woken, a turn takes events in batches
/// until there are none, dozes in the poller for a moment in case more arrive, and goes back to
/// Dispatch, so that an idle server holds no thread.
///
/// Everything but ``post(_:)``, ``enqueue(_:)`` and ``isCurrent`` belongs to the loop itself:
/// call it from work posted here, or from tasks that prefer this executor.
///
/// `@unchecked Sendable`: state is touched only by blocks of the private serial queue, except
/// the mailbox and the atomics.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// Batches in one turn, before whatever else waits on the queue gets its own.
    private static let batchesPerTurnMax = 64
    /// How long a turn waits for more before it returns to Dispatch.
    ///
    /// The trip through Dispatch costs 20 us of CPU; with few connections this saves it, and more
    /// than 1 ms saved no more.
    private static let dozeMilliseconds: Int32 = 1

    private enum Mail {
        case job(UnownedJob)
        case work(@Sendable () -> Void)
    }

    private let queue: DispatchQueue
    private let source: any DispatchSourceRead
    private let poller: Poller
    private let wakeUp: WakeUp
    /// Ends when Dispatch has let go of the poller.
    private let ended = AsyncStream<Void>.makeStream()
    /// Work from elsewhere.
    ///
    /// Only the post that finds it empty wakes the loop.
    private let mailbox = Mutex<[Mail]>([])
    /// True while the loop may be asleep in the poller.
    ///
    /// It is set before the mailbox is tested, and read after the mailbox was filled, both
    /// sequentially consistent: else a post between the test and the sleep would wait for the sleep
    /// to end.
    private let dozing = Atomic<Bool>(false)
    /// True while a turn waits in the queue.
    ///
    /// A busy loop empties its mailbox many times a turn. Were every post that finds it empty to
    /// queue a turn, thousands would pile up, each would doze when the work is over, and what
    /// waits behind them, such as the end of the loop, would wait for seconds.
    private let isTurnQueued = Atomic<Bool>(false)
    /// The thread that runs the current block.
    ///
    /// Dispatch moves the queue between threads, so this is written around every block; a stranger
    /// reads some value that is not its own.
    private let owner = Atomic<UInt>(0)

    /// Jobs made on the loop: no lock, no wake-up.
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var followers: [any BatchFollower] = []
    private var registrations = RegistrationTable()
    private var alarms: AlarmClock
    private var hasRung = false

    /// When the current batch began: good enough for deadlines, and free to read.
    package private(set) var now = MonotonicTime.now()

    package init(label: String) throws(PlatformError) {
        queue = DispatchQueue(label: label)
        poller = try Poller()
        wakeUp = try WakeUp()
        alarms = try AlarmClock()
        source = DispatchSource.makeReadSource(
            fileDescriptor: poller.descriptor.raw, queue: queue)
        try poller.add(wakeUp.descriptor.raw, .read, id: RegistrationTable.wakeUpID)
        try poller.add(alarms.descriptor.raw, .read, id: RegistrationTable.alarmID)
        source.setEventHandler { [self] in own { turn() } }
        // Set before the source is active: later, Dispatch installs it behind the back of a
        // cancellation, and then never calls it. The descriptors close with the loop, and so
        // after this: Dispatch forbids closing a descriptor it still watches.
        source.setCancelHandler { [ended] in ended.continuation.finish() }
        source.activate()
    }

    /// Stops watching.
    ///
    /// What is posted later still runs, but no descriptor is polled any more.
    ///
    /// Without this call a loop lives as long as the process.
    package func shutDown() async {
        source.cancel()
        for await _ in ended.stream {}
    }

    // MARK: From any thread

    /// Whether the caller runs on this loop.
    package var isCurrent: Bool {
        owner.load(ordering: .relaxed) == Syscalls.currentThread()
    }

    /// Runs `work` on the loop, soon, in the order of posting.
    package func post(_ work: @escaping @Sendable () -> Void) {
        send(.work(work))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else {
            send(.job(job))
        }
    }

    /// Runs `body` on the loop and returns its result.
    package func perform<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
        await withUnsafeContinuation { continuation in
            post { continuation.resume(returning: body()) }
        }
    }

    private func send(_ mail: Mail) {
        let wasEmpty = mailbox.withLock { waiting in
            waiting.append(mail)
            return waiting.count == 1
        }
        guard wasEmpty else { return }
        if dozing.load(ordering: .sequentiallyConsistent) {
            wakeUp.signal()
        } else {
            queueTurn()
        }
    }

    private func queueTurn() {
        // A turn that is queued already takes the mail, as it says so before it looks.
        guard !isTurnQueued.exchange(true, ordering: .sequentiallyConsistent) else { return }
        queue.async { [self] in
            isTurnQueued.store(false, ordering: .sequentiallyConsistent)
            own { turn() }
        }
    }

    // MARK: On the loop

    /// Calls `follower` once when the jobs of this batch have run.
    package func follow(_ follower: any BatchFollower) {
        followers.append(follower)
    }

    /// Runs `work` when `time` has come.
    package func schedule(at time: MonotonicTime, _ work: @escaping () -> Void) {
        alarms.add(time, work)
    }

    /// Watches `descriptor` until ``unregister(_:_:)``.
    ///
    /// The loop keeps `pollable` alive.
    func register(
        _ pollable: any Pollable, _ descriptor: Int32, _ interest: Readiness
    ) throws(PlatformError) -> Registration {
        let registration = registrations.insert(pollable)
        do throws(PlatformError) {
            try poller.add(descriptor, interest, id: registration.id)
        } catch {
            registrations.remove(registration)
            throw error
        }
        return registration
    }

    func change(
        _ registration: Registration, _ descriptor: Int32, to interest: Readiness
    ) throws(PlatformError) {
        try poller.change(descriptor, to: interest, id: registration.id)
    }

    /// Stops polling a descriptor that will only repeat itself; its deadline stays.
    func silence(_ descriptor: Int32) {
        poller.remove(descriptor)
    }

    func unregister(_ registration: Registration, _ descriptor: Int32) {
        poller.remove(descriptor)
        registrations.remove(registration)
    }

    /// Sets the one deadline of a registration; ``MonotonicTime/never`` takes it away.
    func setDeadline(_ deadline: MonotonicTime, of registration: Registration) {
        registrations.setDeadline(deadline, of: registration)
        alarms.ring(at: deadline)
    }

    private func own(_ block: () -> Void) {
        owner.store(Syscalls.currentThread(), ordering: .relaxed)
        now = .now()
        block()
        owner.store(0, ordering: .relaxed)
    }

    private func turn() {
        for _ in 0..<Self.batchesPerTurnMax {
            takeMail()
            runJobs()
            if poll(milliseconds: 0) == 0 && jobs.isEmpty {
                guard doze() else { return }
            }
            runJobs()
        }
        // Events left over make the source fire again. Jobs have nobody to speak for them, and
        // neither has mail whose wake-up the last batch has taken.
        if !jobs.isEmpty || hasMail { queueTurn() }
    }

    /// Sleeps a moment in the poller; true if there is something to do.
    private func doze() -> Bool {
        dozing.store(true, ordering: .sequentiallyConsistent)
        let found = hasMail ? 0 : poll(milliseconds: Self.dozeMilliseconds)
        dozing.store(false, ordering: .sequentiallyConsistent)
        return found > 0 || hasMail
    }

    private var hasMail: Bool {
        mailbox.withLock { !$0.isEmpty }
    }

    private func takeMail() {
        let mail = mailbox.withLock { waiting in
            waiting.isEmpty ? [] : exchange(&waiting, with: [])
        }
        for item in mail {
            switch item {
            case .job(let job): jobs.append(job)
            case .work(let work): work()
            }
        }
    }

    private func poll(milliseconds: Int32) -> Int {
        var isFirst = true
        let found = poller.wait(milliseconds: milliseconds) { id, readiness in
            if isFirst {
                isFirst = false
                now = .now()
            }
            switch id {
            case RegistrationTable.wakeUpID: wakeUp.clear()
            case RegistrationTable.alarmID: hasRung = true
            default: registrations.find(id)?.ready(readiness)
            }
        }
        if hasRung { ring() }
        return found
    }

    /// Runs the jobs there are; those they make wait for the next batch, so that a task that
    /// yields for ever does not keep the connections from being read.
    private func runJobs() {
        if !jobs.isEmpty {
            swap(&jobs, &running)
            for job in running { job.runSynchronously(on: asUnownedTaskExecutor()) }
            running.removeAll(keepingCapacity: true)
        }
        guard !followers.isEmpty else { return }
        for follower in exchange(&followers, with: []) { follower.batchEnded() }
    }

    /// Tells everybody whose time has come.
    private func ring() {
        hasRung = false
        let due = alarms.takeDue(now)
        for pollable in registrations.takeExpired(now) { pollable.expired() }
        for work in due { work() }
        alarms.ring(at: registrations.earliestDeadline)
    }
}

/// Puts `new` into `place` and returns what was there.
private func exchange<T>(_ place: inout T, with new: T) -> T {
    let old = place
    place = new
    return old
}

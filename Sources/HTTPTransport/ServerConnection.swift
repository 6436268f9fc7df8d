import HTTPWire
import Platform

/// One connection: moves bytes between the stream and ``ConnectionState``, and does what that says.
///
/// It has a task only while it does something that may have to wait. Between two requests it
/// sleeps, which is most connections most of the time, and a task would take most of their memory;
/// and what can be answered at once is, by whoever wakes it.
///
/// `@unchecked Sendable`: used on the worker's loop only, which its tasks prefer.
final class ServerConnection: BatchFollower, Sleeper, @unchecked Sendable {
    let worker: Worker
    let stream: any ByteStream
    var state: ConnectionState
    var input: Unread
    var output = Output()
    /// Since when the connection has had nothing to do; `nil` while it has.
    private(set) var idleSince: MonotonicTime?
    /// Whether it has ever sent a whole head.
    var isProven = false
    /// Whether there is nothing to answer: no request, or not all of its head.
    ///
    /// With answers left to send there is, as they may be those to requests before it.
    var isWithoutRequest: Bool {
        idleSince != nil || (state.phase == .readingHead && output.isEmpty)
    }
    /// Whether the answer is sent, and what still comes is thrown away.
    private(set) var isClosing = false
    /// Until when the current wait for a request may last.
    private var deadline = MonotonicTime.never
    /// The wait is for the rest of a head.
    private var hasHeadBegun = false
    var peer: Peer
    private var isFollowing = false

    var limits: TransportLimits { worker.service.limits }

    init(stream: any ByteStream, peer: Peer, worker: Worker) {
        self.stream = stream
        self.peer = peer
        self.worker = worker
        state = ConnectionState(limits: worker.service.wireLimits)
        input = Unread(scratch: worker.scratch)
        idleSince = worker.loop.now
    }

    /// Serves one request after another until one side has had enough.
    func begin() {
        proceed { () throws(PlatformError) in try nextStep() }
    }

    func woke(_ wake: Wake) {
        proceed { () throws(PlatformError) in try step(after: wake) }
    }

    /// Goes on from `first` as far as nothing has to be waited for, and leaves the rest to a task.
    private func proceed(_ first: () throws(PlatformError) -> Step) {
        do throws(PlatformError) {
            var step = try first()
            while true {
                switch step {
                case .wait:
                    input.secure()
                    let wake = stream.wake(.sleeper(self), whenReadableBy: deadline)
                    guard let wake else { return }
                    step = try self.step(after: wake)
                case .dispatch(let head, let declaredLength):
                    guard let response = immediateAnswer(to: head, declaredLength) else {
                        return start(from: .dispatch(head, declaredLength: declaredLength))
                    }
                    step = try self.step(after: response)
                case .flush, .refuse, .settle:
                    return start(from: step)
                case .end:
                    return end()
                }
            }
        } catch {
            // The peer is gone: nobody is left to answer.
            end()
        }
    }

    private func start(from step: Step) {
        prepareToSuspend()
        Task(executorPreference: worker.loop) { [self] in await serve(from: step) }
    }

    /// Goes on from `step` until there is nothing to do.
    ///
    /// What need not wait is called without `await`: each asynchronous call looks its executor up
    /// twice, and a few of them cost as much as parsing a small request.
    private func serve(from first: Step) async {
        var step = first
        do throws(PlatformError) {
            while true {
                switch step {
                case .wait:
                    return proceed { .wait }
                case .flush:
                    try await flush()
                case .dispatch(let head, let declaredLength):
                    if let response = immediateAnswer(to: head, declaredLength) {
                        step = try self.step(after: response)
                        continue
                    }
                    prepareToSuspend()
                    let body =
                        declaredLength == 0
                        ? nil : RequestBody(of: self, declaredLength: declaredLength)
                    let response = await worker.service.handler(head, body ?? EmptyBody(), peer)
                    let next = appendShort(response)
                    if next != .nextRequest {
                        guard try await settle(response, next) else { return end() }
                    }
                    body?.retire()
                case .settle(let response, let next):
                    guard try await settle(response, next) else { return end() }
                case .refuse(let error):
                    _ = try await settle(worker.service.fallbacks.wireError(error), nil)
                    return end()
                case .end:
                    return end()
                }
                step = try nextStep()
            }
        } catch {
            // The peer is gone, or too slow to be told anything: nobody is left to answer.
            end()
        }
    }

    func end() {
        stream.close()
        worker.remove(self)
    }

    /// Gives up the connection from outside of its task, which then ends by itself.
    func abandon() {
        idleSince = nil
        stream.close()
    }

    /// The next answer announces the end.
    func shutDown() {
        _ = state.shutDown()
    }

    func batchEnded() {
        isFollowing = false
        // A failure comes again when the connection's task writes, and is dealt with there.
        _ = try? output.send(to: stream, worker: worker)
    }

    // MARK: Requests

    private enum Step {
        /// For bytes, until ``deadline``.
        case wait
        /// The peer must take the answers before the next request is looked at.
        case flush
        case dispatch(RequestHead, declaredLength: Int?)
        /// The answer is there, and what comes after it may have to wait; see ``settle(_:_:)``.
        case settle(Response, ConnectionState.AfterAnswer?)
        case refuse(WireError)
        case end
    }

    /// What to do between two requests.
    private func nextStep() throws(PlatformError) -> Step {
        if output.count < limits.pendingAnswerBytesMax, !input.isEmpty, let step = readHead() {
            return step
        }
        guard try flushAtOnce() else { return .flush }
        if !input.isEmpty, let step = readHead() { return step }
        return beginWait()
    }

    private func beginWait() -> Step {
        hasHeadBegun = state.phase == .readingHead
        idleSince = hasHeadBegun ? nil : worker.loop.now
        deadline = worker.loop.now.advanced(
            by: hasHeadBegun ? limits.headerTimeout : limits.idleTimeout)
        return .wait
    }

    /// What to do after a wait for a request.
    private func step(after wake: Wake) throws(PlatformError) -> Step {
        switch wake {
        case .expired: return inputEnded(.timedOut)
        case .closed: return .end
        case .ready: break
        }
        switch try input.receive(from: stream, bytesMax: limits.headReceiveBytesMax) {
        case .bytes: break
        case .nothing: return .wait
        case .end: return inputEnded(.disconnected)
        }
        if let step = readHead() {
            idleSince = nil
            return step
        }
        guard output.isEmpty else { return try nextStep() }
        input.secure()
        // Empty lines before a request are no beginning, and earn no more time.
        return hasHeadBegun == (state.phase == .readingHead) ? .wait : beginWait()
    }

    private func immediateAnswer(to head: RequestHead, _ declaredLength: Int?) -> Response? {
        declaredLength == 0 ? worker.service.immediate(head, peer) : nil
    }

    /// What to do after an answer that was there at once.
    private func step(after response: Response) throws(PlatformError) -> Step {
        let next = appendShort(response)
        if next == .nextRequest { return try nextStep() }
        if next == .close(.atOnce), try flushAtOnce() { return .end }
        return .settle(response, next)
    }

    private func inputEnded(_ error: WireError) -> Step {
        idleSince = nil
        switch state.inputEnded(error) {
        case .refuse(let error): return .refuse(error)
        case .close, .goOn: return .end
        }
    }

    /// The next request, if all of its head has arrived.
    private func readHead() -> Step? {
        answerRepeated()
        switch input.withBytes({ state.receive($0) }) {
        case .read:
            return nil
        case .dispatch(let head, let declaredLength, let consumed):
            isProven = true
            if declaredLength == 0 { remember(head, consumed) }
            input.consume(consumed)
            return .dispatch(head, declaredLength: declaredLength)
        case .refuse(let error):
            return .refuse(error)
        }
    }

    /// The handler may suspend: neither the loop's memory nor answers that wait to be sent
    /// together may be held meanwhile.
    private func prepareToSuspend() {
        input.secure()
        guard !output.isEmpty, !isFollowing else { return }
        isFollowing = true
        worker.loop.follow(self)
    }

    // MARK: Endings

    /// Sends a response, unless that is done and `next` is known, and does what comes after it;
    /// false if the connection is to be closed.
    private nonisolated(nonsending) func settle(
        _ response: Response, _ next: ConnectionState.AfterAnswer?
    ) async throws(PlatformError) -> Bool {
        let next = if let next { next } else { try await send(response) }
        switch next {
        case .nextRequest:
            return true
        case .drain:
            return try await drain()
        case .close(let closing):
            try await close(closing)
            return false
        }
    }

    /// Reads over the rest of a body nobody wanted; false if the connection is to be closed.
    private nonisolated(nonsending) func drain() async throws(PlatformError) -> Bool {
        try await flush()
        let deadline = worker.loop.now.advanced(by: limits.closingTimeout)
        while true {
            switch input.withBytes({ state.drain($0) }) {
            case .read:
                input.consumeAll()
                if let end = await receiveWhileClosing(by: deadline) {
                    _ = state.inputEnded(end)
                    return false
                }
            case .nextRequest(let consumed):
                input.consume(consumed)
                return true
            case .close(let closing):
                try await close(closing)
                return false
            }
        }
    }

    /// Sends what is left, and sees to it that the peer can read it (RFC 9112 section 9.6).
    private nonisolated(nonsending) func close(_ closing: ConnectionState.Closing)
        async throws(PlatformError)
    {
        try await flush()
        guard closing == .inStages else { return }
        try stream.finish()
        input.consumeAll()
        isClosing = true
        let deadline = worker.loop.now.advanced(
            by: worker.isFinishing ? limits.drainClosingTimeout : limits.closingTimeout)
        var discarded = 0
        while discarded < limits.closingBytesMax,
            await receiveWhileClosing(by: deadline) == nil
        {
            discarded += input.count
            input.consumeAll()
        }
    }

    /// Receives what is going to be thrown away; says why if there will be no more.
    private nonisolated(nonsending) func receiveWhileClosing(
        by deadline: MonotonicTime
    ) async -> WireError? {
        await receive(by: min(deadline, worker.loop.now.advanced(by: limits.closingSilenceMax)))
    }

    /// Answers a connection that is not served at all.
    func refuse(_ response: Response) async {
        _ = state.shutDown()
        do throws(PlatformError) {
            _ = try await send(response)
            try await close(.inStages)
        } catch {
            // Gone already.
        }
        stream.close()
    }

    // MARK: Bytes

    /// Waits for bytes and receives them; says why if there will be none.
    nonisolated(nonsending) func receive(
        by deadline: MonotonicTime, bytesMax: Int = Scratch.byteCount
    ) async -> WireError? {
        do throws(PlatformError) {
            while true {
                if !input.mayHaveMore {
                    input.secure()
                    try await stream.waitUntilReadable(by: deadline)
                }
                switch try input.receive(from: stream, bytesMax: bytesMax) {
                case .bytes: return nil
                case .nothing: input.expectNothing()
                case .end: return .disconnected
                }
            }
        } catch {
            return error == .timedOut ? .timedOut : .disconnected
        }
    }

    /// Sends what the socket takes without waiting; false if that was not everything.
    func flushAtOnce(more: Bool = false) throws(PlatformError) -> Bool {
        guard !output.isEmpty else { return true }
        _ = try output.send(to: stream, worker: worker, more: more)
        return output.isEmpty
    }

    /// Sends everything, waiting for the peer to take it.
    ///
    /// `more`: what follows is sent at once, so the last packet may wait for it.
    nonisolated(nonsending) func flush(more: Bool = false) async throws(PlatformError) {
        guard try !flushAtOnce(more: more) else { return }
        input.secure()
        var pace = Pace(
            grace: limits.writeTimeout, silenceMax: limits.writeTimeout,
            bytesPerSecondMin: limits.answerBytesPerSecondMin)
        while !output.isEmpty {
            let began = worker.loop.now
            try await stream.waitUntilWritable(by: pace.deadline(began))
            let sent = try output.send(to: stream, worker: worker, more: more)
            pace.moved(sent, in: worker.loop.now.elapsed(since: began))
        }
    }
}

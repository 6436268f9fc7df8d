package import HTTPWire
package import Platform
import Synchronization

/// An HTTP/1.1 server: one worker per loop, each with its own listener.
///
/// A server is used once: made (and bound), ``run()``, ``drain(within:)``.
package final class Server: Sendable {
    /// Where it listens, with the real port.
    package let address: SocketAddress

    private enum Phase {
        case made
        case running(UnsafeContinuation<Void, Never>)
        case draining(UnsafeContinuation<Void, Never>?)
        case stopped
    }

    private let phase = Mutex(Phase.made)
    private let workers: [Worker]
    private let listeners: [Listener]
    private let service: Service

    /// Binds to `address`, so that a port that is taken shows before anything runs.
    ///
    /// - Parameters:
    ///   - address: where to listen; port 0 becomes a free port.
    ///   - loopCount: event loops, by default one for each processor.
    ///   - limits: what one peer may take.
    ///   - wireLimits: the limits of the protocol.
    ///   - fallbacks: answers for which no handler is asked.
    ///   - proxies: who may introduce connections, and how.
    ///   - wallClock: milliseconds since 1970.
    ///   - tls: certificate and key if TLS is spoken, `nil` for plain HTTP.
    ///   - constant: is asked first about a request without a body.
    ///   - immediate: is asked next about it.
    ///   - handler: answers the requests, on the loop of their connection.
    /// - Throws: what the system said to the address, or to making the loops.
    package init(
        address: SocketAddress, loopCount: Int = Syscalls.processorCount(),
        limits: TransportLimits = TransportLimits(), wireLimits: WireLimits = WireLimits(),
        fallbacks: FallbackResponses = FallbackResponses(),
        proxies: ProxyPolicy = ProxyPolicy(),
        wallClock: @escaping @Sendable () -> Int64 = { WallClock.millisecondsSince1970() },
        tls: TLSContext? = nil, constant: @escaping ConstantHandler = { _ in nil },
        immediate: @escaping ImmediateHandler = { _, _ in nil },
        handler: @escaping Handler
    ) throws(PlatformError) {
        Syscalls.ignoreBrokenPipes()
        Syscalls.returnFreedMemory()
        var limits = limits
        limits.fit(descriptors: Syscalls.raiseDescriptorLimit(), loopCount: loopCount)
        let service = Service(
            handler: handler, constant: constant, immediate: immediate, limits: limits,
            wireLimits: wireLimits, fallbacks: fallbacks,
            wallClock: wallClock, gauge: ConnectionGauge(), proxies: proxies, tls: tls)
        listeners = try Listener.bind(to: address, count: loopCount)
        self.address = listeners[0].address
        self.service = service
        var workers: [Worker] = []
        for index in 0..<max(1, loopCount) {
            workers.append(
                Worker(loop: try EventLoop(label: "http.\(index)"), service: service))
        }
        self.workers = workers
    }

    /// Connections open now.
    package var connectionCount: Int { service.gauge.count }
    /// Connections served since the start.
    package var acceptedCount: Int { service.gauge.acceptedCount }
    /// Connections turned away because there were too many.
    package var refusedCount: Int { service.gauge.refusedCount }
    /// TLS handshakes that did not come to an end: bad bytes, too slow, or too many at once.
    package var failedHandshakeCount: Int { service.gauge.failedHandshakeCount }

    /// Body buffers that are kept for the next bodies.
    var pooledBytes: Int { workers.reduce(0) { $0 + $1.buffers.freeBytes } }

    /// Serves until ``drain(within:)`` has ended.
    package func run() async throws(PlatformError) {
        for (index, listener) in listeners.enumerated() {
            let failure = await workers[index].loop.perform { [self] in
                do throws(PlatformError) {
                    try start(listener, on: index)
                    return PlatformError?.none
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
        }
        await withUnsafeContinuation { continuation in
            let isOver = phase.withLock { phase in
                switch phase {
                case .made: phase = .running(continuation)
                case .draining(nil): phase = .draining(continuation)
                case .running, .draining, .stopped: return true
                }
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func start(_ listener: Listener, on index: Int) throws(PlatformError) {
        // One listener for several loops, as for a Unix socket, deals its connections out.
        guard listeners.count < workers.count else {
            let worker = workers[index]
            try listener.start(on: worker.loop) { socket, peer in worker.admit(socket, peer) }
            return
        }
        var next = 0
        try listener.start(on: workers[index].loop) { [workers] socket, peer in
            let worker = workers[next]
            next = (next + 1) % workers.count
            let parcel = Parcel(socket)
            worker.loop.post {
                if let socket = parcel.open() { worker.admit(socket, peer) }
            }
        }
    }

    /// Stops: answers announce the end of their connections, after
    /// ``TransportLimits/drainAcceptDelay`` nothing more is accepted and idle connections are
    /// closed.
    ///
    /// Returns when the last connection is closed, or when `bound` has passed and the rest was cut.
    /// A second call does nothing.
    ///
    /// `bound`: 25 s leaves Kubernetes' 30 s of grace some air.
    package func drain(within bound: Duration = .seconds(25)) async {
        let isFirst = phase.withLock { phase in
            switch phase {
            case .made: phase = .draining(nil)
            case .running(let continuation): phase = .draining(continuation)
            case .draining, .stopped: return false
            }
            return true
        }
        guard isFirst else { return }
        let deadline = MonotonicTime.now().advanced(by: bound)
        for worker in workers { worker.loop.post { worker.beginDrain() } }
        await sleep(until: min(deadline, .now().advanced(by: service.limits.drainAcceptDelay)))
        await stopAccepting()
        await withUnsafeContinuation { done in
            let finish = Countdown(workers.count) { done.resume() }
            for worker in workers {
                worker.loop.post {
                    worker.finishDrain { finish.countDown() }
                    worker.loop.schedule(at: deadline) {
                        worker.cut()
                        finish.force()
                    }
                }
            }
        }
        for worker in workers { await worker.loop.shutDown() }
        let continuation = phase.withLock { phase in
            defer { phase = .stopped }
            if case .draining(let continuation) = phase { return continuation }
            return nil
        }
        continuation?.resume()
    }

    private func sleep(until time: MonotonicTime) async {
        let loop = workers[0].loop
        await withUnsafeContinuation { (awake: UnsafeContinuation<Void, Never>) in
            loop.post { loop.schedule(at: time) { awake.resume() } }
        }
    }

    private func stopAccepting() async {
        for (index, listener) in listeners.enumerated() {
            await workers[index].loop.perform { listener.stop() }
        }
    }
}

/// Carries a descriptor through an escaping closure, which cannot consume what it captured.
private final class Parcel: Sendable {
    private let socket: Mutex<Descriptor?>

    init(_ socket: consuming Descriptor) {
        self.socket = Mutex(socket)
    }

    func open() -> Descriptor? {
        socket.withLock { $0.take() }
    }
}

/// Calls back once: after so many calls, or when it is forced.
private final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let body: @Sendable () -> Void

    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        left = Mutex(count)
        self.body = body
    }

    func countDown() {
        let isOver = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isOver { body() }
    }

    func force() {
        let isOver = left.withLock { left in
            defer { left = 0 }
            return left > 0
        }
        if isOver { body() }
    }
}

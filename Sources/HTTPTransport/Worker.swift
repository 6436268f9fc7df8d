import HTTPWire
import Platform
import Synchronization

/// What every worker of a server shares.
struct Service: Sendable {
    let handler: Handler
    let constant: ConstantHandler
    let immediate: ImmediateHandler
    let limits: TransportLimits
    let wireLimits: WireLimits
    let fallbacks: FallbackResponses
    /// Milliseconds since 1970, for the `Date` field.
    let wallClock: @Sendable () -> Int64
    let gauge: ConnectionGauge
    let proxies: ProxyPolicy
    /// `nil` for plain HTTP.
    let tls: TLSContext?
}

/// How many connections a server has open.
final class ConnectionGauge: Sendable {
    private let open = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)
    private let handshakes = Atomic<Int>(0)
    private let failedHandshakes = Atomic<Int>(0)

    var count: Int { open.load(ordering: .relaxed) }
    var acceptedCount: Int { accepted.load(ordering: .relaxed) }
    var refusedCount: Int { refused.load(ordering: .relaxed) }
    /// TLS handshakes under way.
    var handshakeCount: Int { handshakes.load(ordering: .relaxed) }
    var failedHandshakeCount: Int { failedHandshakes.load(ordering: .relaxed) }

    func opened() {
        open.add(1, ordering: .relaxed)
        accepted.add(1, ordering: .relaxed)
    }

    func closed() {
        open.subtract(1, ordering: .relaxed)
    }

    func turnedAway() {
        refused.add(1, ordering: .relaxed)
    }

    func handshakeBegan() {
        handshakes.add(1, ordering: .relaxed)
    }

    func handshakeEnded() {
        handshakes.subtract(1, ordering: .relaxed)
    }

    func handshakeFailed() {
        failedHandshakes.add(1, ordering: .relaxed)
    }
}

/// One loop's share of the server: its connections, and the memory they lend one another.
///
/// `@unchecked Sendable`: used on `loop` only.
final class Worker: @unchecked Sendable {
    let loop: EventLoop
    let service: Service
    let scratch = Scratch()
    let buffers: BufferPool
    /// Made for the first TLS connection.
    private(set) lazy var tlsMemory = TLSMemory()

    var repeated = RepeatedRequests()

    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    /// Those that are shaking hands, the oldest first.
    var handshakes: [ServerConnection] = []
    private var refusedCount = 0
    private var isDraining = false
    /// Nothing more is accepted, and the end waits for the connections that are left.
    private(set) var isFinishing = false
    private var onEmpty: (() -> Void)?

    private var dateAskedAt = MonotonicTime.never
    private var dateSecond: Int64 = -1
    private var dateBytes: [UInt8] = []
    private var idleMemory = IdleMemory()

    init(loop: EventLoop, service: Service) {
        self.loop = loop
        self.service = service
        buffers = BufferPool(bytesMax: service.limits.pooledBytesMax)
    }

    // MARK: Admission

    /// Serves a new connection, if need be in the place of one that has nothing to do.
    ///
    /// The idle one is looked for on this loop only: the kernel spreads connections evenly enough
    /// that with thousands of them a loop without an idle one is rare, and it costs a 503.
    func admit(_ socket: consuming Descriptor, _ address: SocketAddress) {
        guard let stream = try? TCPStream(adopting: socket, on: loop) else { return }
        stream.sendAtOnce()
        if service.gauge.count >= service.limits.connectionsMax, !evictLongestIdle() {
            return turnAway(stream)
        }
        let secured: TLSStream?
        do throws(PlatformError) {
            secured = try secure(stream)
        } catch {
            return stream.close()
        }
        let peer = Peer(address: address.host, scheme: secured == nil ? .http : .https)
        let connection = ServerConnection(stream: secured ?? stream, peer: peer, worker: self)
        if isDraining { connection.shutDown() }
        connections[ObjectIdentifier(connection)] = connection
        service.gauge.opened()
        guard secured != nil || service.proxies.protocol != .none else {
            return connection.begin()
        }
        Task(executorPreference: loop) { [self] in
            guard await connection.isIntroduced(on: stream) else { return connection.end() }
            if let secured, await !shakeHands(secured, for: connection) {
                return connection.end()
            }
            connection.begin()
        }
    }

    /// The connection has closed its stream and will not be heard of again.
    func remove(_ connection: ServerConnection) {
        // The one that was evicted has left the table, and its place, already.
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        service.gauge.closed()
        memoryUsed()
        announceIfEmpty()
    }

    /// Those that never sent a request go first: a crowd that only connects must not push out
    /// the clients that are being served.
    private func evictLongestIdle() -> Bool {
        var longest: (connection: ServerConnection, rank: (Int, MonotonicTime))?
        for connection in connections.values {
            guard let since = connection.idleSince else { continue }
            let rank = (connection.isProven ? 1 : 0, since)
            if let found = longest, found.rank <= rank { continue }
            longest = (connection, rank)
        }
        guard let connection = longest?.connection else { return false }
        connection.abandon()
        remove(connection)
        return true
    }

    /// Says 503 and closes, without a handler, a parser or a place among the connections.
    ///
    /// Over TLS it only closes: a handshake is what a server with too much to do must not spend.
    private func turnAway(_ stream: TCPStream) {
        service.gauge.turnedAway()
        guard service.tls == nil, refusedCount < service.limits.refusedConnectionsMax else {
            return stream.close()
        }
        refusedCount += 1
        let connection = ServerConnection(
            stream: stream, peer: Peer(address: ""), worker: self)
        Task(executorPreference: loop) { [self] in
            await connection.refuse(service.fallbacks.overloaded)
            refusedCount -= 1
        }
    }

    // MARK: Drain

    /// From now on every answer announces the end of its connection.
    func beginDrain() {
        isDraining = true
        for connection in connections.values { connection.shutDown() }
    }

    /// Closes what has nothing to be answered, and calls `whenEmpty` on the loop when nothing is
    /// left.
    ///
    /// A newcomer's first request may still be on its way, and it was accepted: it gets as long as
    /// those who are to read their answers.
    func finishDrain(_ whenEmpty: @escaping () -> Void) {
        onEmpty = whenEmpty
        isFinishing = true
        for connection in connections.values
        where connection.isWithoutRequest && connection.isProven {
            connection.abandon()
        }
        loop.schedule(at: loop.now.advanced(by: service.limits.drainClosingTimeout)) {
            [weak self] in
            guard let self else { return }
            for connection in connections.values
            where connection.isClosing || connection.isWithoutRequest {
                connection.abandon()
            }
        }
        announceIfEmpty()
    }

    /// Cuts every connection.
    ///
    /// A handler that is suspended goes on, and its answer is lost.
    func cut() {
        for connection in connections.values { connection.abandon() }
    }

    private func announceIfEmpty() {
        guard connections.isEmpty, let announce = onEmpty else { return }
        onEmpty = nil
        announce()
    }

    // MARK: Shared memory

    /// A buffer for at least `capacity` bytes of a body.
    func takeBuffer(_ capacity: Int) -> BodyBuffer {
        memoryUsed()
        return buffers.take(capacity)
    }

    /// Notes a use of memory, and looks after a while whether it was the last for now.
    private func memoryUsed() {
        guard idleMemory.used() else { return }
        let next = loop.now.advanced(by: service.limits.memoryIdleDelay)
        loop.schedule(at: next) { [weak self] in self?.lookAfterMemory() }
    }

    private func lookAfterMemory() {
        switch idleMemory.elapsed() {
        case .lookAgain:
            let next = loop.now.advanced(by: service.limits.memoryIdleDelay)
            loop.schedule(at: next) { [weak self] in self?.lookAfterMemory() }
        case .giveBack:
            scratch.dropSpares()
            buffers.giveBack()
            Syscalls.trimHeap()
        }
    }

    /// Today's date as the `Date` field wants it; asked for once a batch, written once a second.
    func date() -> [UInt8] {
        guard dateAskedAt != loop.now else { return dateBytes }
        dateAskedAt = loop.now
        let second = service.wallClock() / 1000
        if second != dateSecond {
            dateSecond = second
            dateBytes = HTTPDate.format(secondsSince1970: Int(second))
        }
        return dateBytes
    }
}
